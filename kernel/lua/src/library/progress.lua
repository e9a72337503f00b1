-- A bar for a loop: for i, v in progress(t) do ... end

local native = ...

local error, ipairs, next, rawget, rawlen, select, setmetatable, tostring, type =
  error, ipairs, next, rawget, rawlen, select, setmetatable, tostring, type
local exp, floor, huge, math_type = math.exp, math.floor, math.huge, math.type
local metatable = debug.getmetatable
local clock, run, unwinding = native.clock, native.run, native.unwinding
local draw, new_id = native.draw, native.new_id
local step_of_ipairs = ipairs({})

-- Seconds between two drawings of one bar.
local INTERVAL = 0.1
-- Seconds in which a change of the rate is seen.
local MEMORY = 5

-- The bars whose loops run, outermost first, and in which run of Lua code that was.
local open, current_run = {}, nil

local Bar = { __name = "progress bar" }
Bar.__index = Bar

local function show(bar, now)
  local display = bar.display
  display.clears = draw(display.id, display.clears, bar.label, bar.done, bar.total, bar.started,
    bar.rate, bar.state, bar.depth)
  display.drawn, display.pending, bar.drawn = now, nil, true
end

-- Draws a bar that is due.
local function redraw(bar, now)
  local passed = now - bar.measured
  if passed > 0 then
    local lately = (bar.done - bar.measured_done) / passed
    bar.rate = bar.rate and bar.rate + (lately - bar.rate) * (1 - exp(-passed / MEMORY)) or lately
    bar.measured, bar.measured_done = now, bar.done
  end
  show(bar, now)
  bar.due = now + INTERVAL
  local inner = bar.inner
  if inner and inner.pending then
    show(inner.pending, now)
  end
end

local function start(label, total)
  local this_run, now = run(), clock()
  if this_run ~= current_run then
    open, current_run = {}, this_run
  end
  local outer = open[#open]
  local display = { id = nil }
  if outer then
    -- The loops within one round after the other share one bar.
    outer.inner = outer.inner or display
    display = outer.inner
  end
  display.id = display.id or new_id()
  local bar = setmetatable({
    label = label, total = total, done = 0, started = now, state = "running",
    depth = #open + 1, display = display, measured = now, measured_done = 0, due = now,
  }, Bar)
  open[#open + 1] = bar
  -- A loop is drawn when it begins and when it ends: twice in as much time.
  if display.drawn and now < display.drawn + 2 * INTERVAL then
    bar.due = display.drawn + 2 * INTERVAL
  else
    show(bar, now)
    bar.due = now + INTERVAL
  end
  return bar
end

local function finish(bar, state)
  if bar.state ~= "running" then
    return
  end
  bar.state = state
  for i = #open, 1, -1 do
    if open[i] == bar then
      for j = #open, i, -1 do
        open[j] = nil
      end
    end
  end
  local now, inner = clock(), bar.inner
  -- Each drawing ends this function when the cell is being interrupted.
  if inner and inner.pending and not unwinding() then
    show(inner.pending, now)
  end
  if bar.drawn or state == "failed" then
    show(bar, now)
  else
    bar.display.pending = bar
  end
end

local OPTIONS = { label = "string", total = "number" }

local function check(options)
  for name, value in next, options do
    local wanted = OPTIONS[name]
    if not wanted then
      error("progress has no option '" .. tostring(name) .. "'; there are label and total", 3)
    elseif type(value) ~= wanted then
      error("progress: " .. name .. " must be a " .. wanted .. ", not a " .. type(value), 3)
    end
  end
  return options
end

-- What a loop closes when it ends, however it does.
local Closing = {}

function Closing:__close(problem)
  local _ <close> = self.theirs
  finish(self.bar, self.bar.finished and "finished" or problem ~= nil and "failed" or "stopped")
end

local function loop(bar, iterate, theirs)
  return iterate, nil, nil, setmetatable({ bar = bar, theirs = theirs }, Closing)
end

-- Whether the distance between two numbers is none that Lua can count.
local function is_too_far(first, last)
  local span = last - first
  if math_type(span) == "integer" then
    return (last >= first) ~= (span >= 0)
  end
  local is_finite = -huge < first and first < huge and -huge < last and last < huge
  return is_finite and (span == huge or span == -huge)
end

local function over_numbers(first, last, by, options)
  local total = floor((last - first) / by) + 1
  total = total > 0 and total or 0
  local bar, done = start(options.label, total), -1
  return loop(bar, function()
    done = done + 1
    bar.done = done
    if done >= total then
      bar.finished = true
      return nil
    end
    local now = clock()
    if now >= bar.due then
      redraw(bar, now)
    end
    return first + done * by
  end)
end

local function over_sequence(sequence, options)
  local bar, done = start(options.label, options.total or #sequence), -1
  return loop(bar, function()
    done = done + 1
    bar.done = done
    local value = sequence[done + 1]
    if value == nil then
      bar.finished = true
      return nil
    end
    local now = clock()
    if now >= bar.due then
      redraw(bar, now)
    end
    return done + 1, value
  end)
end

local function over_iterator(iterator, state, control, theirs, options)
  local total = options.total
  if not total and type(state) == "table" then
    if iterator == next then
      total = 0
      for _ in next, state do
        total = total + 1
      end
    elseif iterator == step_of_ipairs then
      total = #state
    end
  end
  local bar, done = start(options.label, total), -1
  local function pass(...)
    control = ...
    if control == nil then
      bar.finished = true
    end
    return ...
  end
  return loop(bar, function()
    done = done + 1
    bar.done = done
    local now = clock()
    -- The last drawing is that of the end.
    if now >= bar.due and done ~= total then
      redraw(bar, now)
    end
    return pass(iterator(state, control))
  end, theirs)
end

local function over_table(value, options)
  local meta = metatable(value)
  local own_pairs = meta and rawget(meta, "__pairs")
  if rawlen(value) > 0 or meta and rawget(meta, "__len") then
    return over_sequence(value, options)
  elseif own_pairs then
    local iterator, state, control = own_pairs(value)
    return over_iterator(iterator, state, control, nil, options)
  elseif meta and rawget(meta, "__call") and next(value) == nil then
    return over_iterator(value, nil, nil, nil, options)
  end
  return over_iterator(next, value, nil, nil, options)
end

local function progress(...)
  local count, what = select("#", ...), (...)
  local kind = type(what)
  if kind == "number" then
    local numbers, options = { 1, what, 1 }, {}
    local last = select(count, ...)
    if count > 1 and type(last) == "table" then
      options, count = check(last), count - 1
    end
    if count > 1 then
      local _, last, by = ...
      numbers = { what, last, count > 2 and by or 1 }
    end
    if count > 3 or type(numbers[2]) ~= "number" or type(numbers[3]) ~= "number" then
      error("progress wants a number, or the first, the last, and the step between them", 2)
    elseif numbers[3] == 0 then
      error("progress: the step is zero", 2)
    elseif is_too_far(numbers[1], numbers[2]) then
      error("progress: the first and the last are too far from each other", 2)
    end
    return over_numbers(numbers[1], numbers[2], numbers[3], options)
  elseif kind == "table" and (count == 1 or count == 2) then
    local _, options = ...
    return over_table(what, options and check(options) or {})
  elseif kind == "function" or kind == "table" or kind == "userdata" then
    local _, state, control, theirs = ...
    if count == 2 then
      if what == next or what == step_of_ipairs then
        error("give the table itself: progress(t, {label = ...})", 2)
      end
      return over_iterator(what, nil, nil, nil, state and check(state) or {})
    end
    return over_iterator(what, state, control, theirs, {})
  end
  error("progress wants a number, a table or an iterator, not a " .. kind, 2)
end

local function move(self, done)
  if self.state ~= "running" then
    error("this progress bar is closed", 3)
  elseif type(done) ~= "number" then
    error("a progress bar is moved by a number, not a " .. type(done), 3)
  end
  self.done = done
  local now = clock()
  if now >= self.due then
    redraw(self, now)
  end
end

function Bar:advance(by)
  by = by or 1
  move(self, type(by) == "number" and self.done + by or by)
end

function Bar:set(done)
  move(self, done)
end

function Bar:close()
  finish(self, (not self.total or self.done >= self.total) and "finished" or "stopped")
end

function Bar:__close(problem)
  if problem ~= nil then
    finish(self, "failed")
  else
    self:close()
  end
end

local module = {}

-- A bar that is moved by hand.
function module.bar(options)
  options = check(options or {})
  return start(options.label, options.total)
end

return setmetatable(module, {
  __name = "progress",
  __call = function(_, ...)
    return progress(...)
  end,
})
