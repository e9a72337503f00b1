---@meta

--- The names that xeus-lua's notebooks use.
ilua = {}

--- Settings; `auto_print = false` hides the values of cells.
---@type table
ilua.config = {}

--- The displays of xeus-lua's notebooks.
---@type table
ilua.display = {}

--- JSON as xeus-lua's notebooks use it: `encode` and `decode`.
---@type table
ilua.json = {}

--- Timing as xeus-lua's notebooks use it.
---@type table
ilua.time = {}
