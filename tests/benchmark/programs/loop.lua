-- Arithmetic in a loop, a few instructions on each line.
local never = false

local function elsewhere(n)
    return n + 1 -- never called
end

local function sum(n)
    local total = 0
    for i = 1, n do
        if never then
            total = elsewhere(total) -- never reached
        end
        total = total + i % 7
    end
    return total
end

assert(sum(14000000) == 42000000)
