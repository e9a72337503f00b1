use std::collections::HashMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

use crate::Received;

/// What the specification says of every message a kernel sends.
static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let text = include_str!("../schema/messages.json");
    let schema: Value = serde_json::from_str(text).expect("the schema is JSON");
    let compile = |schema: &Value| jsonschema::validator_for(schema).expect("a JSON Schema");
    let mut content = HashMap::new();
    for (channel, types) in schema["content"].as_object().expect("channels") {
        for (msg_type, schema) in types.as_object().expect("types") {
            content.insert((channel.clone(), msg_type.clone()), compile(schema));
        }
    }
    Schema {
        header: compile(&schema["header"]),
        content,
    }
});

struct Schema {
    header: Validator,
    content: HashMap<(String, String), Validator>,
}

/// Fails on a message that is not as the specification says.
pub(crate) fn check(received: &Received) {
    let header: Value = serde_json::from_slice(&received.message.raw_header).expect("a header");
    hold(&SCHEMA.header, &header, received, "header");
    for part in [&received.message.raw_parent, &received.message.raw_metadata] {
        let object: Value = serde_json::from_slice(part).expect("JSON");
        assert!(object.is_object(), "not an object in {received}: {object}");
    }
    let key = (received.channel.to_owned(), received.msg_type().to_owned());
    let schema = SCHEMA.content.get(&key);
    let schema = schema.unwrap_or_else(|| panic!("{received} has no business there"));
    hold(schema, &received.content, received, "content");
}

fn hold(schema: &Validator, value: &Value, received: &Received, part: &str) {
    let errors: Vec<String> = schema
        .iter_errors(value)
        .map(|error| error.to_string())
        .collect();
    assert!(
        errors.is_empty(),
        "the {part} of {received} is wrong: {}",
        errors.join("; ")
    );
}
