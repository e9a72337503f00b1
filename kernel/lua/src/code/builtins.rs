/// A function or value of the standard library, or of the kernel's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Builtin {
    pub(super) signature: &'static str,
    pub(super) document: &'static str,
}

/// What is known of `string.find` and its like.
pub(super) fn find(name: &str) -> Option<Builtin> {
    let found = BUILTINS.iter().find(|(known, _, _)| *known == name);
    found.map(|(_, signature, document)| Builtin {
        signature,
        document,
    })
}

/// Name, signature and what it does, in the order of the manual.
const BUILTINS: &[(&str, &str, &str)] = &[
    (
        "assert",
        "(v [, message, ...])",
        "Returns its arguments if `v` is true, else raises `message`.",
    ),
    (
        "collectgarbage",
        "([opt [, arg]])",
        "Controls the garbage collector; without arguments collects all there is.",
    ),
    (
        "dofile",
        "([filename])",
        "Runs a file and returns its values.",
    ),
    (
        "error",
        "(message [, level])",
        "Raises an error; `level` says whose place is put before a string.",
    ),
    (
        "getmetatable",
        "(object)",
        "The metatable of a value, or what its `__metatable` field says.",
    ),
    (
        "ipairs",
        "(t)",
        "Iterates over 1, t[1]; 2, t[2]; ... up to the first nil.",
    ),
    (
        "load",
        "(chunk [, chunkname [, mode [, env]]])",
        "Compiles a string, or what a function gives piece by piece, into a function.",
    ),
    (
        "loadfile",
        "([filename [, mode [, env]]])",
        "Compiles a file into a function.",
    ),
    (
        "next",
        "(table [, index])",
        "The key and value after `index`, in no particular order; nil at the end.",
    ),
    (
        "pairs",
        "(t)",
        "Iterates over all keys and values of a table.",
    ),
    (
        "pcall",
        "(f [, ...])",
        "Calls `f`; returns true and its values, or false and the error. An interrupt passes through.",
    ),
    (
        "print",
        "(...)",
        "Writes its arguments, separated by tabs, as one line.",
    ),
    (
        "rawequal",
        "(v1, v2)",
        "Whether two values are the same, whatever `__eq` says.",
    ),
    (
        "rawget",
        "(table, index)",
        "The value at a key, whatever `__index` says.",
    ),
    (
        "rawlen",
        "(v)",
        "The length of a table or string, whatever `__len` says.",
    ),
    (
        "rawset",
        "(table, index, value)",
        "Sets the value at a key, whatever `__newindex` says.",
    ),
    (
        "require",
        "(modname)",
        "Loads a module once and returns its value and where it was found.",
    ),
    (
        "select",
        "(n, ...)",
        "The arguments from the n-th on, or their number for '#'.",
    ),
    (
        "setmetatable",
        "(table, metatable)",
        "Sets a table's metatable and returns the table.",
    ),
    (
        "tonumber",
        "(e [, base])",
        "The number that a string denotes, in a base from 2 to 36; nil if it denotes none.",
    ),
    (
        "tostring",
        "(v)",
        "A value as a string, by its `__tostring` where it has one.",
    ),
    (
        "type",
        "(v)",
        "The type of a value as a string: \"nil\", \"number\", \"string\", ...",
    ),
    (
        "warn",
        "(msg1, ...)",
        "Writes a warning to stderr. \"@off\" and \"@on\" switch warnings off and on.",
    ),
    (
        "xpcall",
        "(f, msgh [, ...])",
        "As pcall, but an error is first given to `msgh`, while its stack is still there.",
    ),
    ("_G", "", "The table of all globals."),
    ("_VERSION", "", "The language's version."),
    (
        "coroutine.close",
        "(co)",
        "Closes a suspended coroutine and its to-be-closed variables.",
    ),
    (
        "coroutine.create",
        "(f)",
        "Makes a coroutine that will run `f`.",
    ),
    (
        "coroutine.isyieldable",
        "([co])",
        "Whether a coroutine, the running one by default, can yield.",
    ),
    (
        "coroutine.resume",
        "(co [, ...])",
        "Starts or continues a coroutine; returns true and what it yields, or false and its error.",
    ),
    (
        "coroutine.running",
        "()",
        "The running coroutine, and whether it is the main one.",
    ),
    (
        "coroutine.status",
        "(co)",
        "\"running\", \"suspended\", \"normal\" or \"dead\".",
    ),
    (
        "coroutine.wrap",
        "(f)",
        "Makes a coroutine and returns a function that resumes it and passes its errors on.",
    ),
    (
        "coroutine.yield",
        "(...)",
        "Suspends the running coroutine; its arguments are what resume returns.",
    ),
    (
        "debug.debug",
        "()",
        "Reads lines from the standard input and runs them, up to \"cont\".",
    ),
    (
        "debug.gethook",
        "([thread])",
        "The hook function, its mask and its count.",
    ),
    (
        "debug.getinfo",
        "([thread,] f [, what])",
        "What is known of a function, or of the function at a stack level.",
    ),
    (
        "debug.getlocal",
        "([thread,] f, local)",
        "The name and value of a local at a stack level, or a parameter's name.",
    ),
    (
        "debug.getmetatable",
        "(value)",
        "The metatable of a value, whatever its `__metatable` says.",
    ),
    (
        "debug.getregistry",
        "()",
        "The table in which C code keeps its values.",
    ),
    (
        "debug.getupvalue",
        "(f, up)",
        "The name and value of a function's upvalue.",
    ),
    (
        "debug.getuservalue",
        "(u, n)",
        "The n-th value that goes with a userdata.",
    ),
    (
        "debug.sethook",
        "([thread,] hook, mask [, count])",
        "Has `hook` called at calls, returns, lines, or every `count` instructions.",
    ),
    (
        "debug.setcstacklimit",
        "(limit)",
        "Does nothing any more; for older programs.",
    ),
    (
        "debug.setlocal",
        "([thread,] level, local, value)",
        "Sets a local at a stack level.",
    ),
    (
        "debug.setmetatable",
        "(value, table)",
        "Sets the metatable of any value.",
    ),
    (
        "debug.setupvalue",
        "(f, up, value)",
        "Sets a function's upvalue.",
    ),
    (
        "debug.setuservalue",
        "(udata, value, n)",
        "Sets the n-th value that goes with a userdata.",
    ),
    (
        "debug.traceback",
        "([thread,] [message [, level]])",
        "A message followed by the calls that lead here.",
    ),
    (
        "debug.upvalueid",
        "(f, n)",
        "What tells a function's upvalue from others.",
    ),
    (
        "debug.upvaluejoin",
        "(f1, n1, f2, n2)",
        "Has one function's upvalue be another's.",
    ),
    (
        "io.close",
        "([file])",
        "Closes a file, the default output if none is given.",
    ),
    (
        "io.flush",
        "()",
        "Writes out what the default output still holds.",
    ),
    (
        "io.input",
        "([file])",
        "The default input; sets it if a file or a name is given.",
    ),
    (
        "io.lines",
        "([filename, ...])",
        "Iterates over a file's lines and closes it at the end.",
    ),
    (
        "io.open",
        "(filename [, mode])",
        "Opens a file in mode \"r\", \"w\", \"a\", \"r+\", \"w+\" or \"a+\", with \"b\" for binary.",
    ),
    (
        "io.output",
        "([file])",
        "The default output; sets it if a file or a name is given.",
    ),
    (
        "io.popen",
        "(prog [, mode])",
        "Starts a program; its output can be read, or its input written in mode \"w\".",
    ),
    (
        "io.read",
        "(...)",
        "Reads from the default input, which asks the front end: \"l\" a line, \"L\" with its end, \"n\" a number, \"a\" all, or a count of bytes.",
    ),
    ("io.stderr", "", "The standard error stream."),
    (
        "io.stdin",
        "",
        "The standard input, which asks the front end.",
    ),
    ("io.stdout", "", "The standard output stream."),
    (
        "io.tmpfile",
        "()",
        "Opens a file that is removed when the program ends.",
    ),
    (
        "io.type",
        "(obj)",
        "\"file\", \"closed file\", or nil if it is no file.",
    ),
    (
        "io.write",
        "(...)",
        "Writes strings and numbers to the default output.",
    ),
    ("math.abs", "(x)", "The absolute value."),
    ("math.acos", "(x)", "The arc cosine, in radians."),
    ("math.asin", "(x)", "The arc sine, in radians."),
    (
        "math.atan",
        "(y [, x])",
        "The arc tangent of y/x, in radians, in the right quadrant.",
    ),
    (
        "math.ceil",
        "(x)",
        "The smallest integer that is not less than x.",
    ),
    ("math.cos", "(x)", "The cosine of an angle in radians."),
    ("math.deg", "(x)", "Radians as degrees."),
    ("math.exp", "(x)", "e to the power of x."),
    (
        "math.floor",
        "(x)",
        "The largest integer that is not greater than x.",
    ),
    (
        "math.fmod",
        "(x, y)",
        "The remainder of x/y, rounded towards zero.",
    ),
    ("math.huge", "", "Infinity."),
    (
        "math.log",
        "(x [, base])",
        "The logarithm, to base e by default.",
    ),
    ("math.max", "(x, ...)", "The greatest argument."),
    ("math.maxinteger", "", "The greatest integer."),
    ("math.min", "(x, ...)", "The smallest argument."),
    ("math.mininteger", "", "The smallest integer."),
    ("math.modf", "(x)", "The integral and the fractional part."),
    (
        "math.pi",
        "",
        "The ratio of a circle's circumference to its diameter.",
    ),
    ("math.rad", "(x)", "Degrees as radians."),
    (
        "math.random",
        "([m [, n]])",
        "A random float in [0, 1), or integer in [1, m] or [m, n]; any integer for 0.",
    ),
    (
        "math.randomseed",
        "([x [, y]])",
        "Seeds the random numbers.",
    ),
    ("math.sin", "(x)", "The sine of an angle in radians."),
    ("math.sqrt", "(x)", "The square root."),
    ("math.tan", "(x)", "The tangent of an angle in radians."),
    (
        "math.tointeger",
        "(x)",
        "A number as an integer, or nil if it is none.",
    ),
    (
        "math.type",
        "(x)",
        "\"integer\", \"float\", or nil if it is no number.",
    ),
    (
        "math.ult",
        "(m, n)",
        "Whether m is less than n as unsigned integers.",
    ),
    (
        "math.atan2",
        "(y, x)",
        "As math.atan(y, x). Of older versions of Lua.",
    ),
    (
        "math.cosh",
        "(x)",
        "The hyperbolic cosine. Of older versions of Lua.",
    ),
    (
        "math.frexp",
        "(x)",
        "m and e with x = m * 2^e and m in [0.5, 1). Of older versions of Lua.",
    ),
    ("math.ldexp", "(m, e)", "m * 2^e. Of older versions of Lua."),
    (
        "math.log10",
        "(x)",
        "The logarithm to base 10. Of older versions of Lua.",
    ),
    (
        "math.pow",
        "(x, y)",
        "x to the power of y. Of older versions of Lua.",
    ),
    (
        "math.sinh",
        "(x)",
        "The hyperbolic sine. Of older versions of Lua.",
    ),
    (
        "math.tanh",
        "(x)",
        "The hyperbolic tangent. Of older versions of Lua.",
    ),
    ("os.clock", "()", "The processor time used, in seconds."),
    (
        "os.date",
        "([format [, time]])",
        "A time as text by strftime's format, or as a table for \"*t\"; UTC if it begins with \"!\".",
    ),
    ("os.difftime", "(t2, t1)", "The seconds from t1 to t2."),
    (
        "os.execute",
        "([command])",
        "Runs a shell command; returns whether it succeeded, how it ended, and its code.",
    ),
    (
        "os.exit",
        "([code [, close]])",
        "Ends the cell and the kernel.",
    ),
    ("os.getenv", "(varname)", "An environment variable, or nil."),
    (
        "os.remove",
        "(filename)",
        "Removes a file or an empty directory.",
    ),
    (
        "os.rename",
        "(oldname, newname)",
        "Renames a file or directory.",
    ),
    (
        "os.setlocale",
        "(locale [, category])",
        "Sets the program's locale, or tells it for nil.",
    ),
    (
        "os.time",
        "([table])",
        "Seconds since the epoch: now, or at the time that a table describes.",
    ),
    ("os.tmpname", "()", "A name for a temporary file."),
    (
        "package.config",
        "",
        "What separates folders and templates in paths.",
    ),
    (
        "package.cpath",
        "",
        "Where require looks for libraries of C.",
    ),
    (
        "package.loaded",
        "",
        "The modules that require has loaded, by name.",
    ),
    (
        "package.loadlib",
        "(libname, funcname)",
        "Loads a library of C and returns one of its functions.",
    ),
    ("package.path", "", "Where require looks for Lua files."),
    (
        "package.preload",
        "",
        "Loaders for modules, by name, which require asks first.",
    ),
    (
        "package.searchers",
        "",
        "The functions by which require looks for a module.",
    ),
    (
        "package.searchpath",
        "(name, path [, sep [, rep]])",
        "The first file of a path that exists for a module.",
    ),
    (
        "string.byte",
        "(s [, i [, j]])",
        "The bytes from i to j as numbers.",
    ),
    (
        "string.char",
        "(...)",
        "The string of the bytes given as numbers.",
    ),
    (
        "string.dump",
        "(function [, strip])",
        "A function as a binary chunk.",
    ),
    (
        "string.find",
        "(s, pattern [, init [, plain]])",
        "Where a pattern matches first: start, end and captures, or nil.",
    ),
    (
        "string.format",
        "(formatstring, ...)",
        "Its arguments as a format like C's says; %q quotes as Lua.",
    ),
    (
        "string.gmatch",
        "(s, pattern [, init])",
        "Iterates over all matches of a pattern.",
    ),
    (
        "string.gsub",
        "(s, pattern, repl [, n])",
        "Replaces matches by a string, by a table's values or by what a function returns; returns the count too.",
    ),
    ("string.len", "(s)", "The length in bytes."),
    ("string.lower", "(s)", "The string with small letters."),
    (
        "string.match",
        "(s, pattern [, init])",
        "The captures of a pattern's first match, or the match itself; nil if there is none.",
    ),
    (
        "string.pack",
        "(fmt, v1, v2, ...)",
        "Values in binary form.",
    ),
    (
        "string.packsize",
        "(fmt)",
        "The length of what string.pack makes.",
    ),
    (
        "string.rep",
        "(s, n [, sep])",
        "The string n times, with a separator between.",
    ),
    ("string.reverse", "(s)", "The bytes in reverse."),
    (
        "string.sub",
        "(s, i [, j])",
        "The bytes from i to j; negative positions count from the end.",
    ),
    (
        "string.unpack",
        "(fmt, s [, pos])",
        "The values in a binary string, and the position behind them.",
    ),
    ("string.upper", "(s)", "The string with capital letters."),
    (
        "table.concat",
        "(list [, sep [, i [, j]]])",
        "The strings and numbers of a list as one string.",
    ),
    (
        "table.insert",
        "(list, [pos,] value)",
        "Inserts a value, at the end by default.",
    ),
    (
        "table.move",
        "(a1, f, e, t [, a2])",
        "Copies a1[f] to a1[e] to position t, of a2 if it is given.",
    ),
    (
        "table.pack",
        "(...)",
        "A table of all arguments, with their number as `n`.",
    ),
    (
        "table.remove",
        "(list [, pos])",
        "Removes a value, the last by default, and returns it.",
    ),
    (
        "table.sort",
        "(list [, comp])",
        "Sorts in place; comp(a, b) tells whether a comes before b.",
    ),
    (
        "table.unpack",
        "(list [, i [, j]])",
        "The values of a list.",
    ),
    ("utf8.char", "(...)", "The UTF-8 string of code points."),
    (
        "utf8.charpattern",
        "",
        "A pattern that matches one UTF-8 character.",
    ),
    (
        "utf8.codepoint",
        "(s [, i [, j [, lax]]])",
        "The code points that start between bytes i and j.",
    ),
    (
        "utf8.codes",
        "(s [, lax])",
        "Iterates over byte positions and code points.",
    ),
    (
        "utf8.len",
        "(s [, i [, j [, lax]]])",
        "The number of characters, or nil and the first wrong byte's position.",
    ),
    (
        "utf8.offset",
        "(s, n [, i])",
        "The byte at which the n-th character starts.",
    ),
    (
        "comm.open",
        "(target [, data [, metadata [, buffers]]])",
        "Opens a comm to the front end.",
    ),
    (
        "comm.register_target",
        "(target, handler)",
        "Has handler(comm, message) called when the front end opens a comm.",
    ),
    (
        "display.clear",
        "([{wait = true}])",
        "Clears the cell's output, or with wait when the next comes.",
    ),
    (
        "display.escape",
        "(value)",
        "A value's text with &, <, > and quotes as HTML writes them.",
    ),
    (
        "display.fragment",
        "(template, ...)",
        "HTML that other HTML takes as it is; the template's values are escaped.",
    ),
    ("display.gif", "(bytes [, options])", "Shows a GIF image."),
    (
        "display.handle",
        "([id])",
        "A display that can be shown and updated later, by handle:update(value).",
    ),
    (
        "display.html",
        "(template, ... [, options])",
        "Shows HTML; values put in for the template's %s are escaped.",
    ),
    (
        "display.image",
        "({path = | data = , width = , height = , alt = })",
        "Shows an image: PNG, JPEG, GIF, WebP, BMP or SVG.",
    ),
    (
        "display.javascript",
        "(code [, options])",
        "Has the front end run JavaScript, where it allows that.",
    ),
    ("display.jpeg", "(bytes [, options])", "Shows a JPEG image."),
    (
        "display.json",
        "(value [, options])",
        "Shows a value as a JSON tree.",
    ),
    ("display.latex", "(text [, options])", "Shows LaTeX."),
    ("display.markdown", "(text [, options])", "Shows Markdown."),
    (
        "display.mime",
        "(bundle [, options])",
        "Shows a table from MIME types to data.",
    ),
    (
        "display.plotly",
        "(figure [, options])",
        "Shows a Plotly figure: a table with data and layout.",
    ),
    ("display.png", "(bytes [, options])", "Shows a PNG image."),
    ("display.svg", "(text [, options])", "Shows an SVG image."),
    (
        "display.table",
        "(rows [, {columns = , max = , title = }])",
        "Shows records, lists or columns as a table.",
    ),
    ("display.text", "(text [, options])", "Shows plain text."),
    (
        "display.update",
        "(id, value [, options])",
        "Replaces what was shown with {id = id}.",
    ),
    (
        "display.vega",
        "(specification [, options])",
        "Shows a chart described in Vega-Lite or Vega.",
    ),
    (
        "ilua.config",
        "",
        "Settings of xeus-lua's notebooks; auto_print = false hides results.",
    ),
    ("ilua.display", "", "The displays of xeus-lua's notebooks."),
    (
        "ilua.json",
        "",
        "JSON as xeus-lua's notebooks use it: encode and decode.",
    ),
    ("ilua.time", "", "Timing as xeus-lua's notebooks use it."),
    (
        "perilune.array",
        "(table)",
        "Marks a table as a JSON array, also when it is empty.",
    ),
    (
        "perilune.input",
        "([prompt [, {password = true}]])",
        "Asks the front end for a line; nil at the input's end.",
    ),
    ("perilune.null", "", "JSON's null."),
    (
        "perilune.sleep",
        "(seconds)",
        "Waits; an interrupt ends it.",
    ),
    ("perilune.version", "", "The kernel's version."),
    (
        "widgets.any",
        "{esm = source, css =, state =, check =}",
        "A widget of your own: a JavaScript module that anywidget runs, and its state.",
    ),
    (
        "widgets.button",
        "{label =, on_click =}",
        "A button that calls a function.",
    ),
    (
        "widgets.bytes",
        "(data)",
        "Marks a string in a widget's state as binary.",
    ),
    (
        "widgets.checkbox",
        "{label =, value =, on_change =}",
        "A box to tick.",
    ),
    ("widgets.hbox", "{widget, ...}", "Widgets side by side."),
    (
        "widgets.html",
        "{value =, label =}",
        "HTML that can be changed.",
    ),
    (
        "widgets.progress",
        "{value =, max =, label =}",
        "A bar that shows how far something is.",
    ),
    (
        "widgets.select",
        "{options =, value =, label =, on_change =}",
        "A choice among options.",
    ),
    (
        "widgets.slider",
        "{min =, max =, step =, value =, label =, on_change =}",
        "A number chosen by a slider.",
    ),
    (
        "widgets.text",
        "{value =, placeholder =, multiline =, label =, on_change =}",
        "A field for text.",
    ),
    (
        "widgets.vbox",
        "{widget, ...}",
        "Widgets one below the other.",
    ),
];
