mod attached;
mod catching_up;
mod question;
mod stops;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Result;
use clap::Args;
use perilune_client::DebuggerNews;
use perilune_daemon::{Folders, Name};

use self::attached::Attached;
use crate::attach::{Bookmark, Json, Person, View};
use crate::exit::Exit;
use crate::kernels::{self, Kernel, KernelError, OneKernel};
use crate::settings::journal_folder;
use crate::standard;
use crate::terminal::Answers;

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
            debugger: DebuggerNews::default(),
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
