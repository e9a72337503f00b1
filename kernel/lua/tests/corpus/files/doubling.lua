--- Doubles.
---@param x number
---@return number
local function double(x)
  return 2 * x
end

return {double = double}
