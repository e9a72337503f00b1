//! What people write who come from other languages, or from older versions of Lua.

/// Of a global that is nil.
pub(super) fn of_global(name: &str) -> Option<&'static str> {
    Some(match name {
        "printf" => "Lua formats with string.format: print(string.format(\"%d\", n))",
        "println" | "echo" | "puts" | "console" | "fmt" | "System" => "Lua writes with print(...)",
        "len" | "strlen" | "sizeof" => "Lua's length operator is #: #list, #text",
        "null" | "NULL" | "None" | "undefined" | "nullptr" | "Nil" => "Lua's word for it is nil",
        "True" | "TRUE" => "Lua's is true, in small letters",
        "False" | "FALSE" => "Lua's is false, in small letters",
        "this" => "Lua's is self, in functions that are declared with a colon: function t:name()",
        "str" => "tostring(v) makes a string of anything",
        "int" | "parseInt" | "Integer" => {
            "tonumber(s) reads a number; x // 1 and math.floor(x) round down"
        }
        "float" | "parseFloat" | "Number" => "tonumber(s) reads a number",
        "range" => "Lua counts with for i = 1, n do ... end",
        "enumerate" => "ipairs(list) gives each index with its value",
        "zip" => "for i = 1, #a do ... a[i], b[i] ... end goes through two lists",
        "abs" | "floor" | "ceil" | "sqrt" | "sin" | "cos" | "max" | "min" | "pi" | "random" => {
            "it is in the library math, as in math.floor, math.pi"
        }
        "round" => "math.floor(x + 0.5) rounds",
        "pow" => "Lua's power is x ^ y",
        "concat" | "insert" | "remove" | "sort" => {
            "it is in the library table, as in table.insert(list, v)"
        }
        "format" | "gsub" | "gmatch" | "rep" | "sub" | "find" | "match" | "upper" | "lower" => {
            "it is in the library string, as in string.format or text:format()"
        }
        "unpack" => "since Lua 5.2 it is table.unpack",
        "loadstring" => "since Lua 5.2 it is load",
        "setfenv" | "getfenv" => {
            "since Lua 5.2 functions have no such environment; load(text, name, \"t\", env) sets one"
        }
        "module" => "since Lua 5.2 a module returns its table: local M = {} ... return M",
        "table_getn" | "getn" => "Lua's length operator is #list",
        "bit32" | "bit" => "since Lua 5.3 there are operators: a & b, a | b, a ~ b, a << n",
        "sleep" => "perilune.sleep(seconds) waits",
        "input" | "raw_input" | "readline" => "perilune.input(prompt) asks; io.read() reads a line",
        "exit" | "quit" => "os.exit() ends the kernel",
        "exec" | "eval" => "load(text)() runs Lua code",
        "raise" | "throw" => "error(message) raises an error",
        "except" | "catch" => "pcall(f) calls f and catches its error",
        "append" | "push" => "table.insert(list, v) and list[#list + 1] = v append",
        "typeof" | "isinstance" => "type(v) tells a value's type",
        _ => return None,
    })
}

/// Of a field that is nil.
pub(super) fn of_field(base: &[String], name: &str) -> Option<&'static str> {
    let [library] = base else { return None };
    Some(match (library.as_str(), name) {
        ("table", "getn" | "len" | "length" | "size") => "Lua's length operator is #list",
        ("table", "maxn") => "since Lua 5.2 it is gone; #list is a list's length",
        ("table", "foreach" | "foreachi") => "for k, v in pairs(t) do ... end goes through a table",
        ("table", "append" | "push" | "add") => "table.insert(list, v) appends",
        ("table", "pop") => "table.remove(list) takes the last one off",
        ("table", "join") => "table.concat(list, separator) joins",
        ("table", "slice" | "copy" | "clone") => {
            "table.move(list, first, last, 1, {}) copies a part"
        }
        ("string", "gfind") => "since Lua 5.1 it is string.gmatch",
        ("string", "split") => "for part in text:gmatch(\"[^,]+\") do ... end splits at commas",
        ("string", "trim" | "strip") => "text:match(\"^%s*(.-)%s*$\") trims",
        ("string", "length" | "size") => "Lua's length operator is #text",
        ("string", "replace") => "text:gsub(pattern, replacement) replaces",
        ("string", "join") => "table.concat(list, separator) joins",
        ("string", "contains" | "includes" | "indexOf") => "text:find(part, 1, true) finds a part",
        ("string", "startswith" | "startsWith") => {
            "text:sub(1, #start) == start tells how it starts"
        }
        ("string", "endswith" | "endsWith") => "text:sub(-#part) == part tells how it ends",
        ("math", "pow") => "since Lua 5.3 the power is x ^ y",
        ("math", "mod") => "Lua's remainder is x % y, C's is math.fmod(x, y)",
        ("math", "round") => "math.floor(x + 0.5) rounds",
        ("math", "log10") => "math.log(x, 10) is the logarithm to base 10",
        ("math", "atan2") => "since Lua 5.3 it is math.atan(y, x)",
        ("math", "cosh" | "sinh" | "tanh" | "frexp" | "ldexp") => {
            "since Lua 5.3 it is gone from math"
        }
        ("os", "sleep") => "perilune.sleep(seconds) waits",
        ("io", "readfile" | "readlines") => "for line in io.lines(path) do ... end reads a file",
        ("console", "log") => "Lua writes with print(...)",
        _ => return None,
    })
}
