local function parse(text)
  local value = tonumber(text)
  return value + 1
end
local function load_all()
  local ok, problem = pcall(parse, "one")
  if not ok then
    error("loading failed: " .. problem, 0)
  end
end
load_all()
-- %%
local ok, problem = pcall(error, {code = "E_LOST", message = "lost"})
error(problem)
