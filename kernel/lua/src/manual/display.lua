---@meta

--- Shows a value in every representation it has, in one message.
---
--- A value says itself how it looks by its metamethods: `__mime(self, include)` returns a table from
--- MIME types to data, and perhaps one of metadata; `__display(self, options)` shows something
--- itself; `__tostring(self)` returns the plain text. A sequence of records is shown as a table, and
--- everything else as the Lua that makes it.
---
--- With the option `id` it returns a handle, whose `update` shows something else in its place.
---@param value any
---@param options? {id?: string|true, metadata?: table, transient?: table, include?: string|string[], depth?: integer, max?: integer} `include` are the MIME types that are wanted, `depth` and `max` how deep tables are shown and how many entries of each
---@return table? handle if there is an `id`
function display(value, options) end

--- Clears the cell's output.
---@param options? {wait?: boolean} with `wait` it is cleared when the next output comes
function display.clear(options) end

--- A value's text with `&`, `<`, `>` and quotes as HTML writes them.
---@param value any
---@return string html
function display.escape(value) end

--- HTML that goes into other HTML as it is, where any other value would be escaped. The values put
--- into the template are escaped themselves, unless they are fragments; a table of values is put in
--- one after the other.
---@param template string with `%s` for each value, or another placeholder of `string.format`
---@param ... any the values
---@return any fragment
function display.fragment(template, ...) end

--- Shows a GIF image.
---@param bytes string
---@param options? {id?: string|true, metadata?: table, transient?: table}
function display.gif(bytes, options) end

--- A display that is shown by `handle:update(value)`, and from then on updated by it.
--- `handle:show(value)` shows it here once more.
---@param id? string
---@return table handle
function display.handle(id) end

--- Shows HTML. Values put in for the template's `%s` are escaped, so a text is never markup:
--- `display.html("<b>%s</b>", name)`. Without values the template is HTML as it stands.
---@param template string with `%s` for each value, or another placeholder of `string.format`
---@param ... any the values, and at last options
function display.html(template, ...) end

--- Shows an image: PNG, JPEG, GIF, WebP, BMP or SVG, known by its first bytes.
---@param image {path?: string, data?: string, width?: integer, height?: integer, alt?: string}|string a table, or a path, or the image itself
---@param options? {width?: integer, height?: integer, alt?: string, id?: string|true}
function display.image(image, options) end

--- Has the front end run JavaScript, where it allows that.
---@param code string
---@param options? {id?: string|true, metadata?: table, transient?: table}
function display.javascript(code, options) end

--- Shows a JPEG image.
---@param bytes string
---@param options? {id?: string|true, metadata?: table, transient?: table}
function display.jpeg(bytes, options) end

--- Shows a value as a JSON tree.
---@param value any
---@param options? {id?: string|true, metadata?: table, transient?: table}
function display.json(value, options) end

--- Shows LaTeX.
---@param text string
---@param options? {id?: string|true, metadata?: table, transient?: table}
function display.latex(text, options) end

--- Shows Markdown.
---@param text string
---@param options? {id?: string|true, metadata?: table, transient?: table}
function display.markdown(text, options) end

--- Shows one value in several representations.
---@param bundle table<string, any> from MIME types to data
---@param options? {id?: string|true, metadata?: table, transient?: table}
function display.mime(bundle, options) end

--- Shows a Plotly figure, where the front end has Plotly. A figure of the library `plotly` is one
--- without being asked to.
---@param figure {data: table, layout?: table, config?: table}
---@param options? {id?: string|true, metadata?: table, transient?: table}
function display.plotly(figure, options) end

--- Shows a PNG image.
---@param bytes string
---@param options? {id?: string|true, metadata?: table, transient?: table}
function display.png(bytes, options) end

--- Shows an SVG image.
---@param text string
---@param options? {id?: string|true, metadata?: table, transient?: table}
function display.svg(text, options) end

--- Shows rows as a table: records, lists, a table of columns, or keys and values.
---
--- `columns` chooses columns and their order: names, or `{"size", title = "Size", format = "%.1f"}`;
--- lists have their columns named by it. `max` is how many rows are shown, 50 if nothing is said.
---@param rows table
---@param options? {columns?: (string|integer|table)[], max?: integer, title?: string, id?: string|true}
function display.table(rows, options) end

--- Shows plain text.
---@param text string
---@param options? {id?: string|true, metadata?: table, transient?: table}
function display.text(text, options) end

--- Replaces what was shown with an id, wherever it is; shows it here if nothing was.
---@param id string
---@param value any
---@param options? {metadata?: table, transient?: table, include?: string|string[], depth?: integer, max?: integer}
function display.update(id, value, options) end

--- Shows a chart described in Vega-Lite or Vega, as its `$schema` says, or else its shape.
---@param specification table|string a table, or JSON
---@param options? {id?: string|true, metadata?: table, transient?: table}
function display.vega(specification, options) end
