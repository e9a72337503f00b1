---@meta

--- Shows a bar for a loop: how much is done, how fast, and how long it will take.
---
--- ```lua
--- for i, moon in progress(moons, {label = "moons"}) do ... end
--- for i in progress(100) do ... end
--- for line in progress(io.lines("log"), {total = 5000}) do ... end
--- ```
---
--- The loop sees what it would see without the bar: 1 to n, `first` to `last`, the places and
--- values of a sequence, the keys and values of another table, or what an iterator gives. The bar
--- is drawn at most ten times a second; loops in loops have bars of their own.
---@overload fun(first: number, last: number, step?: number, options?: {label?: string}): function
---@overload fun(iterator: function, state?: any, control?: any, closing?: any): function
---@param iterable number|table|function
---@param options? {label?: string, total?: number} a text before the bar, and how much there is to do
---@return function iterator, nil, nil, any closing
function progress(iterable, options) end

--- A bar that is moved by hand: `bar:advance(n)`, `bar:set(done)`, `bar:close()`. As
--- `local bar <close> = progress.bar{}` it is closed with its block.
---@param options? {label?: string, total?: number}
---@return table bar
function progress.bar(options) end
