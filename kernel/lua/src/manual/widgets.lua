---@meta

--- Controls in the page. A widget's fields can be read and set, and the page follows; what the
--- person in front changes, Lua reads, and observers are called. JupyterLab shows widgets when the
--- Python package `anywidget` is installed beside it.
widgets = {}

--- What every widget has.
---@class widget
local widget = {}

--- Has a function called whenever a field has another value, with the new value, the old one, and
--- the widget. What it prints appears below the cell that showed the widget.
---@param field string
---@param handler fun(new: any, old: any, widget: widget)
---@return fun() stop to be called when it shall not be called any more
function widget:observe(field, handler) end

--- Sets several fields at once, which need to fit only together.
---@param fields table<string, any>
function widget:set(fields) end

--- Sends something to the widget's JavaScript, where `model.on("msg:custom", ...)` gets it.
---@param content any
---@param buffers? string[] binary attachments
function widget:send(content, buffers) end

--- Has a function called with what the widget's JavaScript sends by `model.send`.
---@param handler fun(content: any, buffers: string[], widget: widget)
---@return fun() stop to be called when it shall not be called any more
function widget:on_msg(handler) end

--- Takes the widget out of the page. Its fields can still be read.
function widget:close() end

--- A number chosen by a slider. If `min`, `max` and `step` are integers, so is the value.
---@param options? {min?: number, max?: number, step?: number, value?: number, label?: string, disabled?: boolean, on_change?: fun(new: number, old: number, widget: widget)} from 0 to 100 unless said otherwise
---@return widget slider
function widgets.slider(options) end

--- A box to tick.
---@param options? {value?: boolean, label?: string, disabled?: boolean, on_change?: fun(new: boolean, old: boolean, widget: widget)}
---@return widget checkbox
function widgets.checkbox(options) end

--- A field for text, of one line or several.
---@param options? {value?: string, placeholder?: string, multiline?: boolean, label?: string, disabled?: boolean, on_change?: fun(new: string, old: string, widget: widget)}
---@return widget text
function widgets.text(options) end

--- A choice among options: any values, or tables `{label = "Low", value = 1}`.
---@param options? {options?: any[], value?: any, label?: string, disabled?: boolean, on_change?: fun(new: any, old: any, widget: widget)}
---@return widget select
function widgets.select(options) end

--- A button. Further functions are added by its method `on_click`.
---@param options? {label?: string, disabled?: boolean, on_click?: fun(widget: widget)}
---@return widget button
function widgets.button(options) end

--- A bar that shows how far something is: `value` of `max`, which is 1 unless said otherwise.
--- Without a value it says that it is not known.
---@param options? {value?: number, max?: number, label?: string}
---@return widget progress
function widgets.progress(options) end

--- HTML that can be changed. It is put into the page as it is: escape what is not yours.
---@param options? {value?: string, label?: string}
---@return widget html
function widgets.html(options) end

--- A widget of your own. `esm` is the source of a JavaScript module, or its address, as anywidget
--- runs it; `state` are its fields, which the module reads by `model.get` and sets by `model.set`
--- and `model.save_changes`. Whether to take what the page says is up to `check`.
---@param options {esm: string, css?: string, state?: table<string, any>, check?: fun(field: string, value: any): boolean}
---@return widget any
function widgets.any(options) end

--- Widgets side by side.
---@param children? widget[]
---@return widget box
function widgets.hbox(children) end

--- Widgets one below the other.
---@param children? widget[]
---@return widget box
function widgets.vbox(children) end

--- Marks a string in a widget's state as binary: the page gets a DataView of it.
---@param data string
---@return {data: string} bytes
function widgets.bytes(data) end
