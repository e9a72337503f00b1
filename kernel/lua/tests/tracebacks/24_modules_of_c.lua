local cjson = require "cjson"
local text = '{"a": 1,, "b": 2}'
print("decoded", cjson.decode(text).a)
-- %%
string.gsub("abc", "%w", function(letter)
  return letter.name.first
end)
