//! What programs read of settings: the same words in all commands.

use perilune_config::{Configuration, Key, Origin, Place, Problem};
use serde_json::{Value, json};

/// A value, and where it comes from.
pub fn setting(configuration: &Configuration, key: &Key) -> Value {
    json!({
        "key": key.name,
        "value": configuration.value(key).to_json(),
        "origin": origin(configuration.origin(key)),
    })
}

fn origin(origin: &Origin) -> Value {
    let layer = origin.layer();
    match origin {
        Origin::Default => json!({"layer": layer}),
        Origin::User(path, line) | Origin::Project(path, line) => {
            json!({"layer": layer, "path": path, "line": line})
        }
        Origin::Environment(variable) => json!({"layer": layer, "variable": variable}),
        Origin::Flag(flag) => json!({"layer": layer, "flag": flag}),
    }
}

/// Something that is wrong.
pub fn problem(problem: &Problem) -> Value {
    let place = match &problem.place {
        Place::File { path, line, column } => {
            json!({"path": path, "line": line, "column": column})
        }
        Place::Variable(variable) => json!({"variable": variable}),
        Place::Flag(flag) => json!({"flag": flag}),
    };
    json!({"place": place, "key": problem.key, "message": problem.message})
}
