local order = {amount = 2, price = {net = nil}}
local total = order.amount * order.price.net + 1
-- %%
local width, height = 3
print(width * height)
-- %%
local message = "a" .. 1 .. order .. "b"
-- %%
local limit
if 1 + 2 < limit then print(1) end
-- %%
print(#limit, -order)
