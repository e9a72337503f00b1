use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use perilune_daemon::{Folders, Name};
use perilune_journal::Archive;
use serde_json::Value;

use crate::attach::{self, Feed, FeedError, Json, Page, Person, Published, View};
use crate::exit::Exit;
use crate::kernels::{self, Kernel, KernelError};
use crate::settings::journal_folder;
use crate::standard;

/// `perilune kernel output`
#[derive(Debug, Args)]
#[command(after_help = "\
The output is that of the kernel's journal, so also what nobody saw, and also when the kernel has
ended since. What a cell writes later, from a callback, is output of the cell too.

Exit codes: 0 it was shown, 1 there is no such request, 3 there is no such kernel, 4 the kernel does
not answer.")]
pub struct Arguments {
    /// The id of the request, or the start of it, as `perilune kernel exec --detach` prints it; `last`
    /// for the cell that was run last
    #[arg(value_name = "MSG_ID|last")]
    request: String,
    /// A kernel's name, its id or the start of it, or its connection file [default: the one that
    /// runs, or `default`]
    #[arg(long, short, value_name = "KERNEL")]
    kernel: Option<String>,
    /// Print one JSON object for each message (docs/kernel-json.md)
    #[arg(long)]
    json: bool,
}

/// How long a kernel may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let found = Kernel::find(self.kernel.as_deref());
        let folder = match &found {
            Ok(kernel) => folder_of(kernel.registered_name())?,
            Err(KernelError::NotRunning { .. } | KernelError::NoneRuns) => {
                let name = self.kernel.as_deref().unwrap_or("default");
                folder_of(name.parse().ok().as_ref())?
            }
            Err(_) => None,
        };
        let archive = match folder {
            Some(folder) => attach::archive(&journal_folder(&folder))?,
            None => None,
        };
        kernels::block_on(async {
            let source = match (archive, found) {
                (Some(archive), _) => Source::Disk(archive),
                (None, Ok(kernel)) => {
                    Source::Kernel(Box::new(Feed::new(kernel.connect(PATIENCE).await?)))
                }
                (None, Err(error)) => return Err(error.into()),
            };
            self.show(&source).await
        })
    }

    async fn show(&self, source: &Source) -> Result<Exit> {
        let request = self.find(source).await?;
        let kept = standard::keep()?;
        let mut view: Box<dyn View> = if self.json {
            Box::new(Json::begin(kept))
        } else {
            Box::new(Person::begin(kept, false))
        };
        let (mut after, mut begins, mut has_ended) = (None, false, false);
        loop {
            let page = source.page(Some(&request), after.as_deref()).await?;
            for published in &page.messages {
                view.message(published)?;
                begins |= published.kind() == "execute_input";
                has_ended |= is_idle(published);
            }
            after = Some(page.next);
            if !page.more {
                break;
            }
        }
        if !begins {
            view.word(
                "beginning_lost",
                "the beginning is missing: the journal no longer has it",
            )?;
        }
        if !has_ended {
            view.word(
                "unfinished",
                "this is not the end: the cell was still running",
            )?;
        }
        view.ends()?;
        Ok(Exit::Success)
    }

    /// The whole id of the request that is meant.
    async fn find(&self, source: &Source) -> Result<String> {
        let mut cells: Vec<String> = Vec::new();
        let mut after = None;
        loop {
            let page = source.page(None, after.as_deref()).await?;
            for published in &page.messages {
                let request = published.request();
                let is_meant = match self.request.as_str() {
                    "last" => published.kind() == "execute_input",
                    start => request.starts_with(start),
                };
                if is_meant && !request.is_empty() && !cells.contains(&request) {
                    cells.push(request);
                }
            }
            after = Some(page.next);
            if !page.more {
                break;
            }
        }
        if cells.contains(&self.request) {
            return Ok(self.request.clone());
        }
        match (self.request.as_str(), &cells[..]) {
            ("last", []) => {
                bail!("no cell was run in this kernel, as far as its journal goes back")
            }
            ("last", [.., last]) | (_, [last]) => Ok(last.clone()),
            (id, []) => bail!("the journal has nothing of a request {id}"),
            (start, several) => bail!(
                "{start} is the start of several requests: {}",
                several.join(", ")
            ),
        }
    }
}

enum Source {
    /// Also of a kernel that runs: it is the same.
    Disk(Archive),
    /// Of one whose journal is not on this machine.
    Kernel(Box<Feed>),
}

impl Source {
    async fn page(&self, request: Option<&str>, after: Option<&str>) -> Result<Page, FeedError> {
        match self {
            Self::Disk(archive) => attach::page_on_disk(archive, after, request),
            Self::Kernel(feed) => feed.page_of(request, after).await,
        }
    }
}

fn folder_of(name: Option<&Name>) -> Result<Option<std::path::PathBuf>> {
    let folders = Folders::of_this_user()?;
    Ok(name.map(|name| folders.kernel(name)))
}

fn is_idle(published: &Published) -> bool {
    published.kind() == "status"
        && published
            .message
            .content::<Value>()
            .is_ok_and(|content| content["execution_state"] == "idle")
}
