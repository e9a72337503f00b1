local function produce()
  local stock = {apples = 3}
  coroutine.yield(stock.apples)
  coroutine.yield(stock.pears.count)
end
local next_item = coroutine.wrap(function()
  produce()
end)
-- %%
local outer = coroutine.wrap(function() return next_item() + next_item() end)
outer()
