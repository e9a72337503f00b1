//! Magics: what a person asks of the notebook, among the lines of Lua.

use std::fs;
use std::path::PathBuf;

use perilune_language::{
    Completeness, Display, FailureKind, InputError, InputRequest, Language, MimeBundle, NextInput,
};
use perilune_lua::Options;

use crate::notebook::{Event, Notebook, plain};

/// A folder of a test's own, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("perilune-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn with(&self, name: &str, text: &str) -> String {
        fs::write(self.0.join(name), text).unwrap();
        self.file(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn displays(notebook: &Notebook) -> Vec<MimeBundle> {
    let events = notebook.host.take().into_iter();
    events
        .filter_map(|event| match event {
            Event::Display(Display { bundle, .. }) => Some(bundle),
            _ => None,
        })
        .collect()
}

/// The one thing that a cell shows, as plain text.
fn shown(notebook: &mut Notebook, code: &str) -> String {
    notebook.host.take();
    notebook.run(code);
    let shown = displays(notebook);
    assert_eq!(shown.len(), 1, "{code}");
    shown[0].text().unwrap().to_owned()
}

#[test]
fn the_output_of_a_command_is_a_table_of_lines() {
    let mut notebook = Notebook::new();
    assert_eq!(
        notebook.value("files = !printf 'a b\\nc\\n\\n'\nfiles"),
        Some("{\"a b\", \"c\", \"\", status = 0}".to_owned())
    );
    assert_eq!(
        notebook.value("local none <const> = !true\nnone"),
        Some("{status = 0}".to_owned())
    );
    notebook.run(
        "t = {}\nt.lines = !echo 1; exit 3\nassert(t.lines[1] == '1' and t.lines.status == 3)",
    );
    notebook.run("assert(_exit_code == 3)");
    notebook.run("killed = !kill -9 $$\nassert(killed.status == 128 + 9)");
    notebook.run("bytes = !printf '\\377\\n'\nassert(bytes[1] == '\\xff')");
    notebook.run("assert(none.status == 0, 'a local lives on')");
}

#[test]
fn a_command_that_fails_is_no_error() {
    let mut notebook = Notebook::new();
    notebook.run("!exit 7");
    assert_eq!(notebook.value("_exit_code"), Some("7".to_owned()));
    assert!(notebook.host.take().contains(&Event::Foreign));
}

#[test]
fn commands_stand_among_lua_and_see_its_locals() {
    let folder = Folder::new();
    let mut notebook = Notebook::new();
    notebook.run(&format!(
        "local path, n = {:?}, 0
         for _, word in ipairs {{'a', 'it is'}} do
           !echo it\\'s {{word .. '!'}} $n >> {{path}}
           n = n + 1
         end
         local function later(word)
           !echo \\
              {{word}} >> \"$path\"
         end",
        folder.file("log")
    ));
    notebook.run("later 'x y'");
    let log = fs::read_to_string(folder.file("log")).unwrap();
    assert_eq!(log, "it's a! 0\nit's it is! 1\nx y\n");
}

#[test]
fn values_are_words_whatever_is_in_them() {
    let mut notebook = Notebook::new();
    notebook.run("evil = \"'; echo \\\"$(echo gone)\\\" `x` #\"");
    for command in [
        "!printf %s {evil}",
        "!printf %s \"{evil}\"",
        "!printf %s '$evil'",
        "!printf %s \"$(printf %s {evil})\"",
    ] {
        notebook.run(&format!(
            "got = {command}\nassert(#got == 1 and got[1] == evil, got[1])"
        ));
    }
    notebook
        .run("list = {'a b', 2, 'c'}\ngot = !printf '%s,' {list}\nassert(got[1] == 'a b,2,c,')");
    notebook.run("got = !printf '%s,' {1 + 1} {true and 'x'} {{x}}\nassert(got[1] == '2,x,{x},')");
}

#[test]
fn what_lua_does_not_know_is_the_shells() {
    let mut notebook = Notebook::new();
    notebook
        .run("x = 'lua'\ngot = !x=shell; echo $x $$x ${x} $nobody_knows | awk '{print $1, NF}'");
    notebook.run("assert(got[1] == 'lua 3', got[1])");
    notebook.run("got = !printf 'a\\nb\\n' | awk '{print}' | grep -E '[ab]{1}'\nassert(#got == 2)");
    let failure = notebook.fail("x = 1\n!rm -r {fodler}/x");
    assert!(
        failure.message.starts_with("cell[4]:2: {fodler} is nil"),
        "{failure}"
    );
}

#[test]
fn a_name_that_a_strict_environment_forbids_is_the_shells() {
    let mut notebook = Notebook::new();
    notebook.run("known = 'global'");
    notebook
        .run("setmetatable(_G, {__index = function(_, name) error('undefined ' .. name, 2) end})");
    notebook.run(
        "local near <const>, far = 'constant', 'local'\n\
         got = !unknown=shell; echo $unknown $known $near $far\n\
         assert(got[1] == 'shell global constant local', got[1])",
    );
    let failure = notebook.fail("!echo {unknown}");
    assert!(failure.message.contains("undefined unknown"), "{failure}");
    notebook.run(
        "local _ENV = setmetatable({}, {__index = setmetatable({}, {__index = _G})})\n\
         got = !echo $known\nassert(got[1] == 'global', got[1])",
    );
}

#[test]
fn lines_of_errors_are_the_users_own() {
    let mut notebook = Notebook::new();
    let failure = notebook.fail("x = 1\n!echo \\\n  x > /dev/null\n%who\nerror('here')");
    assert_eq!(failure.message, "cell[1]:5: here");
    assert!(
        plain(&failure).contains("--> 5 | error('here')"),
        "{failure:?}"
    );
    let failure = notebook.fail("x = 1\n;%time error('there')");
    assert_eq!(failure.message, "cell[2]:2: there");
    let failure = notebook.fail("x = 1\n%cd /nowhere");
    assert!(!plain(&failure).contains("perilune"), "{}", plain(&failure));
    assert!(
        plain(&failure).contains("--> 2 | %cd /nowhere"),
        "{failure:?}"
    );
    let failure = notebook.fail("!true\nx = = 1");
    assert_eq!(failure.kind, FailureKind::Syntax);
    assert!(failure.message.starts_with("cell[4]:2:"), "{failure}");
    let failure = notebook.fail("%%time\n\nx = = 1");
    assert!(failure.message.starts_with("cell[5]:3:"), "{failure}");
}

#[test]
fn a_percent_that_goes_on_with_an_expression_is_luas() {
    let mut notebook = Notebook::new();
    assert_eq!(notebook.value("x = 10\n% 3\nx"), Some("1".to_owned()));
    assert_eq!(
        notebook.value("who = 4\nx = 10\n%who\nx"),
        Some("2".to_owned())
    );
    assert_eq!(
        notebook.value("('%who'):rep(2)"),
        Some("\"%who%who\"".to_owned())
    );
    notebook.run("s = [[\n%who\n!false\n]]\nassert(#s == 12)\n--[[\n%nope\n]]");
    assert!(notebook.output("-- %% a cell\nprint(1)").contains('1'));
}

#[test]
fn a_wrong_name_is_set_right() {
    let mut notebook = Notebook::new();
    for (code, message) in [
        (
            "%tiem f()",
            "cell[1]:1: there is no magic %tiem; did you mean %time?",
        ),
        (
            "%%htlm\nx",
            "cell[2]:1: there is no magic %%htlm; did you mean %%html?",
        ),
        (
            "print()\n%xyzzy\nprint()",
            "cell[3]:2: there is no magic %xyzzy; %lsmagic lists them all",
        ),
    ] {
        assert_eq!(notebook.fail(code).message, message);
    }
    for (code, hint) in [
        ("%html", "%html: it has two % before it"),
        ("%%cd\n", "%%cd: it stands on a line"),
        ("print()\n%%time", "%%time: what has two % begins its cell"),
        ("%time", "it wants Lua code: %time CODE"),
        ("%time for i = 1, 2 do", "is no Lua that ends on its line"),
        ("%%time f()\nx = 1", "the code stands below it"),
        ("%timeit -x", "attempt to perform arithmetic"),
        ("%reset -q", "it has no option -q, but -f"),
        ("%pwd here", "it takes nothing"),
        ("%cd 'x", "the quote ' is not closed"),
        ("!", "there is no command behind the !"),
    ] {
        let failure = notebook.fail(code);
        assert!(failure.message.contains(hint), "{code}: {failure}");
    }
}

#[test]
fn time_runs_code_of_the_cell_and_says_how_long_it_took() {
    let mut notebook = Notebook::new();
    let output = notebook.output("%time local x = 20 + 1");
    assert!(output.starts_with("CPU times: user "), "{output}");
    assert!(
        output.contains("\nWall time: ") && output.contains("\nLua memory: "),
        "{output}"
    );
    assert_eq!(
        notebook.value("%time x + 1, 'two'"),
        Some("22, \"two\"".to_owned())
    );
    assert_eq!(notebook.value("%time x + 1;"), None);
    let output = notebook.output("for i = 1, 3 do\n  %time print(i)\nend");
    assert_eq!(output.matches("Wall time").count(), 3);
}

#[test]
fn time_of_a_cell_is_that_of_all_of_it() {
    let mut notebook = Notebook::new();
    notebook.host.take();
    assert_eq!(
        notebook.value("%%time\nlocal x = 20\nfiles = !echo 1\nx + 1"),
        Some("21".to_owned())
    );
    assert!(notebook.take_output().contains("Wall time: "));
    assert_eq!(notebook.value("x, files[1]"), Some("20, \"1\"".to_owned()));
    notebook.host.take();
    notebook.fail("%%time\nerror('x')");
    assert!(
        notebook.take_output().contains("Wall time: "),
        "a failure takes time too"
    );
    assert_eq!(
        notebook.value("%%nohistory\n%%time\n1"),
        Some("1".to_owned())
    );
}

#[test]
fn timeit_wants_code_and_keeps_its_own_variables_to_itself() {
    let mut notebook = Notebook::new();
    let failure = notebook.fail("%timeit -n 1 -r 1");
    assert!(
        failure.message.contains("%timeit: it wants Lua code"),
        "{failure}"
    );
    let failure = notebook.fail("local mine = 1\n;%timeit -n 1 -r 1 error(mine)");
    let text = plain(&failure);
    assert!(!text.contains("perilune_magic"), "{text}");
}

#[test]
fn timeit_finds_out_how_often_to_run() {
    let mut notebook = Notebook::new();
    let output = notebook
        .output("calls = 0\nlocal function f() calls = calls + 1 end\n%timeit -n 10 -r 3 f()");
    assert!(output.contains(" per loop, best "), "{output}");
    assert!(
        output.contains("(mean ± std. dev. of 3 runs, 10 loops each)"),
        "{output}"
    );
    assert_eq!(notebook.value("calls"), Some("30".to_owned()));
    let output = notebook.output("%timeit -r 1 perilune.sleep(0.21)");
    assert!(output.contains("of 1 run, 1 loop each"), "{output}");
    let output =
        notebook.output("%%timeit -n 2 -r2\nlocal t = {...}\nfor i = 1, 10 do t[i] = i end\n#t");
    assert!(output.contains("of 2 runs, 2 loops each"), "{output}");
    assert_eq!(
        notebook.value("t"),
        Some("nil".to_owned()),
        "a local of the measured code"
    );
    let failure = notebook.fail("%%timeit\n\nerror('x')");
    assert_eq!(failure.message, "cell[6]:3: x");
}

#[test]
fn who_lists_what_the_user_has_named() {
    let mut notebook = Notebook::new();
    assert_eq!(notebook.output("%who"), "there is nothing yet\n");
    notebook.run(
        "local s = 'text'\nt = {1, 2, x = 3}\nfunction f() end\nprint = print\n_exit_code = 1",
    );
    assert_eq!(notebook.output("%who"), "f  s  t\n");
    assert_eq!(notebook.output("%who table function"), "f  t\n");
    notebook.run("math = 5");
    assert_eq!(notebook.output("%who number"), "math\n");
    let text = shown(&mut notebook, "%whos table string");
    let lines: Vec<_> = text.lines().collect();
    let fields = |line: &str| {
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(fields(lines[0]), ["name", "scope", "type", "size", "value"]);
    assert!(
        lines
            .iter()
            .any(|line| fields(line)[..5] == ["s", "local", "string", "4", "\"text\""]),
        "{text}"
    );
    assert!(
        lines
            .iter()
            .any(|line| fields(line)[..4] == ["t", "global", "table", "3"]),
        "{text}"
    );
    assert!(
        notebook
            .fail("%who tabel")
            .message
            .contains("tabel is no type of Lua")
    );
}

#[test]
fn reset_forgets_what_the_user_has_named_and_nothing_else() {
    let mut notebook = Notebook::new();
    let reset = |notebook: &mut Notebook, code: &str| {
        notebook.run("local kept = 1\nmine = 2\nprint = nil\ndisplay = 5\nsetmetatable(_G, {__index = error})");
        notebook.run(code);
    };
    reset(&mut notebook, "%reset -f");
    let gone = "kept == nil and mine == nil and print and type(display) == 'table'";
    assert_eq!(notebook.value(gone), Some("true".to_owned()));

    notebook.host.answer(Ok("y"));
    reset(&mut notebook, "%reset");
    assert_eq!(notebook.value(gone), Some("true".to_owned()));
    let asked = InputRequest {
        prompt: "Forget all names that you have given? [y/N] ".to_owned(),
        password: false,
    };
    assert!(notebook.host.take().contains(&Event::Input(asked)));

    notebook.host.answer(Ok(""));
    reset(&mut notebook, "%reset");
    assert_eq!(notebook.value("kept, mine"), Some("1, 2".to_owned()));
    notebook.host.answer(Err(InputError::NotAllowed));
    assert!(notebook.fail("%reset").message.contains("%reset -f"));
}

#[test]
fn run_runs_a_file_with_arguments() {
    let folder = Folder::new();
    let mut notebook = Notebook::new();
    let file = folder.with(
        "a b.lua",
        "#!/usr/bin/lua\nlocal hidden = 1\nmade = table.concat({arg[0] == PATH and 'me', ...}, ' ')\nreturn 5",
    );
    notebook.run(&format!("PATH = {file:?}"));
    assert_eq!(
        notebook.value("before = arg\n%run {PATH} 1 'two three' {1 + 2}"),
        None
    );
    assert_eq!(
        notebook.value("made, hidden, arg == before"),
        Some("\"me 1 two three 3\", nil, true".to_owned())
    );
    let file = folder.with(
        "bad.lua",
        "x = 1\nlocal function f() error('inside') end\nf()",
    );
    let failure = notebook.fail(&format!("x = 1;\n%run {file}"));
    assert_eq!(failure.message, format!("{file}:2: inside"));
    assert!(plain(&failure).contains("cell[4]:2"), "{}", plain(&failure));
    assert_eq!(notebook.value("arg == before"), Some("true".to_owned()));
    let file = folder.with("magic.lua", "%who");
    assert!(
        notebook
            .fail(&format!("%run {file}"))
            .message
            .contains("magic.lua:1: unexpected symbol")
    );
    assert!(
        notebook
            .fail("%run /nowhere.lua")
            .message
            .contains("%run: /nowhere.lua: No such file")
    );
}

#[test]
fn only_a_regular_file_of_a_sane_size_is_run_or_written() {
    let folder = Folder::new();
    let mut notebook = Notebook::new();
    let pipe = folder.file("pipe");
    notebook.run(&format!("made = !mkfifo {pipe}\nassert(made.status == 0)"));
    let large = folder.with("large.lua", "");
    let file = fs::File::options().write(true).open(&large).unwrap();
    file.set_len((64 << 20) + 1).unwrap();
    for file in [&pipe, &large, "/dev/zero", "/"] {
        let failure = notebook.fail(&format!("%run {file}"));
        assert!(
            failure.message.contains("is no file of at most 64 MiB"),
            "{failure}"
        );
    }
    for file in [&pipe, "/dev/full", "/"] {
        let failure = notebook.fail(&format!("%%writefile {file}\nx"));
        assert!(failure.message.contains("no regular file"), "{failure}");
    }
}

#[test]
fn load_puts_a_file_into_a_cell() {
    let folder = Folder::new();
    let mut notebook = Notebook::new();
    let file = folder.with("a.lua", "x = 1\nprint(x)\n");
    let text = format!("-- %load {file}\nx = 1\nprint(x)");
    let load = format!("%load {file}");
    let next = |text: &str, replaces| {
        Some(NextInput {
            text: text.to_owned(),
            replaces,
        })
    };
    assert_eq!(notebook.run(&load).next_input, next(&text, true));
    assert_eq!(
        notebook.run(&format!("x = 1;\n{load}")).next_input,
        next(&text, false)
    );
    assert_eq!(notebook.run("x = 1").next_input, None);
    assert!(
        notebook
            .fail("%load https://example.org/a.lua")
            .message
            .contains("!curl")
    );
    assert!(notebook.fail("%load /").message.contains("is no file"));
}

#[test]
fn writefile_writes_the_cell() {
    let folder = Folder::new();
    let mut notebook = Notebook::new();
    let file = folder.file("a b.lua");
    notebook.run(&format!("file = {file:?}"));
    let output = notebook.output("%%writefile {file}\nlocal x = 1\n%who {x} $x\n\\");
    assert_eq!(output, format!("Writing {file}\n"));
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        "local x = 1\n%who {x} $x\n\\\n"
    );
    notebook.run("%%writefile -a $file\nmore\n");
    assert!(fs::read_to_string(&file).unwrap().ends_with("\\\nmore\n"));
    assert!(
        notebook
            .output("%%writefile {file}\n")
            .starts_with("Overwriting")
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "");
    assert!(
        notebook
            .fail("%%writefile\nx")
            .message
            .contains("it wants the name of one file")
    );
}

#[test]
fn variables_of_the_environment_are_set_for_all() {
    let mut notebook = Notebook::new();
    let name = "PERILUNE_TEST_MAGIC_ENV";
    assert!(
        notebook
            .fail(&format!("%env {name}"))
            .message
            .contains("is not set")
    );
    notebook.run(&format!("v = 'a b'\n;%env {name}={{v}}"));
    assert_eq!(notebook.output(&format!("%env {name}")), "a b\n");
    assert_eq!(
        notebook.value(&format!("os.getenv '{name}'")),
        Some("\"a b\"".to_owned())
    );
    notebook.run(&format!("got = !echo \"${name}\"\nassert(got[1] == 'a b')"));
    notebook.run("%env PERILUNE_TEST_API_KEY=hush");
    let all = shown(&mut notebook, "%env");
    assert!(all.contains("a b") && !all.contains("hush"), "{all}");
    notebook.run(&format!("%env {name}="));
    assert_eq!(
        notebook.value(&format!("os.getenv '{name}'")),
        Some("nil".to_owned())
    );
}

#[test]
fn cells_of_other_languages_are_shown() {
    let mut notebook = Notebook::new();
    for (name, mime) in [
        ("html", "text/html"),
        ("markdown", "text/markdown"),
        ("javascript", "application/javascript"),
        ("latex", "text/latex"),
        ("svg", "image/svg+xml"),
    ] {
        notebook.host.take();
        assert_eq!(
            notebook.value(&format!("-- shown\n%%{name}\n<b>{{x}}</b>\n%who\n")),
            None
        );
        let shown = displays(&notebook);
        assert_eq!(shown.len(), 1);
        assert_eq!(shown[0].data[mime], "<b>{x}</b>\n%who\n");
        assert!(shown[0].text().is_some());
    }
    assert!(
        notebook
            .fail("%%html x\n<b>")
            .message
            .contains("it takes nothing behind its name")
    );
}

#[test]
fn scripts_of_the_shell_get_arguments_and_their_failure_is_one() {
    let folder = Folder::new();
    let mut notebook = Notebook::new();
    let file = folder.file("out");
    notebook.run(&format!("file = {file:?}"));
    notebook.run("%%bash {file} 'x y'\nwhile read line; do echo never; done\nprintf '%s|%s' \"$2\" \"${#@}\" > $1");
    assert_eq!(fs::read_to_string(&file).unwrap(), "x y|2");
    notebook.run("%%sh $file\necho $0 > $1");
    assert_eq!(fs::read_to_string(&file).unwrap(), "sh\n");
    let failure = notebook.fail("%%bash\nexit 3");
    assert_eq!(failure.message, "cell[4]:1: %%bash: it ended with status 3");
    assert_eq!(notebook.value("_exit_code"), Some("3".to_owned()));
    let long = "#".repeat(200_000);
    assert!(
        notebook
            .fail(&format!("%%bash\n{long}"))
            .message
            .contains("too long for bash")
    );
}

#[test]
fn every_magic_is_listed() {
    let mut notebook = Notebook::new();
    let text = shown(&mut notebook, "%lsmagic");
    for magic in [
        "%time",
        "%timeit",
        "%who",
        "%whos",
        "%reset",
        "%run",
        "%load",
        "%env",
        "%cd",
        "%pwd",
        "%lsmagic",
        "%luarocks",
        "%%html",
        "%%markdown",
        "%%javascript",
        "%%latex",
        "%%svg",
        "%%writefile",
        "%%bash",
        "%%nohistory",
        "!COMMAND",
    ] {
        assert!(
            text.lines()
                .any(|line| line.split(' ').next() == Some(magic)),
            "{magic}"
        );
    }
}

#[test]
fn a_magic_is_asked_about_like_a_name() {
    let mut notebook = Notebook::new();
    for code in ["%timeit?", "?%timeit", "%%timeit?", "%timeit??"] {
        let page = notebook.run(code).page.unwrap();
        assert!(
            page.text().unwrap().starts_with("%timeit [-n LOOPS]"),
            "{code}"
        );
    }
    assert!(
        notebook
            .run("!?")
            .page
            .unwrap()
            .text()
            .unwrap()
            .contains("_exit_code")
    );
    let page = notebook.run("%tmeit?").page.unwrap();
    assert_eq!(
        page.text(),
        Some("there is no magic %tmeit; did you mean %timeit?")
    );
}

#[test]
fn magics_are_completed_at_the_beginning_of_a_line() {
    let mut notebook = Notebook::new();
    let complete = |notebook: &mut Notebook, code: &str| {
        let found = notebook.lua.complete(code, code.chars().count());
        let texts: Vec<_> = found.matches.into_iter().map(|found| found.text).collect();
        (texts, found.start)
    };
    assert_eq!(
        complete(&mut notebook, "é = 1\n  %ti"),
        (vec!["%time".to_owned(), "%timeit".to_owned()], 8)
    );
    assert_eq!(
        complete(&mut notebook, "%%ht"),
        (vec!["%%html".to_owned()], 0)
    );
    assert!(complete(&mut notebook, "x = 10 % ti").0.is_empty());
}

#[test]
fn a_cell_of_a_magic_is_complete_at_an_empty_line() {
    let mut notebook = Notebook::new();
    let more = Completeness::Incomplete {
        indent: String::new(),
    };
    for (code, expected) in [
        ("%who", Completeness::Complete),
        ("!ls | wc -l", Completeness::Complete),
        ("x = !ls", Completeness::Complete),
        ("!ls \\", more.clone()),
        ("%%html", more.clone()),
        ("%%html\n<b>", more.clone()),
        ("%%html\n<b>\n\n", Completeness::Complete),
        ("%%time", more),
        ("%%time\nf()", Completeness::Complete),
        (
            "%%time\nfor i = 1, 2 do",
            Completeness::Incomplete {
                indent: "  ".to_owned(),
            },
        ),
        (
            "for i = 1, 2 do\n  !echo it's",
            Completeness::Incomplete {
                indent: "  ".to_owned(),
            },
        ),
        ("!ls\nx = = 1", Completeness::Invalid),
    ] {
        assert_eq!(notebook.lua.is_complete(code), expected, "{code}");
    }
}

#[test]
fn a_program_in_a_file_has_no_magics() {
    let mut notebook = Notebook::with(Options {
        is_program: true,
        ..Options::default()
    });
    let failure = notebook.fail("print(1)\n!ls");
    assert_eq!(failure.kind, FailureKind::Syntax);
    notebook.fail("%who");
    assert_eq!(notebook.value("x = 10\n% 3\nx"), Some("1".to_owned()));
}

#[test]
fn a_user_who_assigns_over_everything_breaks_no_magic() {
    let mut notebook = Notebook::new();
    notebook.run(
        "perilune_magic = 1
         local all = _G
         for name in pairs(all) do all[name] = nil end",
    );
    let output = notebook.output("x = 1;\n%timeit -n 1 -r 1 x = 2\n%who");
    assert!(
        output.contains("1 loop each") && output.ends_with("x\n"),
        "{output}"
    );
    notebook.run("%reset -f\nassert(type(print) == 'function')");
}

#[test]
fn a_magic_that_lua_takes_for_an_operator_is_explained() {
    let mut notebook = Notebook::new();
    let failure = notebook.fail("x = {}\n%time table.sort(x)");
    assert!(
        plain(&failure).contains(";%time is the magic"),
        "{failure:?}"
    );
    assert!(
        notebook
            .output("x = {}\n;%time table.sort(x)")
            .contains("Wall time")
    );
}

#[test]
fn a_command_that_writes_without_end_is_ended() {
    let folder = Folder::new();
    let file = folder.file("pid");
    let mut notebook = Notebook::new();
    let failure = notebook.fail(&format!("x = !echo $$ > {file}; exec yes"));
    assert!(
        failure
            .message
            .contains("cell[1]:1: the command wrote more than 256 MiB"),
        "{failure}"
    );
    let pid = fs::read_to_string(file).unwrap();
    assert!(!std::path::Path::new("/proc").join(pid.trim()).exists());
}

#[test]
fn an_interrupt_ends_a_command_and_what_it_started() {
    let folder = Folder::new();
    let file = folder.file("pid");
    let command =
        format!("sh -c 'echo $PPID > {file}.tmp; mv {file}.tmp {file}; sleep 1000'; true");
    for code in [
        format!("pcall(function()\n!{command}\nend)"),
        format!("pcall(function()\nx = !{command}\nend)"),
        format!("%%bash\n{command}"),
    ] {
        let mut notebook = Notebook::new();
        let interrupt = notebook.interrupt.clone();
        let file = file.clone();
        let interrupting = std::thread::spawn(move || {
            while !std::path::Path::new(&file).exists() {
                std::thread::yield_now();
            }
            interrupt.raise();
        });
        let failure = notebook.fail(&code);
        interrupting.join().unwrap();
        assert_eq!(failure.kind, FailureKind::Interrupted, "{code}");
        let parent = fs::read_to_string(folder.file("pid")).unwrap();
        let parent = std::path::Path::new("/proc").join(parent.trim());
        assert!(!parent.exists(), "{code}: {}", parent.display());
        fs::remove_file(folder.file("pid")).unwrap();
    }
}
