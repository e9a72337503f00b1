do
  local subtotal = 3
end
for i, item in ipairs({1, 2}) do
  last = item
end
-- %%
print(subtotal + 1)
-- %%
print(later .. "!")
local later = "soon"
