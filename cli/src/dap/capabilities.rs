use serde_json::{Map, Value, json};

/// What a client may ask for: what the kernel's debugger can do, and what is done here.
pub fn capabilities() -> Map<String, Value> {
    let mut capabilities = perilune_debug::capabilities();
    for ours in [
        "supportsConfigurationDoneRequest",
        "supportsTerminateRequest",
        "supportTerminateDebuggee",
        "supportsRestartRequest",
    ] {
        capabilities.insert(ours.to_owned(), json!(true));
    }
    capabilities
}
