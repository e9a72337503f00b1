---@meta

--- What the operating system offers: time, the environment, files as a whole, programs.
os = {}

--- The processor time that the program has used, in seconds. For the time that has passed take
--- `os.time`, or the magic `%time`.
---@return number seconds
function os.clock() end

--- A time as text, or as a table.
---
--- With the format `"*t"` it is a table with year, month (1 to 12), day, hour, min, sec, wday (1 is
--- Sunday), yday (1 is the first of January) and isdst. Any other format is that of C's `strftime`:
--- `%Y-%m-%d` the date, `%H:%M:%S` the time, `%A` the day of the week, `%%` a per cent sign. A `!`
--- at its beginning asks for UTC instead of the local time.
---@param format? string `"%c"` by default
---@param time? integer as `os.time` returns it; now by default
---@return string|osdate date
function os.date(format, time) end

--- A date in its parts, as `os.date("*t")` returns it.
---@class osdate
---@field year integer
---@field month integer from 1 to 12
---@field day integer from 1 to 31
---@field hour integer from 0 to 23
---@field min integer from 0 to 59
---@field sec integer from 0 to 61
---@field wday integer the day of the week, 1 for Sunday
---@field yday integer the day of the year, from 1
---@field isdst boolean whether it is daylight saving time

--- How many seconds lie between two times.
---@param t2 integer the later one
---@param t1 integer the earlier one
---@return number seconds
function os.difftime(t2, t1) end

--- Runs a command in the system's shell and waits for it; what it writes is the cell's output. An
--- interrupt ends it. Without a command it tells whether there is a shell.
---@param command? string
---@return boolean? success true if the command ended well
---@return "exit"|"signal" how whether it ended by itself or by a signal
---@return integer code its exit code, or the signal
function os.execute(command) end

--- Ends the kernel, or the script that `perilune run` runs. Nothing behind it is run, and `pcall`
--- does not catch it.
---@param code? boolean|integer the exit code; true, the default, for success, false for failure
---@param close? boolean whether the state is closed first
function os.exit(code, close) end

--- The value of an environment variable; nil if it is not set.
---@param varname string
---@return string? value
function os.getenv(varname) end

--- Removes a file, or an empty directory.
---@param filename string
---@return boolean? success
---@return string? message why it failed
---@return integer? code
function os.remove(filename) end

--- Gives a file or directory another name.
---@param oldname string
---@param newname string
---@return boolean? success
---@return string? message why it failed
---@return integer? code
function os.rename(oldname, newname) end

--- Sets or asks for a locale of the program; nil if it cannot be set. An empty name means the
--- user's own, `"C"` the standard one.
---@param locale? string without it, only asks
---@param category? "all"|"collate"|"ctype"|"monetary"|"numeric"|"time" all by default
---@return string? locale
function os.setlocale(locale, category) end

--- The time now, in seconds since 1970 on usual systems; or that of a table with year, month, day
--- and, if given, hour (12 by default), min, sec and isdst, as local time. Values out of their range
--- are carried over, and the table is corrected: day 0 is the last of the month before.
---@param table? osdate
---@return integer time
function os.time(table) end

--- A name that can be used for a temporary file. The file is created, and who asked for it removes
--- it; `io.tmpfile` does that by itself.
---@return string name
function os.tmpname() end
