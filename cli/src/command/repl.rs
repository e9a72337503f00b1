use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use bytesize::ByteSize;
use clap::Args;
use perilune_config::{Settings, Size};
use perilune_engine::LuaOptions;
use perilune_history::{Place, Query, Store};
use tracing::Level;

use crate::embedded::EmbeddedKernel;
use crate::exit::Exit;
use crate::kernels;
use crate::log::{self, Log};
use crate::repl::{Editor, Front, Kernel, Looks, Plain, Recall, Session, TerminalSettings, Wishes};
use crate::settings::{self, Flags, SetOption};
use crate::standard::{self, Kept};
use crate::terminal::{self, Images, Terminal};

/// How long an existing kernel has to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many inputs of the past can be brought back.
const RECALLED: usize = 10_000;

/// `perilune repl`
#[derive(Debug, Args)]
#[command(after_help = "\
The kernel is in this process and ends with it; with --existing it is another one, which goes on.
Cells are remembered as those of any kernel, and the arrow keys and Ctrl-R bring them back; a cell
that begins with a space or with %%nohistory is not. `.help` at the prompt lists commands and keys.
What comes by a pipe is run as `perilune run -` runs it.

Exit codes: 0 left, 1 the kernel is gone or what was piped failed, 2 wrong command line, 3 no such
kernel runs, 4 it does not answer, 130 a cell that did not stop was given up, 129 and 143 the
terminal was closed or SIGTERM came, N a cell called os.exit(N).")]
pub struct Arguments {
    /// Use a kernel that runs already: its name, its id or the start of it, or its connection file
    /// [default: the one that runs, or `default`]
    #[arg(long, value_name = "NAME|FILE", num_args = 0..=1)]
    existing: Option<Option<String>>,
    /// Show what other clients of the kernel run, too
    #[arg(long, requires = "existing")]
    others: bool,
    /// Remember nothing of what is run, and bring nothing back
    #[arg(long)]
    no_history: bool,
    /// How much memory Lua may use, such as 512MiB or 2GiB
    #[arg(long, value_name = "SIZE", conflicts_with = "existing")]
    memory_limit: Option<ByteSize>,
    /// Say nothing but what cells say
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    log: Log,
    #[command(flatten)]
    set: SetOption,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let settings = self.settings()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("starting the I/O runtime")?;
        let (kernel, kept) = match &self.existing {
            None => embedded(&settings)?,
            Some(text) => {
                let kept = standard::keep()?;
                let found = kernels::Kernel::find(text.as_deref())?;
                let client = runtime.block_on(found.connect(PATIENCE))?;
                (Kernel::Existing(client, found.name().to_owned()), kept)
            }
        };
        // A person sees the errors of the cells on the same terminal.
        let log = match log::place(&settings, None) {
            Some(path) => Some(log::open(&settings, &path)?),
            None => None,
        };
        log::start(&settings, Level::ERROR, kept, log)?;
        let _terminal = TerminalSettings::remember(kept);
        let terminal = Terminal::begin(kept).with_images(Images::new(settings.repl.images));
        let front = front(&settings, kept)?;
        let wishes = Wishes {
            quiet: !settings.repl.banner,
            history: settings.history.enabled,
            others: settings.repl.others,
        };
        runtime.block_on(async {
            Session::new(kernel, kept, terminal, front, wishes)?
                .run()
                .await
        })
    }

    fn settings(&self) -> Result<Settings> {
        let flags = Flags::new(&self.set)
            .with(
                "--memory-limit",
                "kernel.memory_limit",
                self.memory_limit.map(|it| it.as_u64()),
            )
            .with(
                "--no-history",
                "history.enabled",
                self.no_history.then_some(false),
            )
            .with("--quiet", "repl.banner", self.quiet.then_some(false))
            .with("--others", "repl.others", self.others.then_some(true));
        let flags = self.log.add_to(flags);
        Ok(settings::read(&settings::sources(flags)?)?.settings)
    }
}

fn embedded(settings: &Settings) -> Result<(Kernel, &'static Kept)> {
    let (descriptors, kept) = standard::take()?;
    let to_bytes = |size: Size| usize::try_from(size.bytes()).unwrap_or(usize::MAX);
    let folder = std::env::current_dir();
    let lua = LuaOptions {
        memory_limit: settings.kernel.memory_limit.map(to_bytes),
        project: folder
            .as_ref()
            .ok()
            .filter(|_| settings.lua.project)
            .cloned(),
        ..LuaOptions::default()
    };
    let history = settings::history_options(settings, Some("repl"), folder.unwrap_or_default());
    let kernel = EmbeddedKernel::start(descriptors, lua, None, Some(history))?;
    Ok((Kernel::Embedded(kernel), kept))
}

/// What the terminal can do.
fn front(settings: &Settings, kept: &'static Kept) -> Result<Front> {
    if !io::stdin().is_terminal() {
        return Ok(Front::Whole);
    }
    if !kept.stdout.is_terminal() || terminal::is_dumb() {
        return Ok(Front::Plain(Plain::new(kept)));
    }
    let recall = Recall::default();
    if settings.history.enabled
        && let Place::File(path) = settings::history_place(settings)
    {
        read_history(path, recall.clone())?;
    }
    let looks = Looks {
        colours: console::colors_enabled(),
        hints: settings.repl.hints,
    };
    Ok(Front::Editor(Editor::start(&kept.stdout, recall, looks)?))
}

/// Reads what was run before, while the first prompt is there already.
fn read_history(path: PathBuf, recall: Recall) -> Result<()> {
    let read = move || {
        if !path.exists() {
            return;
        }
        let query = Query {
            unique: true,
            newest: Some(RECALLED),
            ..Query::default()
        };
        match Store::open(&path).and_then(|store| store.select(&query, None)) {
            Ok(found) => {
                recall.remember_before(found.into_iter().map(|it| it.entry.input).collect());
            }
            Err(error) => tracing::error!("{error}"),
        }
    };
    thread::Builder::new()
        .name("recall".to_owned())
        .spawn(read)
        .context("starting a thread that reads the history")?;
    Ok(())
}
