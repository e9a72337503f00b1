local M = {}

--- The sum of all prices.
function M.total(items)
  local sum = 0
  for _, item in ipairs(items) do
    sum = sum + item.price
  end
  return sum
end

return M
