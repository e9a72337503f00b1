//! Modules, those of C included.

use crate::notebook::{Event, Notebook, plain};
use perilune_lua::{INFO, Options};

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
    assert!(
        failure
            .message
            .contains("/usr/share/lua/5.4/there/is/none.lua"),
        "{failure}"
    );
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
