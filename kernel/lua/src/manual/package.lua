---@meta

--- How `require` finds modules.
package = {}

--- Lines that say how paths are written: the separator of folders, that of templates (`;`), the mark
--- of the name (`?`), that of the executable's folder, and the one to ignore a name's beginning.
---@type string
package.config = ""

--- Where libraries of C are looked for: templates with `?` for the name, separated by semicolons. It
--- comes from `LUA_CPATH_5_4` or `LUA_CPATH`, where `;;` stands for the default.
---@type string
package.cpath = ""

--- The modules that are loaded, by their name. Setting one to nil has the next `require` load it
--- again.
---@type table<string, any>
package.loaded = {}

--- Loaders for modules, by their name, which `require` asks first.
---@type table<string, function>
package.preload = {}

--- Where modules in Lua are looked for: templates with `?` for the name, separated by semicolons. It
--- comes from `LUA_PATH_5_4` or `LUA_PATH`, where `;;` stands for the default. A cell can change it.
---@type string
package.path = ""

--- The functions that `require` asks for a loader, in turn: for `package.preload`, for
--- `package.path`, for `package.cpath`, and for a library that has all of a package. Each is called
--- with the module's name, and returns a loader and a value for it, or text that says why not.
---@type function[]
package.searchers = {}

--- Links a library of C to the program. With `"*"` only that; otherwise the function is returned. It
--- knows no path: the file has to be given in full.
---@param libname string the library's file
---@param funcname string the function in it, or `"*"`
---@return function|boolean|nil f
---@return string? message why there is none
---@return "open"|"init"|nil where what failed
function package.loadlib(libname, funcname) end

--- Looks for a file by a path's templates, without loading anything.
---@param name string what stands for `?`
---@param path string templates, separated by semicolons, such as `package.path`
---@param sep? string what is replaced in the name, a dot by default
---@param rep? string by what, the system's separator of folders by default
---@return string? filename the first file that can be read
---@return string? message where it was looked for
function package.searchpath(name, path, sep, rep) end
