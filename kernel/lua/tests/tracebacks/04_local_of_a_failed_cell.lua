local raw = "not a number"
local price = tonumber(raw) * 2
-- %%
print("price: " .. price)
