use std::fs;
use std::os::unix::fs::PermissionsExt;

use perilune_language::debug::{Debugger as _, LoadedSource, Reason, Resume, Stop};
use serde_json::{Value, json};

use crate::bench::{Bench, cell, stop};
use crate::paused::COROUTINE;

fn lab() -> Value {
    json!({
        "clientID": "jupyterlab", "clientName": "JupyterLab", "adapterID": "perilune",
        "pathFormat": "path", "linesStartAt1": true, "columnsStartAt1": true,
        "supportsVariableType": true, "supportsVariablePaging": true,
        "supportsRunInTerminalRequest": true, "locale": "en",
    })
}

fn attached() -> Bench {
    let bench = Bench::new();
    bench.attach("page", lab());
    bench
}

#[test]
fn a_notebook_that_is_opened_learns_how_cells_are_known() {
    let bench = Bench::new();
    let info = bench.ok("page", "debugInfo", json!({}));
    let prefix = info["tmpFilePrefix"].as_str().unwrap().to_owned();
    assert_eq!(
        info,
        json!({"isStarted": false, "hashMethod": "Murmur2", "hashSeed": 0xC70F_6907_u32,
               "tmpFilePrefix": prefix, "tmpFileSuffix": ".lua", "breakpoints": [], "stoppedThreads": [],
               "richRendering": true, "exceptionPaths": [], "copyToGlobals": true})
    );
    // The hash is what ipykernel's `murmur2_x86` says.
    let code = "local größe = 1 -- 日本語 🌙";
    let path = bench.ok("page", "dumpCell", json!({"code": code}))["sourcePath"].clone();
    assert_eq!(path, format!("{prefix}3367255551.lua"));
    let path = path.as_str().unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), code);
    assert_eq!(
        fs::metadata(path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(
        fs::metadata(&prefix).unwrap().permissions().mode() & 0o777,
        0o700
    );
    assert_eq!(&*bench.debugger.source_of(&cell(code)), path);
    bench.debugger.end();
    assert!(!fs::exists(&prefix).unwrap());
}

#[test]
fn breakpoints_of_a_cell_are_verified_before_it_runs_and_echoed() {
    let bench = attached();
    let path =
        bench.ok("page", "dumpCell", json!({"code": "\n\nx = 1\ny = 2"}))["sourcePath"].clone();
    let arguments =
        json!({"source": {"path": path}, "breakpoints": [{"line": 1}], "sourceModified": false});
    let set = bench.ok("page", "setBreakpoints", arguments);
    let set = &set["breakpoints"][0];
    assert_eq!(
        (&set["verified"], &set["line"], &set["source"]["path"]),
        (&json!(true), &json!(3), &path)
    );
    let info = bench.ok("page", "debugInfo", json!({}));
    assert_eq!(info["isStarted"], true);
    assert_eq!(
        info["breakpoints"],
        json!([{"source": path, "breakpoints": [{"line": 3}]}])
    );
    // As it does whenever the notebook gets the focus.
    let arguments = json!({"source": {"path": path}, "breakpoints": [{"line": 3}]});
    let again = bench.ok("page", "setBreakpoints", arguments);
    assert_eq!(again["breakpoints"][0]["id"], set["id"]);
}

#[test]
fn a_cell_that_was_not_dumped_can_be_read_by_its_reference() {
    let bench = attached();
    let key = bench.debugger.source_of(&cell("x = 1"));
    bench.debugger.loaded(LoadedSource {
        key: key.clone(),
        code: Some("x = 1".into()),
    });
    let source = bench.event("loadedSource")["source"].clone();
    assert_eq!(
        (&source["name"], &source["path"]),
        (&json!("cell[3]"), &json!(&*key))
    );
    assert!(source["sourceReference"].as_i64().unwrap() > 0);
    for arguments in [
        json!({"source": source, "sourceReference": 0}),
        json!({"source": {"path": &*key}}),
        json!({"sourceReference": source["sourceReference"]}),
    ] {
        assert_eq!(bench.ok("page", "source", arguments)["content"], "x = 1");
    }
    bench.ok("page", "dumpCell", json!({"code": "x = 1"}));
    let sources = bench.ok("page", "loadedSources", json!({}));
    assert_eq!(
        sources["sources"],
        json!([{"name": "cell[3]", "path": &*key}])
    );
}

#[test]
fn the_words_for_types_are_those_that_show_the_value() {
    let bench = attached();
    bench.run_to_stop(stop(Reason::Breakpoint));
    let all =
        bench.ok("page", "variables", json!({"variablesReference": 101}))["variables"].clone();
    let types: Vec<_> = { all.as_array().unwrap().iter() }
        .map(|it| (it["name"].as_str().unwrap(), it["type"].as_str()))
        .collect();
    assert_eq!(
        types,
        [
            ("i", Some("int")),
            // JavaScript would round it.
            ("big", None),
            ("half", Some("float")),
            ("yes", Some("bool")),
            ("name", Some("str")),
            ("nothing", None),
            ("f", None),
            ("t", None),
            ("[metatable]", None),
        ]
    );
    assert_eq!(
        bench.ok("page", "variables", json!({"variablesReference": 0}))["variables"],
        json!([])
    );
}

#[test]
fn it_knows_one_thread_whatever_has_stopped() {
    let bench = attached();
    bench.run([Stop {
        thread: COROUTINE,
        ..stop(Reason::Breakpoint)
    }]);
    assert_eq!(bench.event("stopped")["threadId"], 1);
    assert_eq!(
        bench.ok("page", "debugInfo", json!({}))["stoppedThreads"],
        json!([1])
    );
    for thread in [1, 2] {
        let stack = bench.ok("page", "stackTrace", json!({"threadId": thread}));
        assert_eq!(stack["stackFrames"][0]["name"], "f0 of 7");
    }
    bench.ok("page", "continue", json!({"threadId": 2}));
    assert_eq!(bench.resumed(), Resume::Continue);
    assert_eq!(bench.event("continued")["threadId"], 1);
    assert_eq!(
        bench.ok("page", "debugInfo", json!({}))["stoppedThreads"],
        json!([])
    );
}

#[test]
fn variables_are_there_at_rest_while_stopped_and_while_code_runs() {
    let bench = Bench::new();
    // Also before anybody debugs.
    let all = bench.ok("page", "inspectVariables", json!({}))["variables"].clone();
    assert_eq!(
        all[0],
        json!({"name": "x", "value": "1", "type": "integer", "evaluateName": "x", "variablesReference": 0})
    );
    bench.attach("page", lab());
    bench.change(|scripted| scripted.x = 2);
    let running = bench.run_long();
    let all = bench.ok("page", "inspectVariables", json!({}))["variables"].clone();
    assert_eq!(all[0]["value"], "1", "as they were before");
    assert_eq!(
        all[1]["variablesReference"], 0,
        "nobody can look into it now"
    );
    assert_eq!(
        bench.ok("page", "inspectVariables", json!({}))["variables"],
        all
    );
    drop(running);
    bench.idle();
    let all = bench.ok("page", "inspectVariables", json!({}))["variables"].clone();
    assert_eq!(
        (&all[0]["value"], &all[1]["variablesReference"]),
        (&json!("2"), &json!(102))
    );
    bench.ok("page", "variables", json!({"variablesReference": 102}));

    bench.change(|scripted| scripted.x = 3);
    bench.run_to_stop(stop(Reason::Breakpoint));
    let all = bench.ok("page", "inspectVariables", json!({}))["variables"].clone();
    assert_eq!(
        (&all[0]["value"], &all[1]["variablesReference"]),
        (&json!("3"), &json!(102))
    );
}

#[test]
fn variables_that_nobody_has_changed_are_not_looked_at_again() {
    let bench = attached();
    for _ in 0..10 {
        bench.ok("page", "inspectVariables", json!({}));
    }
    let running = bench.run_long();
    for _ in 0..10 {
        bench.ok("page", "inspectVariables", json!({}));
    }
    drop(running);
    bench.idle();
    for _ in 0..10 {
        bench.ok("page", "inspectVariables", json!({}));
    }
    assert_eq!(bench.end().asked, ["session", "session"]);
}

#[test]
fn before_anything_was_seen_a_running_kernel_has_no_variables() {
    let bench = attached();
    let running = bench.run_long();
    assert_eq!(
        bench.ok("page", "inspectVariables", json!({})),
        json!({"variables": []})
    );
    drop(running);
    bench.idle();
}

#[test]
fn a_look_that_waits_when_code_begins_is_answered_from_what_was_seen() {
    let bench = attached();
    let (hold, held) = std::sync::mpsc::channel::<()>();
    bench.hold(held);
    // Code begins before anybody could look.
    let running = bench.send_long();
    let variables = bench.send("page", "inspectVariables", json!({}));
    let evaluated = bench.send("page", "evaluate", json!({"expression": "x"}));
    bench.ok("page", "debugInfo", json!({}));
    drop(hold);
    bench.idle();
    assert_eq!(
        crate::bench::answered(&variables)["body"],
        json!({"variables": []})
    );
    let message = crate::bench::answered(&evaluated)["message"].clone();
    assert_eq!(message, "the program is running; pause it first");
    drop(running);
    bench.idle();
}

#[test]
fn a_variable_is_shown_in_every_way_it_can_be() {
    let bench = attached();
    let body = bench.ok("page", "richInspectVariables", json!({"variableName": "t"}));
    assert_eq!(
        body,
        json!({"data": {"text/plain": "t", "text/html": "<b>t</b>"}, "metadata": {}})
    );
    // A refusal would be an error of JupyterLab's own, whenever it shows one that is gone.
    assert_eq!(
        bench.ok("page", "richInspectVariables", json!({"variableName": "u"})),
        json!({"data": {}, "metadata": {}})
    );
    bench.run_to_stop(stop(Reason::Breakpoint));
    bench.ok(
        "page",
        "richInspectVariables",
        json!({"variableName": "t", "frameId": 1}),
    );
}

#[test]
fn a_local_is_copied_to_the_globals() {
    let bench = attached();
    bench.run_to_stop(stop(Reason::Breakpoint));
    let stack = bench.ok("page", "stackTrace", json!({"threadId": 1}));
    let frame = &stack["stackFrames"][1]["id"];
    let arguments =
        json!({"srcVariableName": "i", "dstVariableName": "i_copy", "srcFrameId": frame});
    assert_eq!(bench.ok("page", "copyToGlobals", arguments), json!({}));
    bench.ok("page", "continue", json!({}));
    assert_eq!(bench.end().asked, ["copy i of Some(1) to i_copy"]);
}

#[test]
fn files_that_were_loaded_are_modules_at_any_time() {
    let bench = Bench::new();
    assert_eq!(
        bench.ok("page", "modules", json!({})),
        json!({"modules": [], "totalModules": 0})
    );
    let loaded = |key: &str, code: Option<&str>| {
        bench.debugger.loaded(LoadedSource {
            key: key.into(),
            code: code.map(Into::into),
        });
    };
    // Also before anybody debugs.
    loaded("/lib/a.lua", None);
    loaded("chunk", Some("x = 1"));
    bench.attach("page", lab());
    loaded("/lib/b.lua", None);
    assert_eq!(bench.event("loadedSource")["source"]["path"], "/lib/b.lua");
    let module = bench.event("module");
    assert_eq!(
        (&module["reason"], &module["module"]["name"]),
        (&json!("new"), &json!("b"))
    );
    let modules = bench.ok("page", "modules", json!({}));
    assert_eq!(modules["totalModules"], 2);
    assert_eq!(
        modules["modules"][0],
        json!({"id": 1, "name": "a", "path": "/lib/a.lua"})
    );
    let part = bench.ok(
        "page",
        "modules",
        json!({"startModule": 1, "moduleCount": 1}),
    );
    assert_eq!(part["modules"], json!([module["module"]]));
}

#[test]
fn a_page_that_was_loaded_again_goes_on_where_the_other_one_was() {
    let bench = attached();
    bench.run_to_stop(stop(Reason::Breakpoint));
    bench.debugger.gone("page");
    // It asks whether it has been started, and says no `initialize` then.
    let info = bench.ok("new page", "debugInfo", json!({}));
    assert_eq!(
        (&info["isStarted"], &info["stoppedThreads"]),
        (&json!(true), &json!([1]))
    );
    let all = bench.ok("new page", "variables", json!({"variablesReference": 101}));
    assert_eq!(all["variables"][0]["type"], "int");
    // The bug is turned off for all pages, as each of them shows it.
    bench.ok("new page", "disconnect", json!({}));
    assert_eq!(bench.resumed(), Resume::Continue);
    assert_eq!(bench.ok("page", "debugInfo", json!({}))["isStarted"], false);
}

#[test]
fn a_page_is_told_in_its_words_even_if_an_editor_has_come_since() {
    let bench = attached();
    bench.attach("editor", json!({"clientID": "vscode"}));
    bench.run_to_stop(stop(Reason::Breakpoint));
    let all = bench.ok("new page", "variables", json!({"variablesReference": 101}));
    assert_eq!(all["variables"][0]["type"], "int");
    let all = bench.ok("editor", "variables", json!({"variablesReference": 101}));
    assert_eq!(all["variables"][0]["type"], "integer");
}

#[test]
fn a_page_can_be_loaded_again_and_again() {
    let bench = attached();
    for number in 0..200 {
        bench.ok(&number.to_string(), "threads", json!({}));
        bench.debugger.gone(&number.to_string());
    }
    assert!(bench.debugger.is_on());
    bench.ok("last", "disconnect", json!({}));
    assert!(!bench.debugger.is_on());
}

#[test]
fn pages_leave_together_but_not_with_other_clients() {
    let bench = attached();
    bench.attach("page 2", lab());
    bench.attach("editor", json!({"clientID": "vscode"}));
    bench.ok("page", "disconnect", json!({}));
    assert!(bench.debugger.is_on());
    bench.ok("editor", "disconnect", json!({}));
    assert!(!bench.debugger.is_on());
}
