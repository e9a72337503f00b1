---@meta

--- Shows values. Each function takes options: `id`, to update it later, and `metadata`. With an id
--- it returns a handle with a method `update`.
display = {}

--- Clears the cell's output.
---@param options? {wait?: boolean} with `wait` it is cleared when the next output comes
function display.clear(options) end

--- A value's text with `&`, `<`, `>` and quotes as HTML writes them.
---@param value any
---@return string html
function display.escape(value) end

--- HTML that other HTML takes as it is. The values put into the template are escaped.
---@param template string with `%s` for each value
---@param ... any the values
---@return any fragment
function display.fragment(template, ...) end

--- Shows a GIF image.
---@param bytes string
---@param options? table
function display.gif(bytes, options) end

--- A display that can be shown and updated later, by `handle:update(value)`.
---@param id? string
---@return any handle
function display.handle(id) end

--- Shows HTML. Values put in for the template's `%s` are escaped.
---@param template string
---@param ... any the values, and options
function display.html(template, ...) end

--- Shows an image: PNG, JPEG, GIF, WebP, BMP or SVG.
---@param options {path?: string, data?: string, width?: number, height?: number, alt?: string}
function display.image(options) end

--- Has the front end run JavaScript, where it allows that.
---@param code string
---@param options? table
function display.javascript(code, options) end

--- Shows a JPEG image.
---@param bytes string
---@param options? table
function display.jpeg(bytes, options) end

--- Shows a value as a JSON tree.
---@param value any
---@param options? table
function display.json(value, options) end

--- Shows LaTeX.
---@param text string
---@param options? table
function display.latex(text, options) end

--- Shows Markdown.
---@param text string
---@param options? table
function display.markdown(text, options) end

--- Shows one value in several representations.
---@param bundle table<string, any> from MIME types to data
---@param options? table
function display.mime(bundle, options) end

--- Shows a Plotly figure.
---@param figure table with data and layout
---@param options? table
function display.plotly(figure, options) end

--- Shows a PNG image.
---@param bytes string
---@param options? table
function display.png(bytes, options) end

--- Shows an SVG image.
---@param text string
---@param options? table
function display.svg(text, options) end

--- Shows records, lists or columns as a table.
---@param rows table
---@param options? {columns?: string[], max?: integer, title?: string}
function display.table(rows, options) end

--- Shows plain text.
---@param text string
---@param options? table
function display.text(text, options) end

--- Replaces what was shown with an id, wherever it is.
---@param id string
---@param value any
---@param options? table
function display.update(id, value, options) end

--- Shows a chart described in Vega-Lite or Vega.
---@param specification table
---@param options? table
function display.vega(specification, options) end
