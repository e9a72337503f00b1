//! Modules, those of C included.

use std::fs;
use std::path::Path;

use crate::notebook::{Event, Notebook, plain};
use perilune_lua::{INFO, Options};

/// A notebook that works in a folder.
fn in_project(folder: &Path) -> Notebook {
    Notebook::with(Options {
        project: Some(folder.to_owned()),
        ..Options::default()
    })
}

/// Writes a file, and the folders that it is in.
fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn a_projects_modules_are_found_from_its_inner_folders_too() {
    let folder = tempfile::tempdir().unwrap();
    let rocks = folder.path().join("lua_modules/share/lua/5.4");
    write(&rocks.join("shapes.lua"), "return {sides = 3}");
    write(&rocks.join("shapes/round/init.lua"), "return {sides = 0}");
    let inner = folder.path().join("notebooks/geometry");
    fs::create_dir_all(&inner).unwrap();
    let mut notebook = in_project(&inner);
    assert_eq!(
        notebook
            .value("require('shapes').sides, require('shapes.round').sides")
            .as_deref(),
        Some("3, 0")
    );
    assert_eq!(
        notebook
            .value("package.loaded.shapes = nil return select(2, require 'shapes')")
            .as_deref(),
        Some(format!("\"{}\"", rocks.join("shapes.lua").display()).as_str()),
        "as Lua's own, it tells where the module was"
    );
}

#[test]
fn a_project_of_libraries_of_c_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let rocks = folder.path().join("lua_modules/lib/lua/5.4");
    fs::create_dir_all(&rocks).unwrap();
    fs::copy(
        "/usr/lib/x86_64-linux-gnu/lua/5.4/cjson.so",
        rocks.join("cjson.so"),
    )
    .unwrap();
    let mut notebook = in_project(folder.path());
    assert_eq!(
        notebook.value("select(2, require 'cjson')").as_deref(),
        Some(format!("\"{}\"", rocks.join("cjson.so").display()).as_str()),
        "before Debian's"
    );
}

#[test]
fn without_a_project_nothing_is_looked_for_in_the_working_directory() {
    let mut notebook = Notebook::new();
    assert_eq!(
        notebook
            .value("package.path:find('%f[^;\\0]%.') or package.cpath:find('%f[^;\\0]%.')")
            .as_deref(),
        Some("nil")
    );
    let folder = tempfile::tempdir().unwrap();
    let mut notebook = in_project(folder.path());
    assert_eq!(
        notebook
            .value("package.path:find(';./?.lua;./?/init.lua', 1, true) ~= nil, package.cpath:find(';./?.so', 1, true) ~= nil")
            .as_deref(),
        Some("true, true")
    );
}

#[test]
fn a_module_that_is_missing_says_where_it_was_looked_for_and_how_it_is_installed() {
    let folder = tempfile::tempdir().unwrap();
    let rocks = folder.path().join("lua_modules/share/lua/5.4");
    write(&rocks.join("geometry.lua"), "return {}");
    let mut notebook = in_project(folder.path());
    let failure = notebook.fail("require 'geometri'");
    let lines: Vec<_> = failure.message.lines().collect();
    assert_eq!(lines[0], "cell[1]:1: module 'geometri' not found:");
    assert!(
        lines[1].starts_with(&format!("  no module of Lua in {}, ", rocks.display())),
        "{failure}"
    );
    assert!(lines[1].ends_with(", the working directory"), "{failure}");
    assert!(lines[2].starts_with("  no module of C in "), "{failure}");
    assert_eq!(lines[3], "  did you mean 'geometry'?");
    assert_eq!(
        lines[4],
        "  to install geometri: %luarocks install geometri, or in a shell: luarocks --lua-version 5.4 \
         install --local geometri"
    );
    assert_eq!(lines.len(), 5, "{failure}");
    let failure = notebook.fail("require 'lffs'");
    assert!(
        failure
            .message
            .contains("did you mean 'lfs'?\n  to install lfs: %luarocks install luafilesystem"),
        "{failure}"
    );
    let failure = notebook.fail("require 'lfs.impl'");
    assert!(
        failure.message.ends_with(
            "%luarocks install luafilesystem, or in a shell: sudo apt install lua-filesystem"
        ),
        "{failure}"
    );
}

#[test]
fn require_does_what_luas_own_does() {
    let mut notebook = Notebook::new();
    notebook.run(
        "package.preload.counted = function(name, from) loads = (loads or 0) + 1 return name .. from end\n\
         package.preload.silent = function() end\n\
         package.preload.setting = function(name) package.loaded[name] = 'set' end\n\
         package.preload['false'] = function() return false end",
    );
    let cases = [
        ("require 'counted'", "\"counted:preload:\", \":preload:\""),
        ("require 'counted'", "\"counted:preload:\""),
        ("loads", "1"),
        (
            "require 'silent', require 'setting'",
            "true, \"set\", \":preload:\"",
        ),
        ("(require 'false')", "false"),
        (
            "pcall(require)",
            "false, \"bad argument #1 to 'require' (string expected, got no value)\"",
        ),
    ];
    for (code, value) in cases {
        assert_eq!(notebook.value(code).as_deref(), Some(value), "{code}");
    }
    notebook.run(
        "table.insert(package.searchers, function(name) if name == 'magic' then return function(...) return {...} end, 'wand' end return 'no spell for ' .. name end)",
    );
    assert_eq!(
        notebook.value("table.unpack((require 'magic'))").as_deref(),
        Some("\"magic\", \"wand\"")
    );
    let failure = notebook.fail("require 'mundane'");
    assert!(
        failure.message.contains("\n  no spell for mundane\n"),
        "{failure}"
    );
    notebook.run("local searchers = package.searchers package.searchers = nil broken = select(2, pcall(require, 'any')) package.searchers = searchers");
    assert_eq!(
        notebook.value("broken").as_deref(),
        Some("\"'package.searchers' must be a table\"")
    );
}

#[test]
fn a_module_that_fails_can_be_mended_and_required_again() {
    let folder = tempfile::tempdir().unwrap();
    let module = folder.path().join("lua_modules/share/lua/5.4/mended.lua");
    write(&module, "local M = {\nreturn M");
    let mut notebook = in_project(folder.path());
    let failure = notebook.fail("require 'mended'");
    let text = plain(&failure);
    assert!(text.contains("--> 2 | return M"), "{text}");
    write(&module, "return {ok = true}");
    assert_eq!(
        notebook.value("require('mended').ok").as_deref(),
        Some("true")
    );
}

#[test]
fn a_library_for_another_lua_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let rocks = folder.path().join("lua_modules/lib/lua/5.4");
    fs::create_dir_all(&rocks).unwrap();
    fs::copy(
        "/usr/lib/x86_64-linux-gnu/lua/5.1/lpeg.so",
        rocks.join("lpeg.so"),
    )
    .unwrap();
    fs::write(rocks.join("garbage.so"), "this is text").unwrap();
    let mut notebook = in_project(folder.path());
    let failure = notebook.fail("require 'lpeg'");
    assert!(
        plain(&failure).contains("hint: the library was built for another version of Lua"),
        "{}",
        plain(&failure)
    );
    let failure = notebook.fail("require 'garbage'");
    assert!(
        plain(&failure).contains("hint: the library was built for another kind of machine"),
        "{}",
        plain(&failure)
    );
}

#[test]
fn libraries_of_c_load_from_where_the_distribution_has_them() {
    let mut notebook = Notebook::new();
    assert_eq!(
        notebook
            .value("require('cjson').encode({1, 'a'})")
            .as_deref(),
        Some("'[1,\"a\"]'")
    );
    assert!(notebook.host.take().contains(&Event::Foreign));
    assert_eq!(
        notebook
            .value("require('lpeg').match(lpeg or require('lpeg').P('a'), 'a')")
            .as_deref(),
        Some("2")
    );
    assert_eq!(
        notebook
            .value("type(require('socket').gettime())")
            .as_deref(),
        Some("\"number\"")
    );
}

#[test]
fn an_error_through_a_library_of_c_is_an_error() {
    let mut notebook = Notebook::new();
    let failure = notebook.fail("require('cjson').decode('{')");
    assert!(
        failure.message.contains("Expected object key string"),
        "{failure}"
    );
}

#[test]
fn modules_of_lua_are_found_and_their_errors_shown() {
    let mut notebook = Notebook::new();
    let folder = std::env::temp_dir().join(format!("perilune-modules-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        folder.join("broken.lua"),
        "local M = {}\nfunction M.f()\n  error('in module')\nend\nreturn M",
    )
    .unwrap();
    notebook.run(&format!(
        "package.path = '{}/?.lua;' .. package.path",
        folder.display()
    ));
    let failure = notebook.fail("require('broken').f()");
    let text = plain(&failure);
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(text.contains("in module"), "{text}");
    assert!(text.contains("--> 3 |   error('in module')"), "{text}");
    let failure = notebook.fail("require('there.is.none')");
    assert!(
        failure.message.contains("module 'there.is.none' not found"),
        "{failure}"
    );
    assert!(failure.message.contains("/usr/share/lua/5.4"), "{failure}");
}

#[test]
fn arguments_are_there_as_with_lua() {
    let mut notebook = Notebook::with(Options {
        arguments: vec!["a".to_owned(), "b".to_owned()],
        script_name: Some("script.lua".to_owned()),
        ..Options::default()
    });
    assert_eq!(
        notebook
            .value("arg[0], arg[1], select('#', ...), ...")
            .as_deref(),
        Some("\"script.lua\", \"a\", 2, \"a\", \"b\"")
    );
}

#[test]
fn the_version_is_that_of_the_lua_inside() {
    unsafe extern "C" {
        static lua_ident: [std::ffi::c_char; 64];
    }
    // SAFETY: Lua defines it as a string that is longer than what is read of it.
    let text = unsafe { std::ffi::CStr::from_ptr((&raw const lua_ident).cast()) };
    let text = text.to_str().unwrap();
    assert!(text.contains(&format!("Lua {} ", INFO.version)), "{text}");
}
