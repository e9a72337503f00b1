local function inner(x) return x.y.z end
local function outer(x) return inner(x) end
outer({})
-- %%
print(xpcall(error, function(problem) error("in the handler") end, "first"))
table.sort({3, 2, 1}, function(a, b) return a.size < b.size end)
