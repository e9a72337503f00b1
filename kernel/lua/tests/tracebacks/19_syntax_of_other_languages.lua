if x != 1 then print(x) end
-- %%
count = 1
count += 1
-- %%
if a && b then print(a) end
-- %%
for i = 1, 3 do
  if i == 2 then continue end
  print(i)
end
-- %%
let answer = 42
-- %%
if (x = 1) then print(x) end
-- %%
local t = {name: "moon", size: 3}
-- %%
while x < 10 {
  x = x + 1
}
-- %%
y = x > 0 ? 1 : 2
-- %%
y = x > 0
  ? 1
  : 2
-- %%
x = 1
x?
-- %%
x = 1
?string.rep
-- %%
def area(r):
-- %%
x = 1 // one thing more
