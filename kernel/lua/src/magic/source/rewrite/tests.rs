use super::*;

fn dialect(name: &str) -> Option<Code> {
    Some(match name {
        "time" => Code::Timed,
        "timeit" => Code::Repeated,
        "nohistory" => Code::Plain,
        "run" => Code::Called,
        "cd" | "who" | "html" => Code::None,
        _ => return None,
    })
}

fn lua(code: &str) -> String {
    let reading = read(code, &dialect);
    let function = reading.function.expect("there are magics");
    reading.lua.replace(&function, "M")
}

#[test]
fn each_magic_is_a_call_on_its_line() {
    for (code, expected) in [
        (
            "x = 1\n!ls \"{x}\"\n(f)()",
            "x = 1\nM(\"!ls \\\"{x}\\\"\",(x));\n(f)()",
        ),
        ("files = !ls", "files = M(\"=!ls\")"),
        ("!a \\\n b\nc()", "M(\"!a \\\\\\n b\");\n\nc()"),
        (
            "%time f 'a\\\n b'\nc()",
            "M(\"+time 0\"); M(\"-time 0\",f 'a\\\n b');\nc()",
        ),
        ("%cd $x -- y", "M(\"%cd $x -- y\",function()return x end)"),
        ("%run a.lua 1", "M(\"%run a.lua 1\")()"),
        ("%time f(1), 2", "M(\"+time 0\"); M(\"-time 0\",f(1), 2)"),
        (
            "%time local x = f();",
            "M(\"+time 0\");local x = f(); M(\"-time 0\")",
        ),
        ("%time f(); -- quiet", "M(\"+time 0\"); M(\"-time 0\",f());"),
        (
            "%time x = 1 return x",
            "M(\"+time 0\");x = 1  M(\"-time 0\", x)",
        ),
        ("%time x +", "M(\"%time x +\")"),
        (
            "%timeit -n 3 -r2 f(...)",
            "M(\"%timeit -n 3 -r2\")(function(M_n,M_c,...)local M_s=M_c()\
             for M_i=1,M_n do f(...) end return M_c()-M_s end,...)",
        ),
        (
            "%timeit x + 1",
            "M(\"%timeit \")(function(M_n,M_c)local M_s=M_c()\
             for M_i=1,M_n do  local M_v=x + 1 end return M_c()-M_s end)",
        ),
        ("%nope {1", "M(\"%nope {1\")"),
    ] {
        assert_eq!(lua(code), expected, "{code}");
    }
}

#[test]
fn a_cell_magic_has_all_below_it() {
    assert_eq!(
        lua("-- a page\n%%html a {b}\n<b>\"\n%who\n"),
        "\nM(\"%%html a {b}\",(b),\"<b>\\\"\\n%who\\n\")"
    );
    assert_eq!(lua("%%html"), "M(\"%%html \",\"\")");
    assert_eq!(
        lua("%%timeit -r 2\nlocal x = 1\nx"),
        "M(\"%timeit -r 2\")(function(M_n,M_c)local M_s=M_c()for M_i=1,M_n do\n\
         local x = 1\n local M_v=x\nend return M_c()-M_s end)"
    );
    assert_eq!(
        lua("%%timeit\nx +"),
        "\nx +",
        "for Lua to say what is missing"
    );
}

#[test]
fn magics_whose_cell_is_lua_leave_its_lines_where_they_are() {
    let reading = read("%%nohistory\n%%time\nx = 1\n!ls", &dialect);
    assert!(reading.is_timed);
    assert!(reading.lua.starts_with("\n\nx = 1\nperilune_magic("));
    let reading = read("%%time\nx = 1", &dialect);
    assert_eq!(reading.masked, "      \nx = 1");
    assert_eq!((reading.lua.as_ref(), reading.function), ("\nx = 1", None));
}

#[test]
fn the_users_code_can_be_found_again() {
    let code = "%%nohistory\ne = 'é'\n!echo é\n%time local x = e() x.y()\n%timeit -n 1 f(x)\nx";
    let reading = read(code, &dialect);
    assert_eq!(reading.masked.len(), code.len());
    let copies: Vec<_> = reading.copies.unwrap();
    for copy in &copies {
        let text = &code[copy.code..copy.code + copy.length];
        assert_eq!(&reading.lua[copy.lua..copy.lua + copy.length], text);
    }
    let copied = |text: &str| {
        let at = code.find(text).unwrap();
        let holds = |copy: &Copied| (copy.code..copy.code + copy.length).contains(&at);
        copies.iter().any(holds)
    };
    for text in ["e = '", "local x", "x.y()", "f(x)", "\nx"] {
        assert!(copied(text), "{text}");
    }
    assert!(!copied("echo") && !copied("nohistory"));
}

#[test]
fn a_cell_without_magics_is_not_copied() {
    assert!(matches!(
        read("x = 10\n% 3", &dialect).lua,
        Cow::Borrowed(_)
    ));
}

#[test]
fn the_kernels_name_gives_way() {
    let reading = read("perilune_magic_n = 1;\n%who", &dialect);
    assert_eq!(reading.function.as_deref(), Some("perilune_magic1_"));
    let reading = read("perilune_magic = 1\n!ls", &dialect);
    assert_eq!(reading.function.as_deref(), Some("perilune_magic1_"));
}
