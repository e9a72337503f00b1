-- `widgets`: controls in the page whose values Lua reads, sets and observes. What the page says is
-- checked here, field by field, since anybody may say anything over a comm.

local model, bytes, fields, array, null, scripts = ...
local create, methods, models, live = model.create, model.methods, model.models, model.live
local literal, describer, clamped = fields.literal, fields.describer, fields.clamped
local a_string, a_boolean, a_number = fields.a_string, fields.a_boolean, fields.a_number
local a_positive_number = fields.a_positive_number
local setmetatable, type, pairs, ipairs, error = setmetatable, type, pairs, ipairs, error
local tostring, rawequal, math_type, tointeger = tostring, rawequal, math.type, math.tointeger
local huge, table_concat, table_sort, string_format = math.huge, table.concat, table.sort, string.format

local widgets = {bytes = bytes.bytes}

-- Kinds

local function page_of(script, css, id)
  return {
    _model_module = "anywidget", _model_name = "AnyModel", _model_module_version = "*",
    _view_module = "anywidget", _view_name = "AnyView", _view_module_version = "*",
    _view_count = null, _anywidget_id = id, _esm = script, _css = css,
  }
end

-- A field that the page may change, by the same name there.
local function same_name(name)
  local function decode(value)
    return name, value
  end
  return function(key)
    return key == name and decode or nil
  end
end

local function nothing_from_page() end

-- A kind of control: `fields` gives each field's check, `shown` the order in plain text.
local function control(kind)
  kind.checks.label = a_string
  kind.defaults.label = ""
  if not kind.is_passive then
    kind.checks.disabled = a_boolean
    kind.defaults.disabled = false
  end
  kind.page = page_of(scripts.base .. scripts[kind.name], scripts.css, "perilune.widgets")
  kind.describe = describer(kind.shown)
  kind.from_page = kind.from_page or nothing_from_page
  return kind
end

-- The fields that a constructor was given, and the handler among them.
local function options_of(kind, options, handler)
  if options == nil then
    options = {}
  elseif type(options) ~= "table" then
    error(string_format("widgets.%s wants a table of options, not %s", kind.name, type(options)), 3)
  end
  local values = {}
  for name, value in pairs(kind.defaults) do
    values[name] = value
  end
  local call
  for name, value in pairs(options) do
    if name == handler then
      call = value
    elseif kind.checks[name] then
      values[name] = value
    else
      local known = {handler}
      for other in pairs(kind.checks) do
        known[#known + 1] = other
      end
      table_sort(known)
      local list = table_concat(known, ", ")
      error(string_format("widgets.%s has no option %s; it has %s", kind.name, tostring(name), list), 3)
    end
  end
  if call ~= nil and type(call) ~= "function" then
    error(string_format("widgets.%s: %s must be a function, not %s", kind.name, handler, type(call)), 3)
  end
  return values, call
end

-- Defines the constructor of a kind of which the page changes the value.
local function define_input(kind, complete)
  widgets[kind.name] = function(options)
    local values, on_change = options_of(kind, options, "on_change")
    if complete then
      complete(values)
    end
    local widget = create(kind, values, 2)
    if on_change then
      widget:observe("value", on_change)
    end
    return widget
  end
end

local function are_integers(...)
  for _, number in ipairs {...} do
    if math_type(number) ~= "integer" then
      return false
    end
  end
  return true
end

local slider = control {
  name = "slider",
  checks = {value = a_number, min = a_number, max = a_number, step = a_positive_number},
  defaults = {min = 0, max = 100},
  shown = {"label", "min", "max", "step", "value"},
  from_page = same_name "value",
  settle = function(fields)
    if fields.min > fields.max then
      return string_format("min is %s, above max, %s", literal(fields.min), literal(fields.max))
    end
    if are_integers(fields.min, fields.max, fields.step) then
      local whole = tointeger(fields.value)
      if not whole then
        return string_format("value is %s, but min, max and step are integers", literal(fields.value))
      end
      fields.value = whole
    else
      fields.value = fields.value + 0.0
    end
    fields.value = clamped(fields.value, fields.min, fields.max)
  end,
}

define_input(slider, function(values)
  if values.value == nil then
    values.value = type(values.min) == "number" and values.min or 0
  end
  if values.step == nil then
    local numbers = type(values.min) == "number" and type(values.max) == "number" and type(values.value) == "number"
    if not numbers or are_integers(values.min, values.max, values.value) then
      values.step = 1
    else
      local range = values.max - values.min
      values.step = range > 0 and range < huge and range / 100 or 1.0
    end
  end
end)

define_input(control {
  name = "checkbox",
  checks = {value = a_boolean},
  defaults = {value = false},
  shown = {"label", "value"},
  from_page = same_name "value",
})

define_input(control {
  name = "text",
  checks = {value = a_string, placeholder = a_string, multiline = a_boolean},
  defaults = {value = "", placeholder = "", multiline = false},
  shown = {"label", "multiline", "value"},
  from_page = same_name "value",
})

-- The choices as the user gave them are values, or tables of a label and a value.
local function label_and_value(option)
  if type(option) == "table" and type(option.label) == "string" then
    return option.label, option.value
  end
  return tostring(option), option
end

local function position(options, wanted)
  for index, option in ipairs(options) do
    local _, value = label_and_value(option)
    if rawequal(value, wanted) or value == wanted then
      return index
    end
  end
end

local function choose(index, fields)
  if index == null then
    return "value", null
  end
  local option = math_type(index) == "integer" and fields.options[index + 1]
  if not option then
    return "value", nil
  end
  local _, value = label_and_value(option)
  return "value", value
end

local select = control {
  name = "select",
  checks = {
    value = function(value)
      if value ~= null then
        return value
      end
    end,
    options = function(options)
      if type(options) ~= "table" then
        return nil, "must be a list, not " .. type(options)
      end
      local copy = {}
      for index, option in ipairs(options) do
        local _, value = label_and_value(option)
        if value == nil then
          return nil, string_format("has no value at %d", index)
        end
        copy[index] = option
      end
      return copy
    end,
  },
  defaults = {},
  shown = {"label", "options", "value"},
  from_page = function(key)
    return key == "index" and choose or nil
  end,
  encode = {
    value = function(fields)
      local index = position(fields.options, fields.value)
      return "index", index and index - 1 or null
    end,
    options = function(fields)
      local labels = array {}
      for index, option in ipairs(fields.options) do
        labels[index] = label_and_value(option)
      end
      return "options", labels
    end,
  },
  settle = function(fields, given, forced)
    if fields.value ~= nil and not position(fields.options, fields.value) then
      if given.value then
        return "value " .. literal(fields.value) .. " is none of the options"
      end
      -- The options are others now.
      fields.value = nil
    end
    -- The page knows the value by its place among them.
    forced.value = given.options
  end,
}

define_input(select, function(values)
  if values.value == nil and type(values.options) == "table" and values.options[1] ~= nil then
    local _, first = label_and_value(values.options[1])
    values.value = first
  end
  values.options = values.options or {}
end)

local button_methods = setmetatable({}, {__index = methods})

function button_methods:on_click(handler)
  return (methods.on_msg(self, handler and function(_, _, widget) handler(widget) end))
end

local button = control {
  name = "button",
  checks = {},
  defaults = {},
  shown = {"label"},
  methods = button_methods,
  hears = function(content)
    return type(content) == "table" and content.event == "click"
  end,
}

function widgets.button(options)
  local values, on_click = options_of(button, options, "on_click")
  local widget = create(button, values, 2)
  if on_click then
    widget:on_click(on_click)
  end
  return widget
end

local function define_output(kind)
  widgets[kind.name] = function(options)
    local values = options_of(kind, options)
    local widget = create(kind, values, 2)
    return widget
  end
end

define_output(control {
  name = "progress",
  is_passive = true,
  checks = {
    value = function(value)
      -- Without one it is not known how far it is.
      if value ~= null then
        return a_number(value)
      end
    end,
    max = a_positive_number,
  },
  defaults = {max = 1},
  shown = {"label", "max", "value"},
  settle = function(fields)
    fields.value = fields.value and clamped(fields.value, 0, fields.max)
  end,
})

define_output(control {
  name = "html",
  is_passive = true,
  checks = {value = a_string},
  defaults = {value = ""},
  shown = {"label", "value"},
})

-- Boxes are ipywidgets' own.

local function box_kind(name, class)
  local kind = {
    name = name,
    checks = {},
    page = {
      _model_module = "@jupyter-widgets/controls", _model_name = class .. "Model", _model_module_version = "2.0.0",
      _view_module = "@jupyter-widgets/controls", _view_name = class .. "View", _view_module_version = "2.0.0",
      _view_count = null, box_style = "",
    },
    from_page = nothing_from_page,
    encode = {
      children = function(fields)
        local references = array {}
        for index, child in ipairs(fields.children) do
          references[index] = "IPY_MODEL_" .. models[child].comm.id
        end
        return "children", references
      end,
    },
    describe = function(fields)
      return literal(fields.children)
    end,
  }
  local own
  local function contains(child)
    if child == own then
      return true
    end
    for _, grandchild in ipairs(models[child].fields.children or {}) do
      if models[grandchild] and contains(grandchild) then
        return true
      end
    end
    return false
  end
  function kind.checks.children(children)
    if type(children) ~= "table" then
      return nil, "must be a list of widgets, not " .. type(children)
    end
    local copy = {}
    for index, child in ipairs(children) do
      local its = models[child]
      if not its or not live[its.comm.id] then
        return nil, string_format("has no open widget at %d but %s", index, tostring(child))
      elseif own and contains(child) then
        return nil, "would contain itself"
      end
      copy[index] = child
    end
    return copy
  end
  return kind, function(widget) own = widget end
end

for name, class in pairs {vbox = "VBox", hbox = "HBox"} do
  widgets[name] = function(children)
    local kind, tell = box_kind(name, class)
    local widget = create(kind, {children = children == nil and {} or children}, 2)
    tell(widget)
    return widget
  end
end

-- Users' own.

local made = 0

local function any_kind(options)
  local kind = {name = "any", checks = {}}
  local function a_value(value)
    return value
  end
  for name in pairs(options.state or {}) do
    if type(name) ~= "string" or name:find "^_" or methods[name] then
      error(string_format("widgets.any: a field of the state cannot be called %s", tostring(name)), 3)
    end
    kind.checks[name] = a_value
  end
  local check = options.check
  kind.from_page = function(key)
    return kind.checks[key] and function(value)
      if check and not check(key, value) then
        value = nil
      end
      return key, value
    end
  end
  made = made + 1
  local css = options.css or ""
  kind.page = page_of(options.esm, css, "perilune.any." .. made)
  kind.describe = function(fields)
    local names, parts = {}, {}
    for name in pairs(fields) do
      names[#names + 1] = name
    end
    table_sort(names)
    for index, name in ipairs(names) do
      parts[index] = name .. " = " .. literal(fields[name])
    end
    return "{" .. table_concat(parts, ", ") .. "}"
  end
  return kind
end

local ANY = {esm = "string", css = "string", state = "table", check = "function"}

function widgets.any(options)
  if type(options) ~= "table" or type(options.esm) ~= "string" then
    error("widgets.any wants a table with esm, the source of a JavaScript module", 2)
  end
  for name, value in pairs(options) do
    if not ANY[name] then
      error(string_format("widgets.any has no option %s; it has check, css, esm, state", tostring(name)), 2)
    elseif type(value) ~= ANY[name] then
      error(string_format("widgets.any: %s must be a %s, not %s", name, ANY[name], type(value)), 2)
    end
  end
  local kind = any_kind(options)
  local widget = create(kind, options.state or {}, 2)
  return widget
end

return widgets
