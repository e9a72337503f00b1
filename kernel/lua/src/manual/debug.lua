---@meta

--- What programs for debugging need. It can reach behind the rules of the language: locals of other
--- functions, metatables of any value, and all of it slowly.
debug = {}

--- Reads lines from the person in front and runs each, until one says `cont`. In a notebook cells do
--- that better.
function debug.debug() end

--- The hook of a thread: its function, its mask, its count; nothing if there is none.
---@param thread? thread the running one by default
---@return function? hook
---@return string mask
---@return integer count
function debug.gethook(thread) end

--- What there is to know of a function, or of a level of the call stack: 0 is `getinfo` itself, 1
--- the function that called it. Nil if there is no such level.
---
--- `what` chooses the fields: `n` name and namewhat; `S` source, short_src, linedefined,
--- lastlinedefined and what; `l` currentline; `t` istailcall; `u` nups, nparams and isvararg; `f`
--- func; `r` ftransfer and ntransfer; `L` activelines, the lines with code. All but `L` by default.
---@param thread? thread the running one by default
---@param f function|integer the function or the level
---@param what? string which fields
---@return table? info
function debug.getinfo(thread, f, what) end

--- The name and the value of a local of a function on the call stack. Parameters come first;
--- negative positions are further arguments. For a function that does not run only the names of its
--- parameters are there. Nil if there is no such local.
---@param thread? thread the running one by default
---@param f function|integer the level, or a function
---@param index integer which local, from 1
---@return string? name one that begins with `(` is not in the code
---@return any value
function debug.getlocal(thread, f, index) end

--- The metatable of any value, whatever its `__metatable` says.
---@param value any
---@return table? metatable
function debug.getmetatable(value) end

--- The registry, where C code keeps what it shares.
---@return table registry
function debug.getregistry() end

--- The name and the value of an upvalue of a function. The name of a C function's is empty.
---@param f function
---@param up integer which, from 1
---@return string? name nil if there is no such upvalue
---@return any value
function debug.getupvalue(f, up) end

--- A value that belongs to a userdata, and whether there is room for it.
---@param u userdata
---@param n? integer which, 1 by default
---@return any value
---@return boolean exists
function debug.getuservalue(u, n) end

--- Formerly limited how deep C functions can nest. Does nothing, and is kept for old programs.
---@deprecated
---@param limit integer
---@return integer limit
function debug.setcstacklimit(limit) end

--- Has a function called as a program goes on: with `c` in the mask at each call, with `r` at each
--- return, with `l` at each new line, and with a count after so many instructions. Without arguments
--- the hook is removed. Interrupting a cell uses a hook too.
---@param thread? thread the running one by default
---@param hook? function called with the event and, for lines, the line
---@param mask? string any of `c`, `r` and `l`
---@param count? integer
function debug.sethook(thread, hook, mask, count) end

--- Changes a local of a function on the call stack and returns its name; nil if there is none.
---@param thread? thread the running one by default
---@param level integer
---@param index integer which local, from 1
---@param value any
---@return string? name
function debug.setlocal(thread, level, index, value) end

--- Sets the metatable of any value, and returns the value. All values of a type that is neither
--- table nor userdata share one.
---@param value any
---@param meta table|nil
---@return any value
function debug.setmetatable(value, meta) end

--- Changes an upvalue of a function and returns its name; nil if there is none.
---@param f function
---@param up integer which, from 1
---@param value any
---@return string? name
function debug.setupvalue(f, up, value) end

--- Sets a value that belongs to a userdata, and returns the userdata; nil if there is no room for it.
---@param udata userdata
---@param value any
---@param n? integer which, 1 by default
---@return userdata? udata
function debug.setuservalue(udata, value, n) end

--- The calls that lead here, as text. Often the handler of `xpcall`.
---@param thread? thread the running one by default
---@param message? any put before it; what is neither a string nor nil is returned as it is
---@param level? integer where to begin, 1 by default
---@return string traceback
function debug.traceback(thread, message, level) end

--- What identifies an upvalue: two closures share a variable if it is the same for both.
---@param f function
---@param n integer which, from 1
---@return userdata? id nil if there is no such upvalue
function debug.upvalueid(f, n) end

--- Makes an upvalue of one closure refer to an upvalue of another.
---@param f1 function
---@param n1 integer
---@param f2 function
---@param n2 integer
function debug.upvaluejoin(f1, n1, f2, n2) end
