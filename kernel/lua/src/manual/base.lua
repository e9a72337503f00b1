---@meta

--- The table of all globals. `_G.x` and `x` are the same variable, as long as nobody has declared
--- another `_ENV`; assigning to `_G` itself changes nothing else.
---@type table<string, any>
_G = {}

--- The version of the language, such as `"Lua 5.4"`. The kernel's own is `perilune.version`.
---@type string
_VERSION = ""

--- The arguments of the script, as the `lua` command has them: `arg[0]` is its name, `arg[1]` the
--- first argument. In a notebook it is empty, but for what `perilune run` was given.
---@type string[]
arg = {}

--- Raises an error if `v` is false or nil, and otherwise returns all of its arguments. So a call
--- that returns nil and a message when it fails can be wrapped into it:
--- `local f = assert(io.open(name))`.
---@param v any what has to be true
---@param message? any the error's value, `"assertion failed!"` by default
---@param ... any what is returned beside
---@return any v
---@return any ... the further arguments
function assert(v, message, ...) end

--- Controls the garbage collector, by what `opt` says:
---
--- - `"collect"`: a full collection, the default
--- - `"count"`: the memory in use, in units of 1024 bytes, with a fraction
--- - `"step"`: one step; `arg` says how large, 0 for a basic one; true if a cycle ended
--- - `"stop"`, `"restart"`: no collections until it is restarted
--- - `"isrunning"`: whether it is not stopped
--- - `"incremental"`: changes to this mode, with pause, step multiplier and step size, each 0 for no
---   change; returns the former mode
--- - `"generational"`: changes to this mode, with the multipliers for minor and major collections
---@param opt? "collect"|"count"|"step"|"stop"|"restart"|"isrunning"|"incremental"|"generational" what to do
---@param ... integer what the option takes
---@return any result a number, a boolean or the former mode; 0 if there is nothing to tell
function collectgarbage(opt, ...) end

--- Runs a file as a chunk and returns its values. Errors pass through to the caller.
---@param filename? string the file; standard input by default
---@return any ... what the chunk returned
function dofile(filename) end

--- Raises an error and does not return. A string gets the place of the error put before it; any
--- other value is passed on as it is.
---@param message any the error's value, most often a string
---@param level? integer whose place is meant: 1, the default, is where `error` was called, 2 is where the function that called it was called, 0 adds no place
function error(message, level) end

--- The metatable of a value. If the metatable has a field `__metatable`, that field's value is
--- returned instead; nil if there is no metatable.
---@param object any
---@return table? metatable
function getmetatable(object) end

--- Goes through the list in a table: `for i, v in ipairs(t) do` meets 1, `t[1]`, then 2, `t[2]`
--- and so on, up to the first nil. It respects `__index`.
---@param t table the list
---@return function iterator
---@return table t
---@return integer start always 0
function ipairs(t) end

--- Compiles code into a function, without running it. The function's first upvalue is its
--- environment, the globals unless `env` is given.
---
--- Code that does not compile is no error: then nil and a message are returned.
---@param chunk string|function the code, or a function that returns it piece by piece and nothing at its end
---@param chunkname? string what errors and tracebacks call it; a name that starts with `=` or `@` is shown without that sign
---@param mode? "b"|"t"|"bt" whether compiled chunks (b), text (t) or both are accepted; both by default. Compiled chunks are not checked, and wrong ones can crash the process
---@param env? table the environment
---@return function? f the compiled chunk
---@return string? message why there is none
function load(chunk, chunkname, mode, env) end

--- Compiles a file into a function, as `load` does for text.
---@param filename? string the file; standard input by default
---@param mode? "b"|"t"|"bt" what is accepted
---@param env? table the environment
---@return function? f the compiled chunk
---@return string? message why there is none
function loadfile(filename, mode, env) end

--- The key and the value that follow a key in a table, in an order that is not specified; for nil
--- the first ones, and nil behind the last. `next(t) == nil` tells whether a table is empty.
---
--- During a traversal existing fields may be changed and cleared, but no new ones may be added.
---@param table table
---@param index? any the key before
---@return any key
---@return any value
function next(table, index) end

--- Goes through all keys and values of a table, in an order that is not specified:
--- `for k, v in pairs(t) do`. If the value has a metamethod `__pairs`, that one is called and its
--- first three results are returned.
---@param t any most often a table
---@return function iterator
---@return any t
---@return any start
function pairs(t) end

--- Calls a function and catches its errors: true and what it returned, or false and the error's
--- value. It catches neither an interrupt of the cell nor `os.exit`.
---@param f any what to call
---@param ... any its arguments
---@return boolean success
---@return any result the first result, or the error
---@return any ... further results
function pcall(f, ...) end

--- Writes its arguments as one line to the cell's output, each as `tostring` makes it, separated by
--- tabs. `string.format` and `io.write` give more control, and `display` shows more than text.
---@param ... any
function print(...) end

--- Whether two values are the same, without asking a metamethod `__eq`.
---@param v1 any
---@param v2 any
---@return boolean
function rawequal(v1, v2) end

--- The value at a key of the table itself, without asking `__index`.
---@param table table
---@param index any the key
---@return any value
function rawget(table, index) end

--- The length of a table or string, without asking a metamethod `__len`.
---@param v table|string
---@return integer length
function rawlen(v) end

--- Sets the value at a key of the table itself, without asking `__newindex`.
---@param table table
---@param index any the key, neither nil nor NaN
---@param value any
---@return table table
function rawset(table, index, value) end

--- Loads a module once. If `package.loaded[modname]` has a value, that is the module. Otherwise the
--- `package.searchers` are asked for a loader, which is called with the name and with what the
--- searcher told it, most often the file's path. What the loader returns becomes the module; if it
--- returns nothing, and set nothing itself, true does.
---
--- To load a module again after its file has changed: `package.loaded[modname] = nil` before.
---@param modname string the name; its dots stand for folders
---@return any module
---@return any where what the searcher told the loader, such as the file
function require(modname) end

--- The arguments from a position on, or with `"#"` how many there are.
---@param n integer|"#" the position; a negative one counts from the end
---@param ... any
---@return any ...
function select(n, ...) end

--- Sets a table's metatable, or with nil removes it, and returns the table. It is an error if the
--- present metatable has a field `__metatable`.
---@param table table
---@param metatable table|nil
---@return table table
function setmetatable(table, metatable) end

--- Converts a string to a number as Lua's own lexer would, with white space around it and with a
--- sign; nil if it denotes none. With a base, an integer in that base is read, whose digits beyond 9
--- are letters of either case.
---@param e any a string, or a number, which is returned as it is
---@param base? integer from 2 to 36
---@return number? number
function tonumber(e, base) end

--- Converts any value to text. A metamethod `__tostring` decides if there is one, and otherwise
--- `__name` can say what kind of object it is. `string.format` says how numbers should look.
---@param v any
---@return string text
function tostring(v) end

--- The type of a value: `"nil"`, `"number"`, `"string"`, `"boolean"`, `"table"`, `"function"`,
--- `"thread"` or `"userdata"`. `math.type` tells integers from floats.
---@param v any
---@return string type
function type(v) end

--- Writes a warning to the cell's standard error, made of all arguments. The messages `"@on"` and
--- `"@off"` switch warnings on and off.
---@param msg1 string
---@param ... string
function warn(msg1, ...) end

--- Calls a function as `pcall` does, with a message handler: on an error the handler is called with
--- the error's value, where the error happened, and what it returns is returned. With
--- `debug.traceback` as the handler one learns where that was.
---@param f any what to call
---@param msgh function the handler
---@param ... any the arguments of `f`
---@return boolean success
---@return any result the first result, or what the handler returned
---@return any ... further results
function xpcall(f, msgh, ...) end
