-- Tables, sorting, strings and the garbage collector.
local state = 42
local function random()
    state = (state * 1103515245 + 12345) & 0x7fffffff
    return state
end

for _ = 1, 2 do
    local words = {}
    for i = 1, 60000 do
        words[i] = ("%08x"):format(random()) .. "-" .. i
    end
    table.sort(words)
    local count, joined = {}, table.concat(words, " ")
    for head in joined:gmatch("%f[%x](%x%x)%x+%-") do
        count[head] = (count[head] or 0) + 1
    end
    local total = 0
    for _, n in pairs(count) do total = total + n end
    assert(total == #words)
    assert(#joined:gsub("[aeiou]", string.upper) == #joined)
end
