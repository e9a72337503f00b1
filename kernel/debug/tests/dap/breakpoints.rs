use std::sync::atomic::Ordering;

use perilune_language::debug::{
    Debugger as _, HitCondition, LineBreakpoint, LoadedSource, LogPiece,
};
use serde_json::{Value, json};

use crate::bench::Bench;

/// Line 1 is a comment, lines 2 and 5 have code.
const CODE: &str = "-- a module\nlocal x = 1\n\n\nreturn x\n\n";

fn file(code: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("größe.lua");
    std::fs::write(&path, code).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

fn set(bench: &Bench, client: &str, path: &str, breakpoints: &Value) -> Vec<Value> {
    let arguments = json!({"source": {"path": path}, "breakpoints": breakpoints});
    let body = bench.ok(client, "setBreakpoints", arguments);
    let set = body["breakpoints"].as_array().unwrap().clone();
    assert_eq!(set.len(), breakpoints.as_array().unwrap().len());
    set
}

fn wished(bench: &Bench, key: &str) -> Vec<(u32, LineBreakpoint)> {
    let wishes = bench.debugger.wishes();
    let lines = wishes.lines.get(key);
    let lines = lines.into_iter().flatten();
    lines
        .flat_map(|(line, all)| all.iter().map(|it| (*line, it.clone())))
        .collect()
}

#[test]
fn a_breakpoint_comes_to_the_next_line_with_code() {
    let bench = Bench::attached();
    let (_folder, path) = file(CODE);
    let told = set(
        &bench,
        "client",
        &path,
        &json!([{"line": 1}, {"line": 3}, {"line": 5}, {"line": 6}]),
    );
    let lines: Vec<_> = told.iter().map(|it| it["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [2, 5, 5, 6]);
    let verified: Vec<_> = told.iter().map(|it| it["verified"] == true).collect();
    assert_eq!(verified, [true, true, true, false]);
    assert_eq!(
        told[3]["message"],
        "there is no code at this line, nor below it"
    );
    assert_eq!(told[3]["reason"], "failed");
    assert_eq!(
        told[0]["source"],
        json!({"name": "größe.lua", "path": path})
    );
    let lines: Vec<_> = wished(&bench, &path)
        .iter()
        .map(|(line, _)| *line)
        .collect();
    assert_eq!(lines, [2, 5, 5]);
    assert!(
        bench.debugger.attention().take(),
        "running code looks at once"
    );
}

#[test]
fn a_path_that_is_a_link_is_the_file_itself() {
    let bench = Bench::attached();
    let (folder, path) = file(CODE);
    let link = folder.path().join("link.lua");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    set(
        &bench,
        "client",
        link.to_str().unwrap(),
        &json!([{"line": 2}]),
    );
    assert_eq!(wished(&bench, &path).len(), 1);
}

#[test]
fn code_that_does_not_compile_has_no_breakpoint_yet_and_says_why() {
    let bench = Bench::attached();
    let (_folder, path) = file("!\nlocal x");
    let told = set(&bench, "client", &path, &json!([{"line": 2}]));
    assert_eq!(told[0]["verified"], false);
    assert_eq!(told[0]["reason"], "pending");
    assert_eq!(told[0]["message"], "unexpected symbol near '!'");
}

#[test]
fn a_breakpoint_in_code_that_nobody_knows_waits_for_it() {
    let bench = Bench::attached();
    let source = json!({"source": {"name": "chunk"}, "breakpoints": [{"line": 1}, {"line": 9}]});
    let told = bench.ok("client", "setBreakpoints", source);
    let first = &told["breakpoints"][0];
    assert_eq!(
        (&first["verified"], &first["line"]),
        (&json!(false), &json!(1))
    );
    assert_eq!(first["message"], "this code is not loaded yet");
    assert_eq!(wished(&bench, "chunk")[0].0, 1);
    assert!(bench.debugger.attention().take());

    let source = LoadedSource {
        key: "chunk".into(),
        code: Some(CODE.into()),
    };
    bench.debugger.loaded(source.clone());
    // In time for the code that was loaded: its first line runs next.
    assert_eq!(
        wished(&bench, "chunk")
            .iter()
            .map(|it| it.0)
            .collect::<Vec<_>>(),
        [2]
    );
    assert!(bench.debugger.attention().take());
    let moved = bench.event("breakpoint");
    assert_eq!(moved["reason"], "changed");
    assert_eq!(moved["breakpoint"]["id"], first["id"]);
    assert_eq!(moved["breakpoint"]["line"], 2);
    assert_eq!(moved["breakpoint"]["verified"], true);
    assert_eq!(bench.event("breakpoint")["breakpoint"]["reason"], "failed");
    assert_eq!(bench.event("loadedSource")["reason"], "new");
    bench.debugger.loaded(source.clone());
    bench.no_event();
    // Other code, in which the line is at another place.
    bench.debugger.loaded(LoadedSource {
        code: Some("x = 1".into()),
        ..source
    });
    assert_eq!(bench.event("breakpoint")["breakpoint"]["line"], 1);
    assert_eq!(bench.event("loadedSource")["reason"], "changed");
    bench.no_event();
}

#[test]
fn breakpoints_set_again_are_the_same_ones() {
    let bench = Bench::attached();
    let (_folder, path) = file(CODE);
    let wanted = json!([{"line": 2, "condition": "x > 1"}, {"line": 3, "hitCondition": "3"}]);
    let first = set(&bench, "client", &path, &wanted);
    wished(&bench, &path)[0].1.count.store(7, Ordering::Relaxed);
    wished(&bench, &path)[1].1.count.store(8, Ordering::Relaxed);
    let second = set(&bench, "client", &path, &wanted);
    assert_eq!(first, second);
    let counts = |bench: &Bench| {
        let wished = wished(bench, &path).into_iter();
        wished
            .map(|(_, it)| it.count.load(Ordering::Relaxed))
            .collect::<Vec<_>>()
    };
    assert_eq!(counts(&bench), [7, 8]);
    // As front ends set them again where they have come to, and with others before them.
    let moved =
        json!([{"line": 1}, {"line": 5, "hitCondition": "3"}, {"line": 2, "condition": "x > 2"}]);
    let third = set(&bench, "client", &path, &moved);
    assert_eq!(
        (&third[1]["id"], &third[2]["id"]),
        (&first[1]["id"], &first[0]["id"])
    );
    assert_ne!(third[0]["id"], first[0]["id"]);
    // Who counts something else begins anew.
    assert_eq!(counts(&bench), [0, 0, 8]);
}

#[test]
fn setting_none_removes_all_of_that_source() {
    let bench = Bench::attached();
    let (_folder, path) = file(CODE);
    let (_other_folder, other) = file(CODE);
    set(&bench, "client", &path, &json!([{"line": 2}]));
    set(&bench, "client", &other, &json!([{"line": 2}]));
    bench.debugger.attention().take();
    set(&bench, "client", &path, &json!([]));
    assert!(bench.debugger.attention().take());
    assert!(wished(&bench, &path).is_empty());
    assert_eq!(wished(&bench, &other).len(), 1);
    // The field's former name.
    let arguments = json!({"source": {"path": path}, "lines": [5]});
    assert_eq!(
        bench.ok("client", "setBreakpoints", arguments)["breakpoints"][0]["line"],
        5
    );
}

#[test]
fn a_breakpoint_may_have_a_condition_count_its_hits_and_log() {
    let bench = Bench::attached();
    let (_folder, path) = file(CODE);
    set(
        &bench,
        "client",
        &path,
        &json!([{"line": 2, "condition": " x > 1 ", "hitCondition": ">= 5", "logMessage": "x = {x}"},
                {"line": 5, "condition": "", "hitCondition": "", "logMessage": ""}]),
    );
    let wished = wished(&bench, &path);
    let (full, plain) = (&wished[0].1, &wished[1].1);
    assert_eq!(full.condition.as_deref(), Some("x > 1"));
    assert_eq!(full.hits, Some(HitCondition::AtLeast(5)));
    let pieces = [
        LogPiece::Text("x = ".to_owned()),
        LogPiece::Expression("x".to_owned()),
    ];
    assert_eq!(full.log.as_deref(), Some(&pieces[..]));
    assert!(plain.condition.is_none() && plain.hits.is_none() && plain.log.is_none());
}

#[test]
fn what_cannot_be_meant_is_refused_with_words_and_alone() {
    let bench = Bench::attached();
    let (_folder, path) = file(CODE);
    let told = set(
        &bench,
        "client",
        &path,
        &json!([{"line": 2, "hitCondition": "often"}, {"line": 2, "logMessage": "{x"}, {"line": 2}]),
    );
    assert_eq!(told[0]["verified"], false);
    assert!(
        told[0]["message"]
            .as_str()
            .unwrap()
            .starts_with("`often` is no hit condition")
    );
    assert!(told[1]["message"].as_str().unwrap().contains("has no `}`"));
    assert_eq!(told[2]["verified"], true);
    assert_eq!(wished(&bench, &path).len(), 1);
}

#[test]
fn an_expression_that_does_not_compile_is_refused_wherever_it_stands() {
    let bench = Bench::attached();
    let (_folder, path) = file(CODE);
    let why = "`x !` is no expression: unexpected symbol near '!'";
    let refused = |told: &Value| {
        assert_eq!(told["verified"], false);
        assert_eq!(told["message"], why);
    };
    let told = set(
        &bench,
        "client",
        &path,
        &json!([{"line": 2, "condition": " x !"}, {"line": 2, "logMessage": "{y} {x !}"}]),
    );
    refused(&told[0]);
    refused(&told[1]);
    let arguments = json!({"breakpoints": [{"name": "f", "condition": "x !"}]});
    let told = bench.ok("client", "setFunctionBreakpoints", arguments);
    refused(&told["breakpoints"][0]);
    let arguments = json!({"breakpoints": [{"dataId": "field:1:a", "condition": "x !"}]});
    let told = bench.ok("client", "setDataBreakpoints", arguments);
    refused(&told["breakpoints"][0]);
    let arguments =
        json!({"filters": [], "filterOptions": [{"filterId": "caught", "condition": "x !"}]});
    let told = bench.ok("client", "setExceptionBreakpoints", arguments);
    refused(&told["breakpoints"][0]);
    assert!(bench.debugger.wishes().is_empty());
}

#[test]
fn a_client_that_counts_from_0_is_understood() {
    let bench = Bench::new();
    bench.attach(
        "client",
        json!({"linesStartAt1": false, "columnsStartAt1": false}),
    );
    let (_folder, path) = file(CODE);
    let told = set(&bench, "client", &path, &json!([{"line": 0}]));
    assert_eq!(told[0]["line"], 1);
    assert_eq!(wished(&bench, &path)[0].0, 2);
    let arguments = json!({"source": {"path": path}, "line": 0, "endLine": 3});
    let found = bench.ok("client", "breakpointLocations", arguments);
    assert_eq!(found["breakpoints"], json!([{"line": 1}]));
}

#[test]
fn a_client_that_writes_uris_is_understood() {
    let bench = Bench::new();
    bench.attach("client", json!({"pathFormat": "uri"}));
    let (_folder, path) = file(CODE);
    let uri = format!(
        "file://{}",
        path.replace('ö', "%C3%B6").replace('ß', "%C3%9F")
    );
    let told = set(&bench, "client", &uri, &json!([{"line": 2}]));
    assert_eq!(told[0]["source"]["path"], uri);
    assert_eq!(wished(&bench, &path).len(), 1);
}

#[test]
fn others_hear_what_a_client_has_changed() {
    let bench = Bench::attached();
    bench.attach("other", json!({}));
    let (_folder, path) = file(CODE);
    let told = set(&bench, "client", &path, &json!([{"line": 2}]));
    let event = bench.event("breakpoint");
    assert_eq!(
        (&event["reason"], &event["client"]),
        (&json!("new"), &json!("client"))
    );
    assert_eq!(event["breakpoint"], told[0]);
    set(
        &bench,
        "client",
        &path,
        &json!([{"line": 2, "condition": "x"}]),
    );
    assert_eq!(bench.event("breakpoint")["reason"], "changed");
    set(&bench, "other", &path, &json!([]));
    let event = bench.event("breakpoint");
    assert_eq!(
        (&event["reason"], &event["client"]),
        (&json!("removed"), &json!("other"))
    );
    assert_eq!(event["breakpoint"]["id"], told[0]["id"]);
    bench.no_event();
}

#[test]
fn the_lines_that_a_breakpoint_can_have_are_told() {
    let bench = Bench::attached();
    let (_folder, path) = file(CODE);
    let ask = |line: u32, end: Value| {
        let arguments = json!({"source": {"path": path}, "line": line, "endLine": end});
        bench.ok("client", "breakpointLocations", arguments)["breakpoints"].clone()
    };
    assert_eq!(ask(1, json!(100)), json!([{"line": 2}, {"line": 5}]));
    assert_eq!(ask(5, Value::Null), json!([{"line": 5}]));
    assert_eq!(ask(3, Value::Null), json!([]));
    let arguments = json!({"source": {"path": "/no/such.lua"}, "line": 1});
    let message = bench.refused("client", "breakpointLocations", arguments);
    assert_eq!(message, "the code of /no/such.lua cannot be read");
    let (_folder, path) = file("!");
    let arguments = json!({"source": {"path": path}, "line": 1});
    let message = bench.refused("client", "breakpointLocations", arguments);
    assert_eq!(message, "unexpected symbol near '!'");
}

#[test]
fn ten_thousand_breakpoints_are_set_set_again_and_cleared() {
    let bench = Bench::attached();
    let (_folder, path) = file(&"x = 1\n".repeat(10_000));
    let all: Vec<_> = (1..=10_000).map(|line| json!({"line": line})).collect();
    assert_eq!(set(&bench, "client", &path, &json!(all)).len(), 10_000);
    assert_eq!(bench.debugger.wishes().lines[path.as_str()].len(), 10_000);
    assert_eq!(set(&bench, "client", &path, &json!(all)).len(), 10_000);
    set(&bench, "client", &path, &json!([]));
    assert!(bench.debugger.wishes().is_empty());
}

#[test]
fn a_kernel_has_no_room_for_more_breakpoints_than_anybody_sets() {
    let bench = Bench::attached();
    let all: Vec<_> = (1..=60_000).map(|line| json!({"line": line})).collect();
    let set = |name: &str| json!({"source": {"name": name}, "breakpoints": all});
    bench.ok("client", "setBreakpoints", set("a"));
    let message = bench.refused("client", "setBreakpoints", set("b"));
    assert_eq!(message, "a kernel can have 100000 breakpoints; remove some");
}
