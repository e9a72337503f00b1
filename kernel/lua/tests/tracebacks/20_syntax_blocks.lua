function outer()
  for i = 1, 3 do
    if i == 2 then
      print(i)
  end
end
-- %%
if x print(x) end
-- %%
local function f()
  local a = 1
  local b = 2
  local c = 3
  while true do
    a = a + 1
end
-- %%
if x then
  y = 1
else if z then
  y = 2
end
-- %%
print(1))
-- %%
x = 3
end
