n = len({1, 2, 3})
-- %%
if n ~= nil then x = 1 end
y = "a" + "b"
-- %%
table.getn({})
-- %%
x = null.field
-- %%
console.log("x")
