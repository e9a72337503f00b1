//! What earlier cells have shown, out of the journal.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use perilune_journal::{After, Clock, JournalError, Message, Query, Record, Store};
use perilune_language::{EarlierCell, Stream};
use perilune_transport::Weight;
use perilune_wire::content::{DisplayData, Object, Transient};
use perilune_wire::{Outgoing, Parent};
use serde::Deserialize;
use serde_json::Value;

use crate::context::Context;

/// How long the journal has to answer.
const PATIENCE: Duration = Duration::from_secs(10);
const PAGE: usize = 1 << 20;

/// What was kept of a cell.
struct Kept {
    messages: Vec<Message>,
    lost: u64,
}

/// Shows once more what that cell showed, as what `cell` shows.
///
/// # Errors
///
/// Why it cannot, for a person.
pub(crate) fn show(
    context: &Context,
    cell: &Parent,
    own: &str,
    earlier: &EarlierCell,
) -> Result<(), String> {
    let (answer, answered) = channel();
    let (wanted, own) = (earlier.clone(), own.to_owned());
    context.journal.ask(move |journal| {
        // Who asked may have given up.
        let _ = answer.send(journal.and_then(|journal| find(journal, &wanted, &own)));
    });
    let found = match answered.recv_timeout(PATIENCE) {
        Ok(found) => found.map_err(|error| error.to_string())?,
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            return Err("the journal did not answer in time".to_owned());
        }
    };
    let Some(kept) = found else {
        return Err(match earlier {
            EarlierCell::Last => {
                "no cell has run before, as far as the journal goes back".to_owned()
            }
            EarlierCell::Number(number) => format!("the journal has no cell [{number}]"),
            EarlierCell::Request(id) => format!("the journal has no cell {id}"),
        });
    };
    for message in &kept.messages {
        show_message(context, cell, message);
    }
    if kept.lost > 0 {
        let note = "\n[perilune: some of it is missing: the journal no longer has it]\n";
        context.outbox.push_text(Stream::Stderr, note.as_bytes());
    }
    Ok(())
}

#[derive(Deserialize)]
struct Input {
    execution_count: u64,
}

fn find<C: Clock>(
    journal: &Store<C>,
    wanted: &EarlierCell,
    own: &str,
) -> Result<Option<Kept>, JournalError> {
    let is_wanted = |record: &Record| {
        let message = &record.message;
        if message.msg_type() != "execute_input" {
            return false;
        }
        let request = message.parent_id();
        request != own
            && match wanted {
                EarlierCell::Last => true,
                EarlierCell::Number(number) => serde_json::from_slice::<Input>(&message.content)
                    .is_ok_and(|input| input.execution_count == *number),
                EarlierCell::Request(id) => request.starts_with(id.as_str()),
            }
    };
    let Some(input) = journal.find(is_wanted)? else {
        return Ok(None);
    };
    let request = input.message.parent_id().into_owned();
    let mut kept = Kept {
        messages: Vec::new(),
        lost: 0,
    };
    let mut after = input.sequence;
    loop {
        let page = journal.read(Query {
            after: After::Sequence(after),
            parent: Some(request.clone()),
            bytes: PAGE,
        })?;
        let messages = page.records.into_iter().map(|record| record.message);
        kept.messages.extend(messages);
        kept.lost += page.lost;
        after = page.next;
        if !page.more {
            return Ok(Some(kept));
        }
    }
}

#[derive(Deserialize)]
struct Text {
    name: String,
    text: String,
}

#[derive(Deserialize)]
struct Shown {
    data: Object,
    #[serde(default)]
    metadata: Object,
    #[serde(default)]
    transient: Object,
}

#[derive(Deserialize)]
struct Failure {
    traceback: Vec<String>,
}

#[derive(Deserialize)]
struct Clear {
    wait: bool,
}

/// Says again what one message said, if it is something that a cell shows. An error is text: this
/// cell did not fail.
fn show_message(context: &Context, cell: &Parent, message: &Message) {
    let content = &message.content;
    match &*message.msg_type() {
        "stream" => {
            if let Ok(text) = serde_json::from_slice::<Text>(content) {
                let stream = match text.name.as_str() {
                    "stderr" => Stream::Stderr,
                    _ => Stream::Stdout,
                };
                context.outbox.push_text(stream, text.text.as_bytes());
            }
        }
        "display_data" | "execute_result" => show_display(context, "display_data", cell, content),
        "update_display_data" => show_display(context, "update_display_data", cell, content),
        "error" => {
            if let Ok(failure) = serde_json::from_slice::<Failure>(content) {
                let text = failure.traceback.join("\n") + "\n";
                context.outbox.push_text(Stream::Stderr, text.as_bytes());
            }
        }
        "clear_output" => {
            if let Ok(Clear { wait }) = serde_json::from_slice(content) {
                let clear = perilune_wire::content::ClearOutput { wait };
                let message = Outgoing::new("clear_output", cell.clone(), clear);
                context.publish(message, Weight::Output);
            }
        }
        _ => {}
    }
}

fn show_display(context: &Context, msg_type: &'static str, cell: &Parent, content: &[u8]) {
    let Ok(mut shown) = serde_json::from_slice::<Shown>(content) else {
        return;
    };
    let display_id = match shown.transient.remove("display_id") {
        Some(Value::String(id)) => Some(id),
        _ => None,
    };
    let content = DisplayData {
        data: shown.data,
        metadata: shown.metadata,
        transient: Transient {
            display_id,
            others: shown.transient,
        },
    };
    let message = Outgoing::new(msg_type, cell.clone(), content);
    context.publish(message, Weight::Output);
}
