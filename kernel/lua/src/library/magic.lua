-- What magics do in Lua, so that the user's code is called by Lua.
local clock, report = ...
local error, type, setmetatable, unpack = error, type, setmetatable, table.unpack

local magic = {}

-- A measurement that takes this long, in seconds, is long enough.
local ENOUGH <const> = 0.2
-- More loops than these are not tried.
local MOST_LOOPS <const> = 1000000000

function magic.timeit(loops, repeats)
  return function(run, ...)
    if not run then
      error("%timeit: it wants Lua code: %timeit [-n LOOPS] [-r REPEATS] CODE", 0)
    end
    local function measure(loops, ...)
      local time = run(loops, clock, ...)
      if type(time) ~= "number" then
        error("%timeit: the code returned before its end", 0)
      end
      return time
    end
    local number = loops or 1
    if not loops then
      while measure(number, ...) < ENOUGH and number < MOST_LOOPS do
        number = number * 10
      end
    end
    local times = {}
    for round = 1, repeats do
      times[round] = measure(number, ...) / number
    end
    report(number, times)
  end
end

-- A function that runs a file's chunk with its arguments, and with the global `arg` of its own.
function magic.run(chunk, arguments)
  return function()
    local outer = arg
    local _ <close> = setmetatable({}, { __close = function() arg = outer end })
    arg = arguments
    chunk(unpack(arguments))
  end
end

return magic
