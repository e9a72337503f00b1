---@meta

--- Lists. They begin at 1, and have no nil within them.
table = {}

--- The strings and numbers of a list as one string.
---@param list table
---@param sep? string what stands between them, nothing by default
---@param i? integer the first, 1 by default
---@param j? integer the last, `#list` by default
---@return string
function table.concat(list, sep, i, j) end

--- Inserts a value, and moves up what is behind it. With two arguments it is added at the end.
---@param list table
---@param pos integer from 1 to `#list + 1`
---@param value any
---@overload fun(list: table, value: any)
function table.insert(list, pos, value) end

--- Copies `a1[f]` to `a1[e]` into `a2`, from position t on, and returns `a2`. They may overlap.
---@param a1 table
---@param f integer the first
---@param e integer the last
---@param t integer where the first goes
---@param a2? table the same table by default
---@return table a2
function table.move(a1, f, e, t, a2) end

--- A table of all arguments, with their number, nils included, in the field `n`.
---@param ... any
---@return table list
function table.pack(...) end

--- Removes a value and returns it, and moves down what is behind it. By default it is the last.
---@param list table
---@param pos? integer `#list` by default
---@return any value
function table.remove(list, pos) end

--- Sorts a list in place. Equal values may change their order. A comparison that contradicts itself
--- is an error in some cases, and in all of them the result is of no use.
---@param list table
---@param comp? fun(a: any, b: any): boolean whether a comes before b; `<` by default
---@usage
--- table.sort(people, function(a, b) return a.age < b.age end)
function table.sort(list, comp) end

--- The values of a list, as several values: `f(table.unpack(arguments))`.
---@param list table
---@param i? integer the first, 1 by default
---@param j? integer the last, `#list` by default
---@return any ...
function table.unpack(list, i, j) end
