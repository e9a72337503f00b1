---@meta

--- Mathematics. Angles are in radians. Lua's numbers are 64-bit integers, which wrap around, and
--- double-precision floats.
math = {}

--- The largest float, infinity.
---@type number
math.huge = 1 / 0

--- The largest integer, 2^63 - 1.
---@type integer
math.maxinteger = 0x7fffffffffffffff

--- The smallest integer, -2^63.
---@type integer
math.mininteger = -0x8000000000000000

--- The number π.
---@type number
math.pi = 3.141592653589793

--- The absolute value. Of `math.mininteger` it is itself, since integers wrap around.
---@param x number
---@return number
function math.abs(x) end

--- The angle whose cosine is x, from 0 to π.
---@param x number from -1 to 1
---@return number
function math.acos(x) end

--- The angle whose sine is x, from -π/2 to π/2.
---@param x number from -1 to 1
---@return number
function math.asin(x) end

--- The angle whose tangent is y/x. The signs of both say which quadrant it is in, so it is right for
--- x = 0 and for negative x too.
---@param y number
---@param x? number 1 by default
---@return number
function math.atan(y, x) end

--- The smallest integer that is not less than x.
---@param x number
---@return integer
function math.ceil(x) end

--- The cosine.
---@param x number
---@return number
function math.cos(x) end

--- From radians to degrees.
---@param x number
---@return number
function math.deg(x) end

--- e to the power of x.
---@param x number
---@return number
function math.exp(x) end

--- The largest integer that is not greater than x.
---@param x number
---@return integer
function math.floor(x) end

--- The remainder of x / y where the quotient is rounded towards zero, so it has the sign of x. The
--- operator `%` rounds down instead.
---@param x number
---@param y number
---@return number
function math.fmod(x, y) end

--- The logarithm of x.
---@param x number
---@param base? number e by default; 2 and 10 are exact
---@return number
function math.log(x, base) end

--- The greatest of its arguments.
---@param x number
---@param ... number
---@return number
function math.max(x, ...) end

--- The least of its arguments.
---@param x number
---@param ... number
---@return number
function math.min(x, ...) end

--- The integral part of x, rounded towards zero, as a float, and the fractional part.
---@param x number
---@return number integral
---@return number fractional
function math.modf(x) end

--- From degrees to radians.
---@param x number
---@return number
function math.rad(x) end

--- A pseudo-random number: without arguments a float from 0 up to but without 1, with one an integer
--- from 1 to m, with two an integer from m to n. `math.random(0)` has all bits random.
---
--- Each start of the kernel has other numbers; `math.randomseed(42)` gives the same ones each time.
--- They are not fit for secrets.
---@param m? integer
---@param n? integer
---@return number
function math.random(m, n) end

--- Begins a sequence of pseudo-random numbers: the same seed, the same numbers. Without arguments
--- the seed is one that is hard to guess. Returns the seed's two parts.
---@param x? number
---@param y? integer
---@return integer x
---@return integer y
function math.randomseed(x, y) end

--- The sine.
---@param x number
---@return number
function math.sin(x) end

--- The square root.
---@param x number
---@return number
function math.sqrt(x) end

--- The tangent.
---@param x number
---@return number
function math.tan(x) end

--- The integer that x can be converted to without loss: x is one, or a float or a string with an
--- integral value. Nil if there is none.
---@param x any
---@return integer?
function math.tointeger(x) end

--- Whether a number is an `"integer"` or a `"float"`; nil for what is no number.
---@param x any
---@return "integer"|"float"|nil
function math.type(x) end

--- Whether m is below n if both are taken as unsigned integers.
---@param m integer
---@param n integer
---@return boolean
function math.ult(m, n) end

--- Another name of `math.atan`. Kept for old programs, and not part of Lua 5.4 everywhere.
---@deprecated `math.atan(y, x)`
---@param y number
---@param x? number 1 by default
---@return number
function math.atan2(y, x) end

--- The hyperbolic cosine. Kept for old programs, and not part of Lua 5.4 everywhere.
---@deprecated `(math.exp(x) + math.exp(-x)) / 2`
---@param x number
---@return number
function math.cosh(x) end

--- The hyperbolic sine. Kept for old programs, and not part of Lua 5.4 everywhere.
---@deprecated `(math.exp(x) - math.exp(-x)) / 2`
---@param x number
---@return number
function math.sinh(x) end

--- The hyperbolic tangent. Kept for old programs, and not part of Lua 5.4 everywhere.
---@deprecated
---@param x number
---@return number
function math.tanh(x) end

--- x to the power of y. Kept for old programs, and not part of Lua 5.4 everywhere.
---@deprecated `x ^ y`
---@param x number
---@param y number
---@return number
function math.pow(x, y) end

--- The fraction m, from 0.5 to 1, and the exponent e for which x = m * 2^e. Kept for old programs,
--- and not part of Lua 5.4 everywhere.
---@deprecated
---@param x number
---@return number m
---@return integer e
function math.frexp(x) end

--- m * 2^e. Kept for old programs, and not part of Lua 5.4 everywhere.
---@deprecated `m * 2.0 ^ e`
---@param m number
---@param e integer
---@return number
function math.ldexp(m, e) end

--- The logarithm to base 10. Kept for old programs, and not part of Lua 5.4 everywhere.
---@deprecated `math.log(x, 10)`
---@param x number
---@return number
function math.log10(x) end
