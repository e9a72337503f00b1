use serde_json::{Value, json};

use crate::dap::message::{Refusal, Request};

const WHY: &str = "it was started without debugging";

/// What a debugger's client is answered of code that runs without one.
pub(super) fn answer(request: &Request) -> Result<Value, Refusal> {
    match &*request.command {
        "setBreakpoints" | "setFunctionBreakpoints" | "setDataBreakpoints" => {
            Ok(json!({"breakpoints": unverified(&request.arguments["breakpoints"])}))
        }
        // There may be none to tell of, but Helix wants a body.
        "setExceptionBreakpoints" => Ok(json!({"breakpoints": []})),
        "threads" => Ok(json!({"threads": [{"id": 1, "name": "main"}]})),
        "loadedSources" => Ok(json!({"sources": []})),
        "modules" => Ok(json!({"modules": [], "totalModules": 0})),
        command => Err(Refusal::new(format!("{command}: {WHY}"))),
    }
}

fn unverified(breakpoints: &Value) -> Vec<Value> {
    let breakpoints = breakpoints.as_array().into_iter().flatten();
    breakpoints
        .map(|breakpoint| {
            let mut answer = json!({"verified": false, "message": WHY});
            if breakpoint["line"].is_i64() {
                answer["line"] = breakpoint["line"].clone();
            }
            answer
        })
        .collect()
}
