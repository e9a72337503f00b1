use perilune_language::debug::{Debugger as _, LoadedSource};
use serde_json::json;

use crate::bench::{Bench, cell};

#[test]
fn the_code_of_a_file_is_read() {
    let bench = Bench::attached();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.lua");
    std::fs::write(&path, b"x = '\xff'").unwrap();
    let body = bench.ok("client", "source", json!({"source": {"path": path}}));
    assert_eq!(
        body,
        json!({"content": "x = '\u{fffd}'", "mimeType": "text/x-lua"})
    );
}

#[test]
fn a_file_is_opened_by_its_path_even_if_its_code_was_told() {
    let bench = Bench::attached();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("a.lua");
    std::fs::write(&path, "x = 1").unwrap();
    let path = path.to_str().unwrap();
    bench.debugger.loaded(LoadedSource {
        key: path.into(),
        code: Some("x = 1".into()),
    });
    let source = bench.event("loadedSource")["source"].clone();
    assert_eq!(source, json!({"name": "a.lua", "path": path}));
    assert_eq!(bench.event("module")["module"]["name"], "a");
    let arguments = json!({"source": {"path": path}, "breakpoints": [{"line": 1}]});
    let set = bench.ok("client", "setBreakpoints", arguments);
    assert_eq!(set["breakpoints"][0]["source"], source);
}

#[test]
fn what_cannot_be_read_is_refused_with_the_reason() {
    let bench = Bench::attached();
    let folder = tempfile::tempdir().unwrap();
    let long = folder.path().join("long.lua");
    let file = std::fs::File::create(&long).unwrap();
    file.set_len((16 << 20) + 1).unwrap();
    for (source, message) in [
        (json!({"path": folder.path()}), "it is not a file"),
        (json!({"path": long}), "it is too long"),
        (json!({"path": "/no/such.lua"}), "No such file or directory"),
        (
            json!({"path": "relative.lua"}),
            "the code of relative.lua cannot be read",
        ),
        (json!({"name": "chunk"}), "the code of chunk cannot be read"),
        (
            json!({"sourceReference": 9}),
            "the code of source 9 cannot be read",
        ),
        (json!({}), "cannot be read"),
    ] {
        let refused = bench.refused("client", "source", json!({"source": source}));
        assert!(refused.contains(message), "{refused}");
    }
}

#[test]
fn a_string_is_read_by_its_reference() {
    let bench = Bench::attached();
    bench.debugger.loaded(LoadedSource {
        key: "chunk".into(),
        code: Some("return 1".into()),
    });
    let source = bench.event("loadedSource")["source"].clone();
    assert_eq!(source, json!({"name": "chunk", "sourceReference": 1}));
    let body = bench.ok(
        "client",
        "source",
        json!({"source": source, "sourceReference": 1}),
    );
    assert_eq!(body["content"], "return 1");
    // Breakpoints are set in it likewise.
    let arguments = json!({"source": source, "breakpoints": [{"line": 1}]});
    assert_eq!(
        bench.ok("client", "setBreakpoints", arguments)["breakpoints"][0]["verified"],
        true
    );
    assert!(bench.debugger.wishes().lines.contains_key("chunk"));
}

#[test]
fn the_cell_of_a_program_is_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("main.lua");
    std::fs::write(&path, "x = 1").unwrap();
    let link = folder.path().join("link.lua");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let link = link.to_str().unwrap();
    let bench = Bench::with_program(Some(link));
    let mut program = cell("x = 1");
    program.name = link.to_owned();
    assert_eq!(&*bench.debugger.source_of(&program), path.to_str().unwrap());
    program.name = "(standard input)".to_owned();
    assert_eq!(&*bench.debugger.source_of(&program), "(standard input)");
}

#[test]
fn code_that_loads_more_code_than_anybody_wants_to_hear_of_is_not_slowed_down() {
    let bench = Bench::attached();
    for number in 0..1500 {
        bench.debugger.loaded(LoadedSource {
            key: format!("chunk {number}").into(),
            code: Some("return 1".into()),
        });
    }
    for _ in 0..1000 {
        bench.event("loadedSource");
    }
    bench.no_event();
    let all = bench.ok("client", "loadedSources", json!({}));
    assert_eq!(all["sources"].as_array().unwrap().len(), 1500);
    bench.run([]);
    bench.idle();
    bench.debugger.loaded(LoadedSource {
        key: "one more".into(),
        code: None,
    });
    bench.event("loadedSource");
}

#[test]
fn only_so_much_code_is_remembered() {
    let bench = Bench::attached();
    let code = "-".repeat(17 << 20);
    let keys: Vec<_> = (0..4)
        .map(|number| bench.debugger.source_of(&cell(&format!("{number}{code}"))))
        .collect();
    let first = bench.refused("client", "source", json!({"source": {"path": &*keys[0]}}));
    assert!(first.contains("cannot be read"));
    let last = bench.ok("client", "source", json!({"source": {"path": &*keys[3]}}));
    assert_eq!(last["content"].as_str().unwrap().len(), code.len() + 1);
}
