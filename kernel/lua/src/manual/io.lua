---@meta

--- Reading and writing files. What fails returns nil, a message and the system's error number, if
--- not said otherwise. `io.write` and `io.stdout` write to the cell's output, and `io.read` asks the
--- person in front.
io = {}

--- The standard input: the person in front of the notebook.
---@type file*
io.stdin = nil

--- The standard output: the output of the cell.
---@type file*
io.stdout = nil

--- The standard error: the output of the cell too, marked as errors.
---@type file*
io.stderr = nil

--- Closes a file, by default the default output; the same as `file:close()`.
---@param file? file*
---@return boolean? success
---@return string? message
---@return integer? code
function io.close(file) end

--- Writes out what is still in the buffer of the default output.
---@return file*? file
---@return string? message
function io.flush() end

--- Without an argument the default input; with a name, opens that file and makes it the default
--- input; with a file, makes that one the default. Errors are raised.
---@param file? string|file*
---@return file* file
function io.input(file) end

--- Goes through the lines of a file and closes it at its end: `for line in io.lines(name) do`. The
--- formats are those of `file:read`, a line without its end by default. Without a name the default
--- input is read, and not closed. That there is no such file is an error.
---@param filename? string
---@param ... string|integer formats
---@return fun(): string lines
function io.lines(filename, ...) end

--- Opens a file. A `b` at the end of the mode opens it as binary where a system makes a difference.
---
--- - `"r"`: to read, the default
--- - `"w"`: to write, and empties it
--- - `"a"`: to write at its end
--- - `"r+"`: to read and write, keeping what is there
--- - `"w+"`: to read and write, and empties it
--- - `"a+"`: to read, and to write at its end
---@param filename string
---@param mode? "r"|"w"|"a"|"r+"|"w+"|"a+"|"rb"|"wb"|"ab" how
---@return file*? file
---@return string? message why it could not be opened
---@return integer? code
---@usage
--- local file <close> = assert(io.open("data.txt"))
--- local text = file:read("a")
function io.open(filename, mode) end

--- Without an argument the default output; with a name, opens that file and makes it the default
--- output; with a file, makes that one the default. Errors are raised.
---@param file? string|file*
---@return file* file
function io.output(file) end

--- Starts a program by the shell, and returns a file to read what it writes (`"r"`, the default), or
--- to write what it reads (`"w"`). Closing the file waits for the program. An interrupt ends it.
---@param prog string the command
---@param mode? "r"|"w"
---@return file*? file
---@return string? message
function io.popen(prog, mode) end

--- Reads from the default input, as `file:read` does: in a notebook, what the person in front types.
---@param ... string|integer formats
---@return string|number|nil ...
function io.read(...) end

--- A file that is open for reading and writing, and is removed when the program ends.
---@return file* file
function io.tmpfile() end

--- Whether a value is a file: `"file"`, `"closed file"`, or nil if it is none.
---@param obj any
---@return "file"|"closed file"|nil
function io.type(obj) end

--- Writes to the default output, as `file:write` does: no tabs, no end of the line.
---@param ... string|number
---@return file* file
function io.write(...) end

--- An open file, as `io.open` returns it.
---@class file*
local file = {}

--- Closes the file. For one of `io.popen` it waits for the program, and returns what `os.execute`
--- would.
---@return boolean? success
---@return string? message or how a program ended
---@return integer? code
function file:close() end

--- Writes out what is still in its buffer.
---@return file*? file
---@return string? message
function file:flush() end

--- Goes through the file, by default line by line: `for line in file:lines() do`. The formats are
--- those of `file:read`. The file is not closed at its end. Errors of reading are raised.
---@param ... string|integer formats
---@return fun(): string lines
function file:lines(...) end

--- Reads by the given formats, a line by default. For each it returns what was read, or nil where
--- there is none any more.
---
--- - `"n"`: a number as Lua writes them
--- - `"a"`: all that is left; empty at the end, never nil
--- - `"l"`: a line without its end
--- - `"L"`: a line with its end
--- - an integer: at most so many bytes; 0 tells whether there is more
---@param ... string|integer formats
---@return string|number|nil ...
function file:read(...) end

--- Sets and tells the position, in bytes from the beginning. `file:seek()` tells it,
--- `file:seek("set")` goes to the beginning, `file:seek("end")` to the end and returns the size.
---@param whence? "set"|"cur"|"end" from where `offset` counts: the beginning, the present position (the default), the end
---@param offset? integer 0 by default
---@return integer? position
---@return string? message
function file:seek(whence, offset) end

--- Says how output is buffered: `"no"` not at all, `"full"` until the buffer is full, `"line"` up to
--- the end of a line.
---@param mode "no"|"full"|"line"
---@param size? integer of the buffer, in bytes
---@return boolean? success
---@return string? message
function file:setvbuf(mode, size) end

--- Writes each argument, strings and numbers. Returns the file, so that calls can be chained.
---@param ... string|number
---@return file*? file
---@return string? message
function file:write(...) end
