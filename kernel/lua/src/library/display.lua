-- HTML of templates, whose values are escaped: display.html, display.fragment, display.escape.

local display, native = ...

local error, ipairs, next, pcall, rawget, select, tostring, type =
  error, ipairs, next, pcall, rawget, select, tostring, type
local getmetatable, setmetatable = debug.getmetatable, setmetatable
local concat = table.concat
local find, format, gsub, match = string.find, string.format, string.gsub, string.match
local escape, show_html = native.escape, native.show_html

-- HTML that goes into other HTML as it is.
local Fragment = { __name = "HTML fragment" }

local function html_of(value)
  local meta = getmetatable(value)
  if meta == Fragment then
    return rawget(value, "html")
  elseif type(value) == "table" and not (meta and rawget(meta, "__tostring")) then
    local parts = {}
    for i, part in ipairs(value) do
      parts[i] = html_of(part)
    end
    return concat(parts)
  end
  return escape(tostring(value))
end

-- A template without values is HTML as it stands, percent signs and all.
local function fill(name, template, count, ...)
  if type(template) ~= "string" then
    if count == 0 and getmetatable(template) == Fragment then
      return rawget(template, "html")
    end
    error(name .. " wants HTML, a string, not a " .. type(template), 4)
  elseif count == 0 then
    return template
  end
  local values, used, problem = { ... }, 0, nil
  local html = gsub(template, "%%([-+ #0]*%d*%.?%d*)(.?)", function(flags, letter)
    if letter == "%" and flags == "" then
      return "%"
    elseif letter == "" or not find("diucoxXeEfFgGaAqs", letter, 1, true) then
      problem = problem or "'%" .. flags .. letter .. "' is no placeholder; a percent sign is written %%"
      return nil
    end
    used = used + 1
    if used > count then
      return nil
    elseif letter == "s" and flags == "" then
      return html_of(values[used])
    end
    local fits, text = pcall(format, "%" .. flags .. letter, values[used])
    if not fits then
      problem = problem or "'%" .. flags .. letter .. "' does not fit: " .. (match(text, "%((.*)%)") or text)
      return nil
    end
    return escape(text)
  end)
  if not problem and used ~= count then
    problem = format("it has %d placeholder%s for %d value%s", used, used == 1 and "" or "s",
      count, count == 1 and "" or "s")
  end
  if problem then
    error(name .. ": in the template, " .. problem, 4)
  end
  return html
end

local OPTIONS = { id = true, metadata = true, transient = true }

-- Whether a value can only be meant as a display's options.
local function is_options(value)
  if type(value) ~= "table" or getmetatable(value) or next(value) == nil then
    return false
  end
  for key in next, value do
    if not OPTIONS[key] then
      return false
    end
  end
  return true
end

local function make(name, ...)
  return setmetatable({ html = fill(name, (...), select("#", ...) - 1, select(2, ...)) }, Fragment)
end

function display.fragment(...)
  local fragment = make("display.fragment", ...)
  return fragment
end

function Fragment:__tostring()
  return rawget(self, "html")
end

-- What is joined to a fragment is escaped, unless it is one too.
function Fragment.__concat(left, right)
  return setmetatable({ html = html_of(left) .. html_of(right) }, Fragment)
end

function Fragment:__mime()
  return { ["text/html"] = rawget(self, "html") }
end

function display.escape(value)
  return escape(tostring(value))
end

local function html(...)
  local count, options = select("#", ...), nil
  local last = select(count, ...)
  local template = ...
  if count == 1 and type(template) == "table" and getmetatable(template) == nil then
    -- display.html{[[<b>x</b>]], id = ...}
    options = {}
    for key, value in next, template do
      if key ~= 1 then
        options[key] = value
      end
    end
    return fill("display.html", template[1], 0), options
  elseif count > 1 and is_options(last) then
    options, count = last, count - 1
  end
  return fill("display.html", template, count - 1, select(2, ...)), options
end

function display.html(...)
  if select("#", ...) == 0 then
    error("display.html wants HTML, a string", 2)
  end
  return show_html(html(...))
end

return Fragment
