local factor = 1.5
local function scale(list, options)
  local result = {}
  for index, value in ipairs(list) do
    local password = "hunter2"
    local label = ("long "):rep(40)
    result[index] = value * factor * options.zoom.level
  end
  return result
end
scale({1, 2, 3}, {unit = "cm", tags = {"a", "b"}})
