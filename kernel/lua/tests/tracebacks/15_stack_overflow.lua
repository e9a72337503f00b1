local function count(list)
  return 1 + count(list.next or list)
end
count({})
-- %%
local is_even, is_odd
function is_even(n) return not is_odd(n - 1) end
function is_odd(n) return not is_even(n - 1) end
is_even(1.5)
-- %%
setmetatable(_ENV, {__index = function(t, key) return t[key .. "x"] end})
undefined_name()
