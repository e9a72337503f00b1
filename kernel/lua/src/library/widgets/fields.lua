-- The fields of widgets: how they read, and what is a good value.

local models, null = ...
local type, ipairs, next, tostring, math_type = type, ipairs, next, tostring, math.type
local huge, table_concat, string_format = math.huge, table.concat, string.format

-- How a widget reads in plain text: as the call that makes it.

local ESCAPES = {["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\"}
local MOST_ITEMS = 6

local function literal(value)
  if value == null then
    return "nil"
  elseif type(value) == "string" then
    return '"' .. value:gsub('[\n\r\t"\\]', ESCAPES) .. '"'
  elseif type(value) == "number" then
    return math_type(value) == "float" and string_format("%.14g", value) or tostring(value)
  elseif type(value) ~= "table" or models[value] then
    return tostring(value)
  end
  local items = {}
  for index, item in ipairs(value) do
    if index > MOST_ITEMS then
      items[index] = "…"
      break
    end
    items[index] = type(item) == "table" and not models[item] and "{…}" or literal(item)
  end
  return #items == 0 and next(value) ~= nil and "{…}" or "{" .. table_concat(items, ", ") .. "}"
end

local function describer(names)
  return function(fields)
    local parts = {}
    for _, name in ipairs(names) do
      local value = fields[name]
      if value ~= nil and value ~= "" and value ~= false then
        parts[#parts + 1] = name .. " = " .. literal(value)
      end
    end
    return "{" .. table_concat(parts, ", ") .. "}"
  end
end

-- Checks: each gives the good value, or nothing and what is wrong with it.

local function must_be(kind, article)
  return function(value)
    if type(value) == kind then
      return value
    end
    return nil, string_format("must be %s %s, not %s", article, kind, value == null and "nil" or type(value))
  end
end

local a_string, a_boolean, any_number = must_be("string", "a"), must_be("boolean", "a"), must_be("number", "a")

local function a_number(value)
  local number, problem = any_number(value)
  if not number then
    return nil, problem
  elseif number ~= number or number == huge or number == -huge then
    return nil, "must be a finite number"
  end
  return number
end

local function a_positive_number(value)
  local number, problem = a_number(value)
  if number and number <= 0 then
    return nil, "must be above zero"
  end
  return number, problem
end

local function clamped(value, least, most)
  return value < least and least or value > most and most or value
end

return {
  literal = literal,
  describer = describer,
  clamped = clamped,
  a_string = a_string,
  a_boolean = a_boolean,
  a_number = a_number,
  a_positive_number = a_positive_number,
}
