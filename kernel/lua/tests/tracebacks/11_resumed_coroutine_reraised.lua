local worker = coroutine.create(function(n)
  local data = coroutine.yield(n)
  return data.size
end)
coroutine.resume(worker, 1)
-- %%
assert(coroutine.resume(worker))
