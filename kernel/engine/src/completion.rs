use perilune_language::Completion;
use perilune_wire::content::{CompleteReply, CompleteRequest, Object, ReplyStatus};
use serde_json::{Value, json};

/// Answers a request by whoever can complete.
pub(crate) fn reply(
    request: &CompleteRequest,
    complete: impl FnOnce(&str, usize) -> Completion,
) -> CompleteReply {
    let cursor = request
        .cursor_pos
        .unwrap_or_else(|| request.code.chars().count());
    let completion = complete(&request.code, cursor);
    let types: Vec<Value> = completion
        .matches
        .iter()
        .map(|found| {
            json!({
                "text": found.text,
                "type": found.kind,
                "signature": found.signature.as_deref().unwrap_or_default(),
                "start": completion.start,
                "end": completion.end,
            })
        })
        .collect();
    CompleteReply {
        status: ReplyStatus::Ok,
        matches: completion
            .matches
            .into_iter()
            .map(|found| found.text)
            .collect(),
        cursor_start: completion.start,
        cursor_end: completion.end,
        metadata: Object::from_iter([(
            "_jupyter_types_experimental".to_owned(),
            Value::Array(types),
        )]),
    }
}
