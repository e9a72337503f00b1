local Vector = {}
Vector.__index = function(self, key)
  return self.parts[key]
end
Vector.__add = function(a, b)
  return {x = a.x + b.y}
end
local v = setmetatable({parts = {x = 1}}, Vector)
local sum = (v + setmetatable({parts = {}}, Vector)).x
