use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use perilune_journal::{After, JournalError, Options, Page, Query, Record, Recorder, Summary};
use perilune_wire::content::{
    ErrorContent, JournalMessage, JournalReply, JournalRequest, Object, ReplyStatus,
};
use serde_json::value::RawValue;

use crate::context::Context;
use crate::outbox::Item;
use crate::turn::{self, Origin};

/// What a reply holds if nobody says how much it may, and at most.
const USUAL_PAGE: usize = 1 << 20;
const LARGEST_PAGE: usize = 8 << 20;

/// The journal of a kernel that has these options, and none where there are none.
pub(crate) fn recorder(options: Option<Options>) -> Recorder {
    options.map_or_else(Recorder::off, Recorder::new)
}

/// How the journal is, as a status tells it; `None` where there is none.
pub(crate) fn status(journal: &Recorder) -> Option<Object> {
    let summary = journal.summary()?;
    let messages = messages(&summary);
    Some(Object::from_iter([
        ("bytes".to_owned(), summary.bytes.into()),
        // Those between are there, but for the few that a disk did not take.
        ("messages".to_owned(), messages.into()),
        ("first".to_owned(), summary.first.to_string().into()),
        ("last".to_owned(), summary.last.to_string().into()),
        ("trouble".to_owned(), summary.trouble.into()),
    ]))
}

/// How many there are from the first number, which is one at least, to the last.
fn messages(summary: &Summary) -> u64 {
    let behind = summary.last.0.saturating_add(1);
    behind.saturating_sub(summary.first.0.max(1))
}

/// Answers on the journal's own thread, which alone waits for the disk.
pub(crate) fn answer(context: &Arc<Context>, origin: Origin, request: JournalRequest) {
    let query = Query {
        after: match request.after.as_deref() {
            None => After::Nothing,
            Some("latest") => After::Newest,
            Some(after) => After::parse(after),
        },
        parent: request.parent,
        bytes: request.limit_bytes.unwrap_or(USUAL_PAGE).min(LARGEST_PAGE),
    };
    let asker = Arc::clone(context);
    context.journal.ask(move |journal| {
        let answer = journal.and_then(|journal| Ok((journal.read(query)?, journal.began())));
        let reply = match answer {
            Ok((page, began)) => {
                let content = reply(page, began.to_string());
                origin.reply(&asker, content, Object::new())
            }
            Err(error) => origin.reply(&asker, turn::refusal(refusal(&error)), Object::new()),
        };
        asker.outbox.push(Item::Answer { origin, reply });
    });
}

fn reply(page: Page, began: String) -> JournalReply {
    JournalReply {
        status: ReplyStatus::Ok,
        messages: page.records.iter().filter_map(message).collect(),
        more: page.more,
        next: page.next.to_string(),
        lost: page.lost,
        began,
    }
}

/// A message as a reply has it; `None` for what is no JSON, which nothing of ours can be.
fn message(record: &Record) -> Option<JournalMessage> {
    let message = &record.message;
    let raw = |part: &[u8]| {
        serde_json::from_slice::<&RawValue>(part)
            .ok()
            .map(ToOwned::to_owned)
    };
    Some(JournalMessage {
        cursor: record.sequence.to_string(),
        header: raw(&message.header)?,
        parent_header: raw(&message.parent_header)?,
        metadata: raw(&message.metadata)?,
        content: raw(&message.content)?,
        buffers: message
            .buffers
            .iter()
            .map(|bytes| STANDARD.encode(bytes))
            .collect(),
    })
}

fn refusal(error: &JournalError) -> ErrorContent {
    let ename = match error {
        JournalError::NoSuchMessage(_) => "NoSuchMessage",
        JournalError::Off => "NoJournal",
        _ => "JournalError",
    };
    ErrorContent {
        ename: ename.to_owned(),
        evalue: error.to_string(),
        traceback: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use perilune_journal::Sequence;

    use super::*;

    #[test]
    fn a_journal_without_messages_has_none() {
        let of = |first, last| {
            messages(&Summary {
                first: Sequence(first),
                last: Sequence(last),
                ..Summary::default()
            })
        };
        assert_eq!(of(0, 0), 0, "before it is opened");
        assert_eq!(of(8, 7), 0);
        assert_eq!((of(1, 1), of(3, 7)), (1, 5));
        assert_eq!(of(1, u64::MAX), u64::MAX - 1);
    }
}
