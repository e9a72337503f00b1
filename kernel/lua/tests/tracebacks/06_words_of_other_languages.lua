n = len({1, 2, 3})
-- %%
if n ~= nil then x = 1 end
y = "a" + "b"
-- %%
table.getn({})
-- %%
x = null.field
-- %%
require("no_such_thing_at_all")
