use serde_json::{Map, Value, json};

/// The body of the reply to `initialize`, of which a bridge may tell before there is a kernel.
pub fn capabilities() -> Map<String, Value> {
    let capabilities = json!({
        "supportsConfigurationDoneRequest": true,
        "supportsFunctionBreakpoints": true,
        "supportsConditionalBreakpoints": true,
        "supportsHitConditionalBreakpoints": true,
        "supportsEvaluateForHovers": true,
        "exceptionBreakpointFilters": [
            {
                "filter": "uncaught",
                "label": "Uncaught errors",
                "description": "Stops where an error is raised that ends the cell or the program.",
                "default": true,
                "supportsCondition": true,
                "conditionDescription": "An expression; `err` is the error.",
            },
            {
                "filter": "caught",
                "label": "Caught errors",
                "description": "Stops also where an error is raised that `pcall`, `xpcall` or `coroutine.resume` catches.",
                "default": false,
                "supportsCondition": true,
                "conditionDescription": "An expression; `err` is the error.",
            },
        ],
        "supportsSetVariable": true,
        "supportsRestartFrame": true,
        "supportsStepInTargetsRequest": true,
        "supportsCompletionsRequest": true,
        "completionTriggerCharacters": [".", ":"],
        "supportsModulesRequest": true,
        "supportsExceptionOptions": false,
        "supportsExceptionInfoRequest": true,
        "supportsDelayedStackTraceLoading": true,
        "supportsLoadedSourcesRequest": true,
        "supportsLogPoints": true,
        "supportsSetExpression": true,
        "supportsDataBreakpoints": true,
        "supportsCancelRequest": true,
        "supportsBreakpointLocationsRequest": true,
        "supportsClipboardContext": true,
        "supportsExceptionFilterOptions": true,
    });
    match capabilities {
        Value::Object(capabilities) => capabilities,
        _ => Map::new(),
    }
}
