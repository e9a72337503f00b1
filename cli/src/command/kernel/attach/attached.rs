use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use perilune_client::{ClientError, DebuggerEvent, DebuggerNews};
use serde_json::Value;
use tokio::time::sleep;

use super::Since;
use super::question::Open;
use super::stops::Stops;
use crate::attach::{Bookmark, Feed, FeedError, News, Place, Published, View};
use crate::exit::Exit;
use crate::kernels::{Kernel, KernelError};
use crate::terminal::Answers;

/// How long a kernel may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two attempts to connect, at first and at most.
const SOON: Duration = Duration::from_millis(100);
const LATER: Duration = Duration::from_secs(5);
/// How long nobody may listen where the kernel did, before it counts as ended; and how long a kernel
/// may take that said it starts anew.
const GIVES_UP: Duration = Duration::from_secs(30);
/// How soon it is noted how far the reader has come.
const NOTED: Duration = Duration::from_millis(300);

/// An attach, from its first word to its last.
pub(super) struct Attached {
    pub(super) kernel: Option<Kernel>,
    /// Where its journal is, if that is on this machine.
    pub(super) journal: Option<PathBuf>,
    pub(super) view: Box<dyn View>,
    pub(super) bookmark: Bookmark,
    /// How far all was seen; nothing before it is known where to begin.
    pub(super) place: Option<Place>,
    pub(super) since: Since,
    pub(super) follows: bool,
    pub(super) question: Option<Open>,
    /// None where nobody is in front.
    pub(super) answers: Option<Answers>,
    /// The kernel said that another one takes its place.
    pub(super) restarts: bool,
    pub(super) missing_journal_told: bool,
    pub(super) debugger: DebuggerNews,
}

/// Why a connection is over.
enum End {
    /// All that was missed was shown, and no more is wanted.
    CaughtUp,
    /// The kernel ended as it was told.
    Ended,
    /// It left something out for us.
    LeftOut,
    Lost(ClientError),
}

impl Attached {
    pub(super) async fn run(mut self) -> Result<Exit> {
        // Before anything is shown.
        let mut stops = Stops::listen()?;
        let result = tokio::select! {
            biased;
            exit = stops.next() => Ok(exit),
            exit = self.follow() => exit,
        };
        // What is typed shall be seen again.
        self.question = None;
        if let Some(place) = &self.place {
            self.bookmark
                .put(place)
                .context("noting how far all was seen")?;
        }
        self.view.ends()?;
        result
    }

    async fn follow(&mut self) -> Result<Exit> {
        let mut connected_before = false;
        loop {
            let Some(client) = self.connect(connected_before).await? else {
                return self.show_what_is_left();
            };
            if connected_before {
                self.view.word("reconnected", "connected again")?;
            }
            connected_before = true;
            match self.stay(Feed::new(client)).await? {
                End::CaughtUp => return Ok(Exit::Success),
                End::Ended if !self.restarts => {
                    self.view.word("ended", "the kernel has ended")?;
                    return Ok(Exit::Success);
                }
                End::Ended => self.view.word("restarting", "the kernel starts anew")?,
                End::LeftOut => {}
                End::Lost(error) => {
                    let text = format!("{error}; connecting again");
                    self.view.word("disconnected", &text)?;
                }
            }
        }
    }

    /// Connects; again and again if there was a connection before. `None` when there is nobody to
    /// connect to any more.
    async fn connect(&mut self, again: bool) -> Result<Option<perilune_client::Client>> {
        let began = Instant::now();
        let mut pause = SOON;
        loop {
            let Some(kernel) = &mut self.kernel else {
                return Ok(None);
            };
            kernel.look_again()?;
            let waits_for_another = self.restarts && began.elapsed() < GIVES_UP;
            let error = match kernel.connect(PATIENCE).await {
                Ok(client) => {
                    self.restarts = false;
                    return Ok(Some(client));
                }
                Err(error) => error,
            };
            let is_over = match &error {
                KernelError::NotRunning { .. } => !waits_for_another,
                KernelError::Client {
                    reason: ClientError::NobodyThere { .. },
                    ..
                } => again && began.elapsed() > GIVES_UP && !waits_for_another,
                _ => false,
            };
            if is_over && self.journal.is_some() {
                return Ok(None);
            }
            if is_over || !again {
                return Err(error.into());
            }
            sleep(pause).await;
            pause = (pause * 2).min(LATER);
        }
    }

    /// Shows all from where we were on, until the connection is over.
    async fn stay(&mut self, mut feed: Feed) -> Result<End> {
        match self.catch_up(&mut feed).await {
            Ok(()) => {}
            Err(error) => match error.downcast::<FeedError>() {
                Ok(FeedError::Client(ClientError::Ended)) => return Ok(End::Ended),
                Ok(FeedError::Client(error)) => return Ok(End::Lost(error)),
                Ok(FeedError::NoJournal) => {
                    if !std::mem::replace(&mut self.missing_journal_told, true) {
                        self.view.word(
                            "no_journal",
                            "this kernel keeps no journal: what it published before is not known here",
                        )?;
                    }
                    self.place.get_or_insert_default();
                }
                Ok(error) => return Err(error.into()),
                Err(error) => return Err(error),
            },
        }
        if !self.follows {
            return Ok(End::CaughtUp);
        }
        if let Err(error) = self.find_question(&feed).await {
            return error.downcast().map(End::Lost);
        }
        match feed.stopped().await {
            // What has stopped before may have gone on while nobody was connected.
            Ok(stop) => {
                self.take_debugger(stop.unwrap_or(DebuggerEvent::Continued { steps: false }))?;
            }
            Err(error) => return Ok(End::Lost(error)),
        }
        self.listen(&mut feed).await
    }

    async fn listen(&mut self, feed: &mut Feed) -> Result<End> {
        loop {
            self.ask()?;
            let is_asking = self.question.as_ref().is_some_and(|it| it.shown.is_some());
            tokio::select! {
                news = feed.next() => match news {
                    Ok(News::Published(published)) => self.take(&published)?,
                    Ok(News::Silent(since)) => {
                        let text = format!(
                            "the kernel has not been heard for {} s: it is stopped, or cannot be reached",
                            since.as_secs(),
                        );
                        self.view.word("silent", &text)?;
                    }
                    Ok(News::Awake) => self.view.word("heard", "the kernel is heard again")?,
                    Ok(News::Debugger(event)) => self.take_debugger(event)?,
                    Ok(News::LeftOut) => return Ok(End::LeftOut),
                    Ok(News::Ended) => return Ok(End::Ended),
                    Err(error) => return Ok(End::Lost(error)),
                },
                line = next_line(&mut self.answers), if is_asking => {
                    let Some(open) = self.question.take() else { continue };
                    self.view.answered();
                    drop(open.shown);
                    match feed.answer(&open.question, line).await {
                        Ok(true) => {}
                        Ok(false) => self.view.word(
                            "answered",
                            "this question has been answered already, or its cell has ended",
                        )?,
                        Err(error) => return Ok(End::Lost(error)),
                    }
                }
                () = sleep(NOTED) => {
                    if let Some(place) = &self.place {
                        self.bookmark.put(place).context("noting how far all was seen")?;
                    }
                }
            }
        }
    }

    fn take_debugger(&mut self, event: DebuggerEvent) -> Result<()> {
        match self.debugger.take(event) {
            Some(event) => Ok(self.view.debugger(&event)?),
            None => Ok(()),
        }
    }

    /// Shows something that was published, and remembers that it was.
    pub(super) fn take(&mut self, published: &Published) -> Result<()> {
        self.view.message(published)?;
        let place = self.place.get_or_insert_default();
        place.pass(published);
        self.bookmark
            .follow(place)
            .context("noting how far all was seen")?;
        match published.kind() {
            "status" => self.take_status(published),
            "shutdown_reply" => {
                let content = published.message.content::<Value>().unwrap_or_default();
                self.restarts = content["restart"] == Value::Bool(true);
            }
            _ => {}
        }
        Ok(())
    }
}

/// Cancel safe.
async fn next_line(answers: &mut Option<Answers>) -> Option<String> {
    match answers {
        Some(answers) => answers.next().await,
        None => std::future::pending().await,
    }
}
