---@meta

--- Text, and bytes in general. Positions count bytes from 1, negative ones from the end. Every
--- string has these functions as methods: `s:upper()` is `string.upper(s)`. For characters of UTF-8
--- see `utf8`.
---
--- Patterns: `.` any byte, `%a` letters, `%d` digits, `%s` white space, `%w` letters and digits, `%p`
--- punctuation, `%x` hexadecimal digits, `%l` and `%u` lower and upper case, `%c` control
--- characters, `%g` printable ones; in upper case the opposite. `%.` is the dot itself, `[a-z_]` a
--- set, `[^,]` anything else. Behind one of these, `*` repeats it as often as possible, `+` at least
--- once, `-` as rarely as possible, `?` makes it optional. `^` and `$` at the ends anchor the
--- pattern. `(...)` captures, `()` captures a position, `%1` is what was captured, `%b()` balances
--- two characters, `%f[set]` is a border to a set.
string = {}

--- The codes of the bytes from i to j.
---@param s string
---@param i? integer 1 by default
---@param j? integer i by default
---@return integer ...
function string.byte(s, i, j) end

--- The string of bytes with these codes. `utf8.char` takes code points.
---@param ... integer from 0 to 255
---@return string
function string.char(...) end

--- A function as a binary chunk, which `load` turns into a function again, with new upvalues.
---@param f function one of Lua
---@param strip? boolean whether names and lines are left out
---@return string chunk
function string.dump(f, strip) end

--- Looks for the first match of a pattern. Returns where it begins and ends, and what was captured;
--- nil if there is none.
---@param s string
---@param pattern string
---@param init? integer where to begin, 1 by default
---@param plain? boolean whether the pattern is taken as plain text
---@return integer? start
---@return integer? end_
---@return string ... captures
---@usage
--- ("key = value"):find("=", 1, true)  -- 5  5
function string.find(s, pattern, init, plain) end

--- Text made by a format, as C's `printf` does: `%d` an integer, `%5.2f` a float with two digits in
--- five places, `%e` and `%g` other forms of floats, `%s` any value as `tostring` makes it, `%-10s`
--- padded on the right, `%q` a string or number as Lua would write it, `%x` hexadecimal, `%c` a byte,
--- `%a` a hexadecimal float, `%i`, `%o`, `%u`, `%p` a pointer, `%%` a per cent sign.
---@param formatstring string
---@param ... any
---@return string
---@usage
--- string.format("%-8s %6.2f €", "coffee", 2.5)  -- "coffee     2.50 €"
function string.format(formatstring, ...) end

--- Goes through all matches of a pattern: `for word in s:gmatch("%a+") do`. If the pattern captures,
--- what was captured is given, and otherwise the whole match.
---@param s string
---@param pattern string where `^` has no special meaning at its beginning
---@param init? integer where to begin, 1 by default
---@return fun(): string, string iterator
function string.gmatch(s, pattern, init) end

--- Replaces the matches of a pattern. Returns the new string, and how many matches there were.
---
--- A string puts `%0` for the match, `%1` for the first capture, `%%` for a per cent sign. A table
--- is asked with the first capture as the key, a function is called with all captures; where they
--- give nil or false, the match stays.
---@param s string
---@param pattern string
---@param repl string|table|function what stands in their place
---@param n? integer how many at most
---@return string text
---@return integer count
---@usage
--- ("hello world"):gsub("%a+", string.upper)  -- "HELLO WORLD"  2
function string.gsub(s, pattern, repl, n) end

--- The length in bytes. `utf8.len` counts characters.
---@param s string
---@return integer
function string.len(s) end

--- The string in lower case, as far as the locale knows: ASCII letters in most cases.
---@param s string
---@return string
function string.lower(s) end

--- Looks for the first match of a pattern and returns what it captured, or all of the match if it
--- captures nothing; nil if there is none.
---@param s string
---@param pattern string
---@param init? integer where to begin, 1 by default
---@return string? ...
---@usage
--- ("2026-11-21"):match("(%d+)-(%d+)-(%d+)")  -- "2026"  "11"  "21"
function string.match(s, pattern, init) end

--- Values as a binary string, by a format. `<`, `>` and `=` say little, big and native endian, `!n`
--- the alignment; `b`, `h`, `i[n]`, `l`, `j` are signed integers, in upper case unsigned ones, `T` a
--- size, `f`, `d`, `n` floats, `s[n]` a string with its length before it, `z` one that ends with a
--- zero, `cn` one of n bytes, `x` padding, `Xop` alignment to that option.
---@param fmt string
---@param v1 any
---@param ... any
---@return string bytes
function string.pack(fmt, v1, ...) end

--- How many bytes `string.pack` makes of a format, which must have neither `s` nor `z`.
---@param fmt string
---@return integer size
function string.packsize(fmt) end

--- The string n times, with a separator between them.
---@param s string
---@param n integer
---@param sep? string nothing by default
---@return string
function string.rep(s, n, sep) end

--- The bytes in opposite order. Characters of more than one byte are torn apart.
---@param s string
---@return string
function string.reverse(s) end

--- The part from byte i to byte j. `s:sub(-3)` are the last three bytes. To cut UTF-8 at characters,
--- `utf8.offset` says where they begin.
---@param s string
---@param i integer
---@param j? integer -1, the end, by default
---@return string
function string.sub(s, i, j) end

--- The values in a binary string, by the format that `string.pack` takes, and the position of the
--- first byte behind them.
---@param fmt string
---@param s string
---@param pos? integer where to begin, 1 by default
---@return any ...
function string.unpack(fmt, s, pos) end

--- The string in upper case, as far as the locale knows: ASCII letters in most cases.
---@param s string
---@return string
function string.upper(s) end
