//! What is loaded, and what it is known by.

use std::fs;

use super::script::{cell, debugged};

#[test]
fn a_breakpoint_stops_in_files_however_they_are_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("part.lua");
    fs::write(&file, "local M = {}\nM.x = 1\nreturn M\n").unwrap();
    let path = fs::canonicalize(&file).unwrap();
    let shown = path.display();
    for code in [
        format!("dofile('{shown}')"),
        format!("loadfile('{shown}')()"),
        format!(
            "package.path = '{}/?.lua;' .. package.path\nrequire 'part'",
            folder.path().display()
        ),
        format!("local f = io.open('{shown}')\nlocal text = f:read 'a'\nload(text, '@{shown}')()"),
    ] {
        let (mut notebook, script) = debugged();
        script.break_at(&path.to_string_lossy(), 2);
        notebook.run(&code);
        let stops = script.take_stops();
        assert_eq!(stops.len(), 1, "{code}");
        assert_eq!(
            (stops[0].line, stops[0].source.as_str()),
            (2, &*path.to_string_lossy())
        );
        let loaded = script.loaded.lock().unwrap();
        assert!(
            loaded
                .iter()
                .any(|source| *source.key == *path.to_string_lossy()),
            "{code}"
        );
    }
}

#[test]
fn a_breakpoint_stops_in_a_string_that_has_a_name() {
    for name in ["=part", "part"] {
        let (mut notebook, script) = debugged();
        script.break_at("part", 2);
        notebook.run(&format!("load('local a = 1\\nlocal b = 2', '{name}')()"));
        assert_eq!(script.lines(), [2], "{name}");
        let loaded = script.loaded.lock().unwrap();
        let source = loaded.iter().find(|source| &*source.key == "part").unwrap();
        assert_eq!(source.code.as_deref(), Some("local a = 1\nlocal b = 2"));
    }
}

#[test]
fn cells_are_told_as_they_were_written() {
    let (mut notebook, script) = debugged();
    notebook.run("#!shebang\nlocal a = 1\n%env HOME");
    let loaded = script.loaded.lock().unwrap();
    assert_eq!(
        loaded[0].code.as_deref(),
        Some("#!shebang\nlocal a = 1\n%env HOME")
    );
    assert_eq!(*loaded[0].key, *cell(1));
}
