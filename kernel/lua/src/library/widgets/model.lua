-- A widget's two ends: its fields in Lua, and its model in the page, kept the same over a comm.
-- The protocol is ipywidgets' widget messaging protocol 2.1.

local comm, array, null, bytes = ...
local open, register_target = comm.open, comm.register_target
local setmetatable, type, pairs, ipairs = setmetatable, type, pairs, ipairs
local error, rawequal, tostring, table_sort, table_concat = error, rawequal, tostring, table.sort, table.concat
local string_format = string.format

local VERSION = "2.1.0"
local VIEW = "application/vnd.jupyter.widget-view+json"

-- The models by their widgets, and the open ones by their comms' ids.
local models, live = setmetatable({}, {__mode = "k"}), {}
local methods = {}

local function sorted(set)
  local keys = {}
  for key in pairs(set) do
    keys[#keys + 1] = key
  end
  table_sort(keys)
  return keys
end

local function model_of(widget, name)
  local model = models[widget]
  if not model then
    error("call it with a colon: widget:" .. name .. "(...)", 3)
  end
  return model
end

-- What the page is told of a field: the key there, and the value.
local function encoded(model, name)
  local encode = model.kind.encode and model.kind.encode[name]
  if encode then
    return encode(model.fields)
  end
  return name, model.fields[name]
end

local function page_state(model, names)
  local state = {}
  for _, name in ipairs(names) do
    local key, value = encoded(model, name)
    if value == nil then
      value = null
    end
    state[key] = value
  end
  return state
end

-- All that a page needs to make the model.
local function whole_state(model)
  local state = page_state(model, sorted(model.kind.checks))
  for key, value in pairs(model.kind.page) do
    state[key] = value
  end
  return state
end

local function send(model, method, state)
  local rest, paths, buffers = bytes.split(state)
  model.comm:send({method = method, state = rest, buffer_paths = paths}, nil, buffers)
end

-- Calls the observers that there were when it began.
local function call(handlers, ...)
  local now = {}
  for index, handler in ipairs(handlers) do
    now[index] = handler
  end
  for _, handler in ipairs(now) do
    handler.call(...)
  end
end

-- What stands for a handler: calling it takes the handler away. As a cell's value it is not shown.
local handler_meta = {__name = "observer", __quiet = true, __tostring = function() return "observer" end}
function handler_meta:__call()
  for index, handler in ipairs(self.among) do
    if handler == self then
      for later = index, #self.among do
        self.among[later] = self.among[later + 1]
      end
      return
    end
  end
end

local function listen(handlers, handler, name)
  if type(handler) ~= "function" then
    error(string_format("%s wants a function, not %s", name, type(handler)), 3)
  end
  local entry = setmetatable({call = handler, among = handlers}, handler_meta)
  handlers[#handlers + 1] = entry
  return entry
end

-- Takes new values over if they are good ones. Gives the fields whose value is another now, what
-- they were, and the fields that the page has to be told; or nothing and the problem.
local function take(model, changes)
  local fields, kind = model.fields, model.kind
  local proposed, told, forced = {}, {}, {}
  for name in pairs(kind.checks) do
    proposed[name] = fields[name]
  end
  for _, name in ipairs(sorted(changes)) do
    local good, problem = kind.checks[name](changes[name])
    if problem then
      return nil, string_format("widgets.%s: %s %s", kind.name, name, problem)
    end
    proposed[name], told[name] = good, true
  end
  if kind.settle then
    local problem = kind.settle(proposed, told, forced)
    if problem then
      return nil, string_format("widgets.%s: %s", kind.name, problem)
    end
  end
  local changed, former = {}, {}
  for _, name in ipairs(sorted(kind.checks)) do
    local new, old = proposed[name], fields[name]
    -- What is in a table may have changed.
    if not rawequal(new, old) and new ~= old or type(new) == "table" and told[name] then
      changed[#changed + 1], former[name] = name, old
      fields[name], forced[name] = new, true
    end
  end
  return changed, former, sorted(forced)
end

local function notify(model, changed, former)
  for _, name in ipairs(changed) do
    local handlers = model.observers[name]
    if handlers then
      call(handlers, model.fields[name], former[name], model.widget)
    end
  end
end

-- Changes fields from Lua.
local function change(model, changes, level)
  for name in pairs(changes) do
    if not model.kind.checks[name] then
      local known = table_concat(sorted(model.kind.checks), ", ")
      error(string_format("a %s has no field %s; it has %s", model.kind.name, tostring(name), known), level + 1)
    end
  end
  if not live[model.comm.id] then
    error("this widget is closed", level + 1)
  end
  local changed, former, told = take(model, changes)
  if not changed then
    error(former, level + 1)
  end
  if #told > 0 then
    send(model, "update", page_state(model, told))
  end
  notify(model, changed, former)
end

-- Changes fields as the page says, which may say anything. Whatever was good or not, it is told
-- what holds now.
local function receive(model, state)
  local changes, asked = {}, {}
  for key, value in pairs(state) do
    local decode = model.kind.from_page(key, model.fields)
    if decode then
      local name, decoded = decode(value, model.fields)
      asked[name] = true
      if decoded ~= nil and not model.fields.disabled then
        changes[name] = decoded
      end
    end
  end
  local names = sorted(asked)
  if #names == 0 then
    return
  end
  local changed, former, told = {}, {}, nil
  -- One after the other, since one that is no good must not keep the others from being taken.
  for _, name in ipairs(names) do
    if changes[name] ~= nil then
      local some, was, also = take(model, {[name] = changes[name]})
      for _, other in ipairs(some or {}) do
        changed[#changed + 1], former[other] = other, was[other]
      end
      for _, other in ipairs(some and also or {}) do
        asked[other] = true
      end
    end
  end
  send(model, "echo_update", page_state(model, sorted(asked)))
  notify(model, changed, former)
end

local function handle(model, message)
  local data = message.data
  if data.method == "update" and type(data.state) == "table" then
    bytes.join(data.state, data.buffer_paths, message.buffers)
    receive(model, data.state)
  elseif data.method == "request_state" then
    send(model, "update", whole_state(model))
  elseif data.method == "custom" and not model.fields.disabled then
    local content = data.content
    if not model.kind.hears or model.kind.hears(content) then
      call(model.messages, content, message.buffers, model.widget)
    end
  end
end

local function new_meta(model)
  return {
    __name = "widget",
    __index = model.fields,
    __newindex = function(_, name, value)
      -- The page knows null, and a table cannot hold nil.
      if value == nil then
        value = null
      end
      change(model, {[name] = value}, 2)
    end,
    __tostring = function()
      return "widgets." .. model.kind.name .. " " .. model.kind.describe(model.fields)
    end,
    __mime = function(widget)
      local plain = tostring(widget)
      if not live[model.comm.id] then
        return {["text/plain"] = plain .. " (closed)"}
      end
      -- Where it is shown, there its handlers print.
      model.comm:place()
      local view = {version_major = 2, version_minor = 0, model_id = model.comm.id}
      return {[VIEW] = view, ["text/plain"] = plain}
    end,
  }
end

-- Makes a widget of a kind: its name, the state of its page that never changes, a check for each
-- field, and what ties them together.
local function create(kind, values, level)
  local model = {kind = kind, fields = {}, observers = {}, messages = {}}
  local changed, problem = take(model, values)
  if not changed then
    error(problem, level + 1)
  end
  local state, paths, buffers = bytes.split(whole_state(model))
  model.comm = open("jupyter.widget", {state = state, buffer_paths = paths}, {version = VERSION}, buffers)
  local id = model.comm.id
  live[id] = model
  setmetatable(model.fields, {__index = kind.methods or methods})
  model.widget = setmetatable({}, new_meta(model))
  models[model.widget] = model
  model.comm:on_msg(function(_, message) handle(model, message) end)
  model.comm:on_close(function() live[id] = nil end)
  return model.widget, model
end

function methods:observe(name, handler)
  local model = model_of(self, "observe")
  if not model.kind.checks[name] then
    local known = table_concat(sorted(model.kind.checks), ", ")
    error(string_format("a %s has no field %s; it has %s", model.kind.name, tostring(name), known), 2)
  end
  model.observers[name] = model.observers[name] or {}
  return (listen(model.observers[name], handler, "observe"))
end

function methods:set(changes)
  local model = model_of(self, "set")
  if type(changes) ~= "table" then
    error("set wants a table of fields and values, not " .. type(changes), 2)
  end
  change(model, changes, 2)
end

function methods:send(content, buffers)
  local model = model_of(self, "send")
  if not live[model.comm.id] then
    error("this widget is closed", 2)
  end
  if content == nil then
    content = null
  end
  model.comm:send({method = "custom", content = content}, nil, buffers)
end

function methods:on_msg(handler)
  return (listen(model_of(self, "on_msg").messages, handler, "on_msg"))
end

function methods:close()
  local model = model_of(self, "close")
  live[model.comm.id] = nil
  model.comm:close()
end

-- A page that was loaded anew asks by it for all widgets at once.
register_target("jupyter.widget.control", function(control)
  control:on_msg(function(_, message)
    if message.data.method ~= "request_states" then
      return
    end
    local states = {}
    for id, model in pairs(live) do
      local page = model.kind.page
      states[id] = {
        model_name = page._model_name,
        model_module = page._model_module,
        model_module_version = page._model_module_version,
        state = whole_state(model),
      }
    end
    local rest, paths, buffers = bytes.split(states)
    control:send({method = "update_states", states = rest, buffer_paths = paths}, nil, buffers)
  end)
end)

return {create = create, methods = methods, models = models, live = live}
