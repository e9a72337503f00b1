-- Tables with methods: small functions that are called again and again.
local never = false

local function elsewhere(n)
    return n + 1 -- never called
end

local Point = {}
Point.__index = Point

function Point.new(x, y)
    return setmetatable({x = x, y = y}, Point)
end

function Point:add(other)
    return Point.new(self.x + other.x, self.y + other.y)
end

function Point:length()
    return (self.x * self.x + self.y * self.y) ^ 0.5
end

local function walk(n)
    local at, step = Point.new(0, 0), Point.new(1, 1)
    local far = 0
    for _ = 1, n do
        at = at:add(step)
        if never then
            at = elsewhere(at) -- never reached
        end
        far = far + at:length()
    end
    return far
end

assert(walk(400000) > 0)
