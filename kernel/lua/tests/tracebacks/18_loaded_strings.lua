local double = load("local n = ...\nreturn n.value * 2")
double({})
-- %%
local named = load("return missing.field", "=formula")
named()
-- %%
load("x = = 1")()
