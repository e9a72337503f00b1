-- Bytes in a widget's state, which travel beside the JSON (the widget messaging protocol's
-- `buffer_paths`).

local array, null = ...
local setmetatable, getmetatable, type, pairs, error = setmetatable, getmetatable, type, pairs, error
local math_type, tostring = math.type, tostring

-- A state as deep as this contains itself, or no page would read it.
local DEPTH = 100

local meta = {
  __name = "bytes",
  __len = function(bytes) return #bytes.data end,
  __eq = function(left, right) return left.data == right.data end,
  __tostring = function(bytes) return "widgets.bytes: " .. #bytes.data .. " bytes" end,
}

local function is_bytes(value)
  return type(value) == "table" and getmetatable(value) == meta
end

local function bytes(data)
  if type(data) ~= "string" then
    error("widgets.bytes wants a string, not " .. type(data), 2)
  end
  return setmetatable({data = data}, meta)
end

-- Whether a table becomes a JSON array.
local function is_sequence(value)
  local length, count = #value, 0
  for key in pairs(value) do
    if math_type(key) ~= "integer" or key < 1 or key > length then
      return false
    end
    count = count + 1
  end
  return length > 0 and count == length
end

-- A value without its bytes, of which it notes the paths. Copies only what has some within.
local function separate(value, path, paths, buffers)
  if type(value) ~= "table" then
    return value
  end
  if #path > DEPTH then
    error("a widget's state is too deep, or contains itself", 0)
  end
  local sequence, copy = nil, nil
  for key, item in pairs(value) do
    if type(item) == "table" then
      if sequence == nil then
        sequence = is_sequence(value)
      end
      path[#path + 1] = sequence and key - 1 or tostring(key)
      local rest = item
      if is_bytes(item) then
        -- An array keeps its length.
        rest = nil
        if sequence then
          rest = null
        end
        local here = array {}
        for index, step in pairs(path) do
          here[index] = step
        end
        paths[#paths + 1], buffers[#buffers + 1] = here, item.data
      else
        rest = separate(item, path, paths, buffers)
      end
      path[#path] = nil
      if rest ~= item then
        if not copy then
          copy = setmetatable({}, getmetatable(value))
          for other, kept in pairs(value) do
            copy[other] = kept
          end
        end
        copy[key] = rest
      end
    end
  end
  return copy or value
end

-- A state for the page: without its bytes, their paths, and they.
local function split(state)
  local paths, buffers = array {}, {}
  return separate(state, {}, paths, buffers), paths, buffers
end

-- Puts bytes back into a state from the page, which may be anything.
local function join(state, paths, buffers)
  if type(paths) ~= "table" then
    return
  end
  for index, path in pairs(paths) do
    local at, length = state, type(path) == "table" and #path or 0
    for step = 1, length do
      local key = path[step]
      key = math_type(key) == "integer" and key + 1 or key
      if type(at) ~= "table" or key == nil then
        break
      elseif step == length then
        at[key] = buffers[index] and bytes(buffers[index])
      else
        at = at[key]
      end
    end
  end
end

return {bytes = bytes, split = split, join = join}
