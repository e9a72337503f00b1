-- A function that calls itself, and little else.
local never = false

local function elsewhere(n)
    return n + 1 -- never called
end

local function fib(n)
    if never then
        n = elsewhere(n) -- never reached
    end
    if n < 2 then
        return n
    end
    return fib(n - 1) + fib(n - 2)
end

assert(fib(32) == 2178309)
