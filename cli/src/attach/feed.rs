use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use perilune_client::{Client, ClientError, DebuggerEvent, Heard, Notice};
use perilune_journal::{After, Archive, JournalError, Query, Record, Sequence};
use perilune_transport::Source;
use perilune_wire::content::{JournalReply, Question};
use serde::Deserialize;
use serde_json::{Value, json};

use super::published::Published;

/// A stretch of what was published.
#[derive(Debug, Default)]
pub struct Page {
    /// Oldest first.
    pub messages: Vec<Published>,
    /// How many are missing before or among them.
    pub lost: u64,
    /// Whether more is there.
    pub more: bool,
    /// Where the next one begins.
    pub next: String,
}

/// What comes of a kernel that lives.
#[derive(Debug)]
pub enum News {
    /// It published something that was not seen before.
    Published(Box<Published>),
    /// It has not been heard for so long.
    Silent(Duration),
    /// It is heard again.
    Awake,
    /// A debugger has stopped the code that runs in it, or lets it go on. No journal keeps that.
    Debugger(DebuggerEvent),
    /// It left something out for us, who were too slow: the journal has it.
    LeftOut,
    /// It has ended, and another one takes its place or not.
    Ended,
}

/// Why there is nothing to read.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The kernel cannot be talked to any more.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// It does not know the message to begin behind.
    #[error("the journal has no message {0}: it is too old, or another kernel's")]
    NoSuchMessage(String),
    /// It keeps no journal.
    #[error("this kernel keeps no journal")]
    NoJournal,
    /// It refuses.
    #[error("the kernel does not say what it published: {0}")]
    Refused(String),
    /// A message is none.
    #[error("reading what was published: {0}")]
    Unreadable(#[from] std::io::Error),
    /// The journal on disk cannot be read.
    #[error(transparent)]
    Journal(JournalError),
}

impl From<JournalError> for FeedError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::NoSuchMessage(id) => Self::NoSuchMessage(id),
            error => Self::Journal(error),
        }
    }
}

/// What a kernel publishes, from a client that was connected before the first page was asked for:
/// what comes after that is heard, and what came before is in the journal, so that nothing can fall
/// between them. What is in both is left out here.
#[derive(Debug)]
pub struct Feed {
    client: Client,
    /// What was in the journal, and so may be heard once more.
    seen: HashSet<String>,
}

/// How long a kernel has to read a page.
const PATIENCE: Duration = Duration::from_secs(30);
const PAGE: usize = 1 << 20;

impl Feed {
    /// Of this client, from which nothing was read yet.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            seen: HashSet::new(),
        }
    }

    /// What was published behind this.
    ///
    /// # Errors
    ///
    /// [`FeedError`].
    pub async fn page(&mut self, after: Option<&str>) -> Result<Page, FeedError> {
        let reply = self.ask(after, None, PAGE).await?;
        let page = page(&reply)?;
        let ids = page.messages.iter().map(|message| message.id().to_owned());
        self.seen.extend(ids);
        Ok(page)
    }

    /// Where the journal ends, and where it began with this process of the kernel.
    ///
    /// # Errors
    ///
    /// [`FeedError`].
    pub async fn ends(&mut self) -> Result<(String, String), FeedError> {
        let reply = self.ask(Some("latest"), None, 1).await?;
        Ok((reply.next, reply.began))
    }

    /// What one request has caused, or all, whether it is heard as well or not.
    ///
    /// # Errors
    ///
    /// [`FeedError`].
    pub async fn page_of(
        &self,
        request: Option<&str>,
        after: Option<&str>,
    ) -> Result<Page, FeedError> {
        page(&self.ask(after, request, PAGE).await?)
    }

    async fn ask(
        &self,
        after: Option<&str>,
        parent: Option<&str>,
        limit_bytes: usize,
    ) -> Result<JournalReply, FeedError> {
        if !self.client.info().is_some_and(|info| info.is_perilune()) {
            return Err(FeedError::NoJournal);
        }
        let content = json!({"after": after, "parent": parent, "limit_bytes": limit_bytes});
        let reply = self
            .client
            .control("perilune_journal_request", content, PATIENCE)
            .await?;
        let text = |key: &str| reply[key].as_str().unwrap_or_default().to_owned();
        if text("status") == "error" {
            return Err(match text("ename").as_str() {
                "NoSuchMessage" => FeedError::NoSuchMessage(after.unwrap_or_default().to_owned()),
                "NoJournal" => FeedError::NoJournal,
                _ => FeedError::Refused(text("evalue")),
            });
        }
        serde_json::from_value(reply).map_err(|error| FeedError::Refused(error.to_string()))
    }

    /// The next thing that is news. Cancel safe.
    ///
    /// # Errors
    ///
    /// [`ClientError`], when the connection is lost, for one.
    pub async fn next(&mut self) -> Result<News, ClientError> {
        loop {
            let (source, message) = match self.client.next_heard().await {
                None => return Ok(News::Ended),
                Some(heard) => match heard? {
                    Heard::Silent(since) => return Ok(News::Silent(since)),
                    Heard::Awake => return Ok(News::Awake),
                    Heard::Message(source, message) => (source, message),
                },
            };
            if source != Source::Iopub || self.seen.remove(&message.header.msg_id) {
                continue;
            }
            if message.header.msg_type == "debug_event" {
                match Notice::read(source, &message) {
                    Ok(Some(Notice::Debugger(event))) => return Ok(News::Debugger(event)),
                    _ => continue,
                }
            }
            let published = Published::live(*message);
            // What only others wanted to know, or what is for this connection alone.
            if !published.is_kept() || published.kind() == "iopub_welcome" {
                continue;
            }
            if published.metadata(LEFT_OUT).is_some() {
                return Ok(News::LeftOut);
            }
            return Ok(News::Published(Box::new(published)));
        }
    }

    /// Where a debugger has stopped the code that runs, if one has.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn stopped(&self) -> Result<Option<DebuggerEvent>, ClientError> {
        self.client.stopped(PATIENCE).await
    }

    /// The question that is open, with the id of the request that asks it.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn open_question(&self) -> Result<Option<(String, Question)>, ClientError> {
        if !self.client.info().is_some_and(|info| info.is_perilune()) {
            return Ok(None);
        }
        let status = self
            .client
            .control("perilune_status_request", json!({}), PATIENCE)
            .await?;
        let request = status["running"]["msg_id"].as_str();
        let question = Question::deserialize(&status["question"]).ok();
        Ok(request.map(str::to_owned).zip(question))
    }

    /// Answers a question in place of who was asked. Says whether it was still open.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn answer(
        &self,
        question: &Question,
        value: Option<String>,
    ) -> Result<bool, ClientError> {
        let content = json!({"question": question.question, "value": value});
        let reply = self
            .client
            .control("perilune_answer_request", content, PATIENCE)
            .await?;
        Ok(reply["status"] == "ok")
    }
}

/// What the kernel says of the notice that it left something out for a slow client.
const LEFT_OUT: &str = "perilune_output_left_out";

fn page(reply: &JournalReply) -> Result<Page, FeedError> {
    let messages = reply.messages.iter().map(Published::of_reply);
    Ok(Page {
        messages: messages.collect::<Result<_, _>>()?,
        lost: reply.lost,
        more: reply.more,
        next: reply.next.clone(),
    })
}

/// What is on disk of a kernel that may have ended.
///
/// # Errors
///
/// [`FeedError`].
pub fn page_on_disk(
    archive: &Archive,
    after: Option<&str>,
    request: Option<&str>,
) -> Result<Page, FeedError> {
    let page = archive.read(Query {
        after: after.map_or(After::Nothing, After::parse),
        parent: request.map(str::to_owned),
        bytes: PAGE,
    })?;
    Ok(Page {
        more: page.more,
        lost: page.lost,
        next: page.next.to_string(),
        messages: page
            .records
            .into_iter()
            .map(Published::of_record)
            .collect::<Result<_, _>>()?,
    })
}

/// The journal in this folder; `None` if there is none.
///
/// # Errors
///
/// When there is one that cannot be read.
pub fn archive(folder: &Path) -> Result<Option<Archive>, FeedError> {
    if !folder.is_dir() {
        return Ok(None);
    }
    Ok(Some(Archive::open(folder)?))
}

/// The very end of a journal on disk.
pub fn end_of(archive: &Archive) -> Result<String, FeedError> {
    let newest = archive.find(|_| true)?;
    let end = newest.map_or(Sequence::default(), |record| record.sequence);
    Ok(end.to_string())
}

/// Where the last process began that wrote a journal on disk.
pub fn start_of_last_life(archive: &Archive) -> Result<String, FeedError> {
    let is_start = |record: &Record| {
        record.message.msg_type() == "status"
            && serde_json::from_slice::<Value>(&record.message.content)
                .is_ok_and(|content| content["execution_state"] == "starting")
    };
    let started = archive.find(is_start)?;
    let before = started.map_or(0, |record| record.sequence.0.saturating_sub(1));
    Ok(Sequence(before).to_string())
}
