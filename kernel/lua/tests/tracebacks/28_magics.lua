t = {}
-- %%
%time print(#t, t.a.b)
-- %%
files = !echo one
print(files[1], files.first.second)
-- %%
local sum = 0
!echo hello
for i = 1, 3 do sum = sum + t.x end
