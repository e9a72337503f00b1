local 表 = nil
-- %%
local moon = {名前 = nil}
-- %%
local moon = {}
	print("月の名前は", moon["名前"].漢字)
-- %%
	print("é日本", "→", moon.name.first, "x")
