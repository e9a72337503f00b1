//! What the editor asks, answered by the kernel.

use std::sync::mpsc;
use std::time::Duration;

use perilune_client::Client;
use serde_json::Value;

use super::editor::{Candidates, Completeness, Query};

/// How long a person waits for a menu, or for Enter, before it goes without the kernel.
const PATIENCE: Duration = Duration::from_millis(400);

/// Answers the editor, which may have given up waiting.
pub(super) async fn answer(client: &Client, query: Query) {
    match query {
        Query::IsComplete { code, answer } => {
            tell(&answer, is_complete(client, &code).await);
        }
        Query::Complete {
            code,
            cursor,
            answer,
        } => {
            let reply = client.complete(&code, cursor, PATIENCE).await;
            tell(&answer, candidates(&reply.unwrap_or_default()));
        }
    }
}

fn tell<T>(answer: &mpsc::Sender<T>, it: T) {
    let _ = answer.send(it);
}

pub(super) async fn is_complete(client: &Client, code: &str) -> Completeness {
    let Ok(reply) = client.is_complete(code, PATIENCE).await else {
        return Completeness::Unknown;
    };
    match reply["status"].as_str() {
        Some("complete" | "invalid") => Completeness::Complete,
        Some("incomplete") => {
            Completeness::Incomplete(reply["indent"].as_str().unwrap_or_default().to_owned())
        }
        _ => Completeness::Unknown,
    }
}

/// Reads `complete_reply`.
fn candidates(reply: &Value) -> Candidates {
    let place = |name: &str| {
        let place = reply[name].as_u64().unwrap_or_default();
        usize::try_from(place).unwrap_or_default()
    };
    let types = &reply["metadata"]["_jupyter_types_experimental"];
    let kind = |index: usize| types[index]["type"].as_str().unwrap_or_default().to_owned();
    let texts = reply["matches"].as_array().into_iter().flatten();
    Candidates {
        start: place("cursor_start"),
        end: place("cursor_end"),
        matches: texts
            .enumerate()
            .filter_map(|(index, text)| Some((text.as_str()?.to_owned(), kind(index))))
            .collect(),
    }
}
