for i = 1, "many" do print(i) end
-- %%
local rows
for row in rows do print(row) end
-- %%
for k, v in pairs(nil) do print(k, v) end
-- %%
local obj = {}
obj.child.name = "x"
-- %%
obj:greet("world")
-- %%
function obj.deep.er.f() end
