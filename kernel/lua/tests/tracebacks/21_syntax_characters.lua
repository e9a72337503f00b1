print(“hello”)
-- %%
größe = 3
-- %%
s = "a string that goes
on"
-- %%
x = 1
goto nowhere
-- %%
local k <const> = 1
k = 2
-- %%
for i = 1, 2 do end break
