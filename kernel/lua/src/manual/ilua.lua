---@meta

--- The names that xeus-lua's notebooks use.
ilua = {}

--- Settings; `auto_print = false` hides the values of cells.
---@type table
ilua.config = {}

--- The displays of xeus-lua's notebooks.
---@type table
ilua.display = {}

--- Shows each value: by its method `display` if it has one, and as `display` does otherwise.
---@param ... any
function ilua.display.display(...) end

--- Shows text as it is.
---@param text string
function ilua.display.plain_text(text) end

--- Shows a formula.
---@param text string LaTeX
function ilua.display.latex(text) end

--- Shows HTML.
---@param html string
function ilua.display.html(html) end

--- Shows a value as a tree of JSON.
---@param value any
function ilua.display.json(value) end

--- Clears the cell's output.
---@param wait? boolean whether it is cleared only when the next output comes
function ilua.display.clear_output(wait) end

--- What the displays of xeus-lua are made of.
---@type table
ilua.display.detail = {}

--- Shows a bundle of representations; `display.mime` does so without JSON.
---@param data string JSON: an object from MIME types to data
---@param metadata? string JSON
---@param transient? string JSON: perhaps with a `display_id`
function ilua.display.detail._display_data(data, metadata, transient) end

--- Shows a bundle in place of what was shown under an id; `display.update` does so without JSON.
---@param data string JSON: an object from MIME types to data
---@param metadata? string JSON
---@param transient string JSON: an object with the `display_id`
function ilua.display.detail._update_display_data(data, metadata, transient) end

--- JSON as xeus-lua's notebooks use it: `encode` and `decode`.
---@type table
ilua.json = {}

--- A value as JSON.
---@param value any
---@return string text
function ilua.json.encode(value) end

--- The value that JSON describes.
---@param text string
---@return any value
function ilua.json.decode(text) end

--- What `ilua.json.encode` is made of.
---@type table
ilua.json.detail = {}

--- A number as JSON.
---@param value number
---@return string text
function ilua.json.detail.number_encoder(value) end

--- A string as JSON.
---@param value string
---@return string text
function ilua.json.detail.string_encoder(value) end

--- Timing as xeus-lua's notebooks use it.
---@type table
ilua.time = {}

--- A moment to measure from.
---@return number seconds since some moment
function ilua.time.now() end

--- The time between two moments.
---@param from number of `ilua.time.now`
---@param to number of `ilua.time.now`
---@return number milliseconds
function ilua.time.time_delta_ms(from, to) end

--- Waits.
---@param ms number how many milliseconds
function ilua.time.sleep_ms(ms) end

--- Calls a function and measures how long it takes.
---@param f function
---@return number milliseconds
function ilua.time.duration_ms(f) end

--- Calls a function again and again, at least some time apart.
---@param n integer how often; without end if it is not positive
---@param ms number how many milliseconds each turn takes at least
---@param f fun(i: integer, elapsed: number) gets the turn's number and the milliseconds since the start
function ilua.time.scheduled_ms(n, ms, f) end

--- Calls a function again and again, at most so often in a second.
---@param n integer how often; without end if it is not positive
---@param fps number how many turns there are in a second at most
---@param f fun(i: integer, elapsed: number) gets the turn's number and the milliseconds since the start
function ilua.time.scheduled_fps(n, fps, f) end
