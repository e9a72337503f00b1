-- The names that notebooks made for xeus-lua use.

local display, native = ...

local error, pcall, select, setmetatable, type = error, pcall, select, setmetatable, type
local clock, sleep = native.clock, perilune.sleep
local from_json, to_json = native.from_json, native.to_json

local ilua = {
  config = { auto_print = true, printer = "pprint" },
  display = { detail = {} },
  json = { detail = {} },
  time = {},
}

local function method(value)
  local found, show = pcall(function()
    return value.display
  end)
  return found and type(show) == "function" and type(value) ~= "string" and show or nil
end

function ilua.display.display(...)
  for i = 1, select("#", ...) do
    local value = (select(i, ...))
    local show = method(value)
    if show then
      show(value)
    else
      display(value)
    end
  end
end

function ilua.display.plain_text(text)
  display.text(text)
end

function ilua.display.latex(text)
  display.latex(text)
end

function ilua.display.html(html)
  display.html(html)
end

function ilua.display.json(value)
  display.json(value)
end

function ilua.display.clear_output(wait)
  display.clear(wait)
end

local function options(metadata, transient)
  local metadata = metadata and from_json(metadata) or {}
  local transient = transient and from_json(transient) or {}
  local id = transient.display_id
  transient.display_id = nil
  return { id = id, metadata = metadata, transient = transient }
end

function ilua.display.detail._display_data(data, metadata, transient)
  display.mime(from_json(data), options(metadata, transient))
end

function ilua.display.detail._update_display_data(data, metadata, transient)
  local options = options(metadata, transient)
  if not options.id then
    error("an update needs a display_id in its third argument", 2)
  end
  local bundle = setmetatable({}, {
    __mime = function()
      return from_json(data)
    end,
  })
  display.update(options.id, bundle, { metadata = options.metadata, transient = options.transient })
end

function ilua.json.encode(value)
  return to_json(value)
end

function ilua.json.decode(text)
  return from_json(text)
end

ilua.json.detail.string_encoder = to_json
ilua.json.detail.number_encoder = to_json

ilua.time.now = clock

function ilua.time.time_delta_ms(from, to)
  return (to - from) * 1000
end

function ilua.time.sleep_ms(ms)
  sleep(ms / 1000)
end

function ilua.time.duration_ms(f)
  local start = clock()
  f()
  return (clock() - start) * 1000
end

-- Calls f(iteration, milliseconds since the start) n times, each taking at least `ms`; without
-- end if n is not positive.
function ilua.time.scheduled_ms(n, ms, f)
  local start, i = clock(), 1
  while n <= 0 or i <= n do
    local now = clock()
    f(i, (now - start) * 1000)
    local left = ms / 1000 - (clock() - now)
    if left > 0 then
      sleep(left)
    end
    i = i + 1
  end
end

function ilua.time.scheduled_fps(n, fps, f)
  ilua.time.scheduled_ms(n, 1000 / fps, f)
end

return ilua
