---@meta

--- Functions that can stop half-way and go on later.
coroutine = {}

--- Closes a coroutine that is suspended or dead: its pending to-be-closed variables are closed, and
--- it is dead from then on. Returns true, or false and the error that ended it or that closing raised.
---@param co thread
---@return boolean success
---@return any error
function coroutine.close(co) end

--- Makes a coroutine of a function, without starting it; `coroutine.resume` starts it.
---@param f function its body
---@return thread co
function coroutine.create(f) end

--- Whether a coroutine could yield: it is not the main one, and no function of C that cannot yield
--- is between.
---@param co? thread the running one by default
---@return boolean
function coroutine.isyieldable(co) end

--- Starts a coroutine, or goes on with it. The first time the values are the arguments of its
--- function, later they are what its `coroutine.yield` returns. Errors do not pass through: they
--- are returned, and the coroutine is dead.
---@param co thread
---@param val1? any
---@param ... any
---@return boolean success
---@return any result what it yielded or returned, or the error
---@return any ...
function coroutine.resume(co, val1, ...) end

--- The coroutine that runs, and whether it is the main one.
---@return thread co
---@return boolean is_main
function coroutine.running() end

--- What a coroutine does: `"running"` if it is the one that asks, `"suspended"` if it has not begun
--- or has yielded, `"normal"` if it has resumed another that runs, `"dead"` if it has ended.
---@param co thread
---@return "running"|"suspended"|"normal"|"dead" status
function coroutine.status(co) end

--- Makes a coroutine and returns a function that resumes it: its arguments are passed in, and what
--- is yielded or returned comes back. Errors pass through, and the coroutine is closed then. Such
--- functions can be used behind `in` of a `for`.
---@param f function its body
---@return function resume
function coroutine.wrap(f) end

--- Suspends the coroutine that runs. The arguments become the results of `coroutine.resume`; what
--- the next resume passes is returned here.
---@param ... any
---@return any ...
function coroutine.yield(...) end
