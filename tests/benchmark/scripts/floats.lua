-- Arithmetic on floats, and nothing else.
local inside = 0
for row = 1, 300 do
    for column = 1, 300 do
        local a, b = column / 150 - 1.5, row / 150 - 1.0
        local x, y, n = 0.0, 0.0, 0
        while n < 200 and x * x + y * y < 4.0 do
            x, y = x * x - y * y + a, 2.0 * x * y + b
            n = n + 1
        end
        if n == 200 then inside = inside + 1 end
    end
end
assert(inside > 0)
