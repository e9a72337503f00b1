---@meta

--- Charts, shown by the call that makes them: as Vega-Lite where the front end draws it, else as SVG,
--- and as a sketch in a terminal.
---
--- Data are lists of numbers (`{3, 1, 4}`), pairs (`{{1, 3}, {2, 1}}`), an array of x and one of y,
--- records (`{{day = "Mon", n = 3}, …}`) or columns (`{day = {…}, n = {…}}`), of which `x`, `y` and
--- `color` name the fields. Text is a category, or a date where it is one (`2026-11-21`,
--- `2026-11-21T08:30:00Z`). `nil`, NaN and infinite values are gaps.
---
--- Options of every chart:
---
--- - `title`: stands above it
--- - `x`, `y`: the fields, or of plain numbers what the axes are called; `y` may be a list of fields
--- - `color`: the field that tells series apart, or a colour such as `"steelblue"` or `"#4682b4"`
--- - `labels`: other words for the axes and the legend, `{x = …, y = …, color = …}`
--- - `width`, `height`: in pixels; 640 and 360 if nothing is said
--- - `show`: `false` makes the chart without showing it
---
--- The chart that is returned has `chart:update(data, options)`, which shows other data in its place,
--- `chart:save(path)` for a path that ends with `.svg`, `.json` (Vega-Lite) or `.txt`, `chart:svg()`
--- for the SVG, and `chart:vega()` for the Vega-Lite specification as a table.
plot = {}

--- Shows a bar for each category: of `{apples = 3, pears = 2}`, of a list of numbers, or of records.
--- Values of the same category are added up. Several series stand side by side, or with `stack` on
--- top of each other.
---@param data table
---@param options? {title?: string, x?: string|table, y?: string|table, color?: string|table, stack?: boolean, labels?: table, width?: integer, height?: integer, show?: boolean}
---@return table chart
function plot.bar(data, options) end

--- Shows numbers as colours: of a matrix (`{{1, 2}, {3, 4}}`, the first row on top), where `x` and `y`
--- may be lists of names; or of records with the fields `x`, `y` and `color`.
---@param data table
---@param options? {title?: string, x?: string|table, y?: string|table, color?: string, labels?: table, width?: integer, height?: integer, show?: boolean}
---@return table chart
function plot.heatmap(data, options) end

--- Shows how many values lie in each of some intervals: of a list, or of the field `x` of records.
--- Of text it shows how many there are of each. `bins` says how many intervals there are; else they
--- have round edges, and so many that the shape shows.
---@param data table
---@param options? {title?: string, x?: string, y?: string, color?: string|table, bins?: integer, labels?: table, width?: integer, height?: integer, show?: boolean}
---@return table chart
function plot.hist(data, options) end

--- Shows points joined by lines, in the order of the data; a missing value leaves a gap.
--- `plot.line(xs, ys, options)` takes two arrays.
---@param data table
---@param options? {title?: string, x?: string|table, y?: string|table, color?: string|table, labels?: table, width?: integer, height?: integer, show?: boolean}
---@return table chart
function plot.line(data, options) end

--- Shows a mark for each point. `color` may be a field of numbers too, which is then a scale.
--- `plot.scatter(xs, ys, options)` takes two arrays.
---@param data table
---@param options? {title?: string, x?: string|table, y?: string|table, color?: string|table, labels?: table, width?: integer, height?: integer, show?: boolean}
---@return table chart
function plot.scatter(data, options) end
