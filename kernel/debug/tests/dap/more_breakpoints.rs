use std::sync::Arc;
use std::sync::atomic::Ordering;

use perilune_language::debug::{Debugger as _, Exceptions};
use serde_json::{Value, json};

use crate::bench::Bench;

#[test]
fn functions_can_have_breakpoints() {
    let bench = Bench::attached();
    let wanted = json!({"breakpoints": [
        {"name": "M.f", "condition": "x"}, {"name": " M:g ", "hitCondition": "%2"},
        {"name": ""}, {"name": "h", "hitCondition": "no"}, {"name": "k()"}, {"name": "k(1)"},
    ]});
    let told = bench.ok("client", "setFunctionBreakpoints", wanted.clone());
    let verified: Vec<_> = told["breakpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["verified"] == true)
        .collect();
    assert_eq!(verified, [true, true, false, false, true, false]);
    assert_eq!(
        told["breakpoints"][5]["message"],
        "`k(1)` is no name of a function; `f`, `M.f` and `M:f` are"
    );
    assert!(bench.debugger.attention().take());
    let wishes = bench.debugger.wishes();
    assert_eq!(wishes.functions.len(), 3);
    assert_eq!(&*wishes.functions[1].name, "M:g");
    assert_eq!(&*wishes.functions[2].name, "k");
    wishes.functions[1].count.store(3, Ordering::Relaxed);
    assert_eq!(bench.ok("client", "setFunctionBreakpoints", wanted), told);
    let wishes = bench.debugger.wishes();
    assert_eq!(wishes.functions[1].count.load(Ordering::Relaxed), 3);
    bench.ok(
        "client",
        "setFunctionBreakpoints",
        json!({"breakpoints": []}),
    );
    assert!(bench.debugger.wishes().functions.is_empty());
}

#[test]
fn data_can_have_breakpoints_for_changes() {
    let bench = Bench::attached();
    let info = bench.ok(
        "client",
        "dataBreakpointInfo",
        json!({"variablesReference": 102, "name": "key"}),
    );
    assert_eq!(
        info,
        json!({"dataId": "field:1:key", "description": "t.key", "accessTypes": ["write"], "canPersist": false})
    );
    let info = bench.ok("client", "dataBreakpointInfo", json!({"name": "x"}));
    assert_eq!(info["dataId"], Value::Null);
    assert_eq!(info["description"], "only fields of tables can be watched");
    let wanted = json!({"breakpoints": [
        {"dataId": "field:1:key", "accessType": "write", "condition": "x"},
        {"dataId": "field:1:key2", "accessType": "read"},
    ]});
    let told = bench.ok("client", "setDataBreakpoints", wanted.clone());
    assert_eq!(told["breakpoints"][0]["verified"], true);
    assert_eq!(told["breakpoints"][1]["verified"], false);
    let wishes = bench.debugger.wishes();
    assert_eq!(wishes.data.len(), 1);
    assert_eq!(&*wishes.data[0].data, "field:1:key");
    assert_eq!(bench.ok("client", "setDataBreakpoints", wanted), told);
}

#[test]
fn errors_can_stop_code_each_sort_with_a_condition() {
    let bench = Bench::attached();
    let arguments = json!({"filters": ["uncaught", "warnings"],
        "filterOptions": [{"filterId": "caught", "condition": "err == 7"}]});
    let told = bench.ok("client", "setExceptionBreakpoints", arguments);
    assert_eq!(told["breakpoints"][0], json!({"verified": true}));
    assert_eq!(told["breakpoints"][1]["verified"], false);
    assert_eq!(told["breakpoints"][2], json!({"verified": true}));
    let exceptions = Exceptions {
        caught: Some(Some(Arc::from("err == 7"))),
        uncaught: Some(None),
    };
    assert_eq!(bench.debugger.wishes().exceptions, exceptions);
    bench.ok("client", "setExceptionBreakpoints", json!({"filters": []}));
    assert!(bench.debugger.wishes().is_empty());
}

#[test]
fn a_log_is_told_as_output_with_its_place() {
    let bench = Bench::attached();
    bench.debugger.log(&"chunk".into(), 3, "x = 1");
    let output = bench.event("output");
    assert_eq!(output["category"], "console");
    assert_eq!(output["output"], "x = 1\n");
    assert_eq!(
        (&output["source"]["name"], &output["line"]),
        (&json!("chunk"), &json!(3))
    );
}
