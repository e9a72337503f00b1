---@meta

--- Characters of UTF-8 in strings. Positions are in bytes, as everywhere. What is no UTF-8 is an
--- error, if not said otherwise; `lax` lets code points up to 2^31 pass, surrogates too.
utf8 = {}

--- The string of code points, each as UTF-8.
---@param ... integer
---@return string
function utf8.char(...) end

--- A pattern that matches one character of UTF-8, if the string is valid:
--- `for c in s:gmatch(utf8.charpattern) do`.
---@type string
utf8.charpattern = ""

--- The code points of the characters that begin from byte i to byte j.
---@param s string
---@param i? integer 1 by default
---@param j? integer i by default
---@param lax? boolean
---@return integer ...
function utf8.codepoint(s, i, j, lax) end

--- Goes through the characters: `for position, code in utf8.codes(s) do`, with the byte each begins
--- at.
---@param s string
---@param lax? boolean
---@return fun(): integer, integer iterator
function utf8.codes(s, lax) end

--- How many characters begin from byte i to byte j. If there is something that is no UTF-8: nil, and
--- the position of its first byte.
---@param s string
---@param i? integer 1 by default
---@param j? integer -1 by default
---@param lax? boolean
---@return integer? length
---@return integer? position of the first invalid byte
function utf8.len(s, i, j, lax) end

--- The byte at which the n-th character begins, counted from byte i; negative n count backwards, 0 is
--- the character that byte i is in. Nil if there is none.
---@param s string
---@param n integer
---@param i? integer 1 for positive n, behind the end for others
---@return integer? position
function utf8.offset(s, n, i) end
