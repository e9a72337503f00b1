-- The library's functions on text, called from Lua.
local never = false

local function elsewhere(n)
    return n + 1 -- never called
end

local function words(n)
    local found = 0
    for i = 1, n do
        local text = ("%d one two three %x"):format(i, i)
        if never then
            text = elsewhere(text) -- never reached
        end
        for word in text:gmatch("%a+") do
            found = found + #word:upper()
        end
    end
    return found
end

assert(words(120000) > 120000 * 11)
