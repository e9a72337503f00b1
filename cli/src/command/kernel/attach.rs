use std::io::IsTerminal;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use perilune_client::ClientError;
use perilune_daemon::{Folders, Name};
use perilune_wire::content::Question;
use serde_json::Value;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

use crate::attach::{self, Bookmark, Feed, FeedError, Json, News, Person, Place, Published, View};
use crate::exit::Exit;
use crate::kernels::{self, Kernel, KernelError, OneKernel};
use crate::settings::journal_folder;
use crate::standard;
use crate::terminal::{Answers, Hidden};

/// `perilune kernel attach`
#[derive(Debug, Args)]
#[command(after_help = "\
Each message is shown once, also when the connection breaks meanwhile: attach connects anew and goes
on where it was. What cells write goes to standard output and standard error, as they wrote it; cells
and words about the connection go to standard error.

Ctrl-C detaches and leaves the cell running; `perilune kernel interrupt` interrupts it. A cell that
asks for input can be answered here, whoever ran it.

Exit codes: 0 detached, or the kernel ended as it was told, 3 it is not running, or ended without a
word, after what it left was shown, 4 it does not answer.")]
pub struct Arguments {
    #[command(flatten)]
    kernel: OneKernel,
    /// Where to begin: `last` is where the last attach left off, and the kernel's start if there was
    /// none; `start` is the oldest that the journal has; `now` shows nothing that was missed; the id
    /// of a message begins behind it
    #[arg(long, value_name = "last|start|now|MSG_ID", default_value = "last")]
    since: Since,
    /// Show what was missed, and leave
    #[arg(long)]
    no_follow: bool,
    /// Print one JSON object for each message (docs/kernel-json.md)
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone)]
enum Since {
    Last,
    Start,
    Now,
    Message(String),
}

impl FromStr for Since {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "last" => Self::Last,
            "start" => Self::Start,
            "now" => Self::Now,
            id => Self::Message(id.to_owned()),
        })
    }
}

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

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let kernel = match self.kernel.find() {
            Ok(kernel) => Some(kernel),
            // It may have left a journal.
            Err(error @ KernelError::NotRunning { .. }) if self.folder_by_name().is_none() => {
                return Err(error.into());
            }
            Err(KernelError::NotRunning { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let kept = standard::keep()?;
        let view: Box<dyn View> = if self.json {
            Box::new(Json::begin(kept))
        } else {
            Box::new(Person::begin(kept, true))
        };
        let folder = match &kernel {
            Some(kernel) => folder_of(kernel.registered_name())?,
            None => self.folder_by_name(),
        };
        let bookmark = match (&folder, &kernel) {
            (Some(folder), _) => folder.join("attach.json"),
            (None, Some(kernel)) => bookmark_of_foreign(kernel)?,
            (None, None) => return Ok(Exit::NotRunning),
        };
        let (bookmark, left_off) = Bookmark::open(bookmark);
        let attached = Attached {
            kernel,
            journal: folder.as_deref().map(journal_folder),
            view,
            bookmark,
            place: left_off,
            since: self.since,
            follows: !self.no_follow,
            question: None,
            answers: if std::io::stdin().is_terminal() && !self.json {
                Some(Answers::from_stdin()?)
            } else {
                None
            },
            restarts: false,
            missing_journal_told: false,
        };
        kernels::block_on(attached.run())
    }

    /// The folder of a kernel of this name that has ended in order, if there is one.
    fn folder_by_name(&self) -> Option<PathBuf> {
        let name = self.kernel.text().unwrap_or("default").parse().ok()?;
        folder_of(Some(&name)).ok()?.filter(|it| it.is_dir())
    }
}

fn folder_of(name: Option<&Name>) -> Result<Option<PathBuf>> {
    let folders = Folders::of_this_user()?;
    Ok(name.map(|name| folders.kernel(name)))
}

/// Where is noted how far the journal of a kernel was read that is not in our registry, such as one
/// of another machine.
fn bookmark_of_foreign(kernel: &Kernel) -> Result<PathBuf> {
    let folder = Folders::of_this_user()?.state().join("attach");
    Ok(folder.join(format!("{}.json", kernel.name())))
}

struct Attached {
    kernel: Option<Kernel>,
    /// Where its journal is, if that is on this machine.
    journal: Option<PathBuf>,
    view: Box<dyn View>,
    bookmark: Bookmark,
    /// How far all was seen; nothing before it is known where to begin.
    place: Option<Place>,
    since: Since,
    follows: bool,
    question: Option<Open>,
    /// None where nobody is in front.
    answers: Option<Answers>,
    /// The kernel said that another one takes its place.
    restarts: bool,
    missing_journal_told: bool,
}

/// A question that may still be open.
struct Open {
    request: String,
    question: Question,
    /// While it is shown: what is typed is hidden, if it must be.
    shown: Option<Option<Hidden>>,
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
    async fn run(mut self) -> Result<Exit> {
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

    /// Shows what the journal of a kernel has that is not running.
    fn show_what_is_left(&mut self) -> Result<Exit> {
        if let Some(folder) = &self.journal
            && let Some(archive) = attach::archive(folder)?
        {
            let start = match (&self.since, &self.place) {
                (_, Some(place)) if !matches!(self.since, Since::Start | Since::Now) => {
                    place.clone()
                }
                (Since::Now, _) => at(attach::end_of(&archive)?),
                (Since::Last, _) => at(attach::start_of_last_life(&archive)?),
                (Since::Start, _) => Place::default(),
                (Since::Message(id), _) => after_message(id),
            };
            let (mut after, mut seen_of_lost) = (start.begin(), 0);
            self.place = Some(start.clone());
            loop {
                let page = match attach::page_on_disk(&archive, after.as_deref(), None) {
                    Err(FeedError::NoSuchMessage(_))
                        if start.cursor.is_some() && after != start.cursor =>
                    {
                        (after, seen_of_lost) = (start.cursor.clone(), start.since);
                        continue;
                    }
                    page => page?,
                };
                self.show_page(page.lost.saturating_sub(seen_of_lost), page.messages)?;
                seen_of_lost = 0;
                after = Some(page.next);
                if !page.more {
                    break;
                }
            }
        }
        self.view.word("not_running", "the kernel is not running")?;
        Ok(Exit::NotRunning)
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
        self.listen(&mut feed).await
    }

    async fn catch_up(&mut self, feed: &mut Feed) -> Result<()> {
        let mut begins = matches!(self.since, Since::Start | Since::Now | Since::Message(_))
            || self.place.is_none();
        let start = if begins {
            match &self.since {
                Since::Start => Place::default(),
                Since::Now => at(feed.ends().await?.0),
                Since::Last => at(feed.ends().await?.1),
                Since::Message(id) => after_message(id),
            }
        } else {
            self.place.clone().unwrap_or_default()
        };
        let (mut after, mut seen_of_lost) = (start.begin(), 0);
        loop {
            let page = match feed.page(after.as_deref()).await {
                // The bounds took the last one that was seen, and maybe more.
                Err(FeedError::NoSuchMessage(_))
                    if start.cursor.is_some() && after != start.cursor =>
                {
                    (after, seen_of_lost) = (start.cursor.clone(), start.since);
                    continue;
                }
                page => page?,
            };
            if begins {
                // The next time, on from where we are.
                self.since = Since::Last;
                self.place = Some(start.clone());
                begins = false;
            }
            self.show_page(page.lost.saturating_sub(seen_of_lost), page.messages)?;
            seen_of_lost = 0;
            after = Some(page.next);
            if !page.more {
                return Ok(());
            }
        }
    }

    fn show_page(&mut self, lost: u64, messages: Vec<Published>) -> Result<()> {
        if lost > 0 {
            self.view.lost(lost)?;
        }
        for published in messages {
            self.take(&published)?;
        }
        Ok(())
    }

    /// Finds the question that was seen before, or is not to be seen, and waits still.
    async fn find_question(&mut self, feed: &Feed) -> Result<()> {
        if self.answers.is_none() {
            return Ok(());
        }
        match feed.open_question().await? {
            Some((request, question)) => {
                if self.put_question(request, question) {
                    // What it said before it asked may not be on this screen.
                    self.view
                        .word("asks", "the cell that runs waits for your answer")?;
                }
            }
            None => self.question = None,
        }
        Ok(())
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

    /// Shows something that was published, and remembers that it was.
    fn take(&mut self, published: &Published) -> Result<()> {
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

    fn take_status(&mut self, published: &Published) {
        if let Some(question) = published.metadata(Question::KEY) {
            let Ok(question) = serde_json::from_value::<Question>(question) else {
                return;
            };
            self.put_question(published.request(), question);
        } else if let Some(open) = &self.question
            && open.request == published.request()
        {
            let content = published.message.content::<Value>().unwrap_or_default();
            if content["execution_state"] == "idle" {
                self.question = None;
            }
        }
    }

    /// Takes a question to be open; one that is known stays as it is. Says whether it is new.
    fn put_question(&mut self, request: String, question: Question) -> bool {
        let known = self.question.as_ref().map(|open| &open.question);
        let is_new = known != Some(&question);
        if is_new {
            self.question = Some(Open {
                request,
                question,
                shown: None,
            });
        }
        is_new
    }

    /// Shows the question that is open, if one is that was not shown.
    fn ask(&mut self) -> Result<()> {
        if let Some(open) = &mut self.question
            && open.shown.is_none()
            && self.answers.is_some()
        {
            self.view.question(&open.question)?;
            open.shown = Some(open.question.password.then(Hidden::begin).flatten());
        }
        Ok(())
    }
}

fn at(cursor: String) -> Place {
    Place {
        cursor: Some(cursor),
        ..Place::default()
    }
}

fn after_message(id: &str) -> Place {
    Place {
        message: Some(id.to_owned()),
        ..Place::default()
    }
}

/// Cancel safe.
async fn next_line(answers: &mut Option<Answers>) -> Option<String> {
    match answers {
        Some(answers) => answers.next().await,
        None => std::future::pending().await,
    }
}

/// The signals by which a person leaves.
struct Stops {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Stops {
    fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).context("listening to signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Success,
            _ = self.hang_up.recv() => Exit::Success,
            _ = self.terminate.recv() => Exit::Terminated,
        }
    }
}
