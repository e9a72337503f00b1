-- What magics do in Lua, so that the user's code is called by Lua.
local clock, report = ...
local error, type, rawget, setmetatable, unpack = error, type, rawget, setmetatable, table.unpack
local getmetatable, getupvalue = debug.getmetatable, debug.getupvalue

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

-- Tables that stand in for each other's fields are followed so far.
local MOST_TABLES <const> = 16

-- The value of a variable that `get` returns; nil if there is none. Only a constant is asked for by
-- a call: an `__index` of the user's could raise an error, as those do that forbid unknown globals.
function magic.variable(get, name)
  local upvalue, value = getupvalue(get, 1)
  if upvalue == nil then
    return get()
  elseif upvalue == name then
    return value
  end
  for _ = 1, MOST_TABLES do
    if type(value) ~= "table" then
      return nil
    end
    local found = rawget(value, name)
    if found ~= nil then
      return found
    end
    local meta = getmetatable(value)
    value = meta and rawget(meta, "__index")
  end
end

return magic
