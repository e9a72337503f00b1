---@meta

--- The kernel itself.
perilune = {}

--- Marks a table as a JSON array, also when it is empty, and returns it.
---@param table table
---@return table table
function perilune.array(table) end

--- Asks the person in front for a line; nil at the input's end.
---@param prompt? string
---@param options? {password?: boolean} with `password` the answer is not shown
---@return string? line
function perilune.input(prompt, options) end

--- JSON's null, where nil would leave a field out.
---@type lightuserdata
perilune.null = nil

--- Waits. An interrupt ends it.
---@param seconds number
function perilune.sleep(seconds) end

--- The kernel's version.
---@type string
perilune.version = ""
