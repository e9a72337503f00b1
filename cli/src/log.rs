//! The program's own log, for whoever looks after it.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result};
use clap::Args;
use perilune_config::{LogFilter, LogFormat, Settings};
use perilune_daemon::log::{Format, Limits, LineLayer, LogFile, Output, Style, report_crashes};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, registry, reload};

use crate::settings::Flags;
use crate::standard::Kept;

/// How much is logged, how, and to where: standard error, where nothing else is said.
#[derive(Debug, Args)]
pub struct Log {
    /// What to log: error, warn, info, debug or trace, also for a part alone, as in
    /// `warn,perilune_transport=debug`
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<LogFilter>,
    /// What a line of the log looks like [default: text]
    #[arg(long, value_name = "FORMAT", value_parser = ["text", "json"])]
    log_format: Option<String>,
    /// Log into this file, which is rotated
    #[arg(long, value_name = "FILE")]
    log_file: Option<PathBuf>,
}

impl Log {
    /// The options, for the settings.
    pub fn add_to(&self, flags: Flags) -> Flags {
        let file = self.log_file.as_ref().map(|file| {
            // Whoever logs may be in another folder by then.
            let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
            file.to_string_lossy().into_owned()
        });
        let level = self.log_level.as_ref().map(LogFilter::as_str);
        flags
            .with("--log-level", "log.level", level)
            .with("--log-format", "log.format", self.log_format.as_ref())
            .with("--log-file", "log.file", file)
    }
}

/// A log that has begun. There is one in the process.
struct Running {
    filter: reload::Handle<Targets, Registry>,
    /// The filter, as it was written.
    level: Mutex<String>,
    /// What is logged where the settings say nothing.
    usual: Level,
    file: Option<Arc<LogFile>>,
}

static RUNNING: OnceLock<Running> = OnceLock::new();

/// The name of a daemon's log in its folder.
pub const NAME: &str = "kernel.log";

/// Where these settings let the log go: a file, or else what is usual, which may be none.
pub fn place(settings: &Settings, usual: Option<PathBuf>) -> Option<PathBuf> {
    match &settings.log.file {
        Some(file) if file.is_empty() => None,
        Some(file) => Some(file.path()),
        None => usual,
    }
}

/// Opens the file that is logged into.
///
/// # Errors
///
/// When it cannot be.
pub fn open(settings: &Settings, path: &Path) -> Result<Arc<LogFile>> {
    let style = Style {
        format: format(settings),
        ..Style::default()
    };
    let notice = move |lines| style.notice_of_lost(lines);
    let file = LogFile::open(path, limits(settings), notice).context("opening the log")?;
    Ok(Arc::new(file))
}

/// Begins to log at the level `usual` where the user has not said another: into the file, or else
/// to where standard error led.
///
/// # Errors
///
/// When the system refuses to let what is kept lead into the file.
pub fn start(
    settings: &Settings,
    usual: Level,
    kept: &'static Kept,
    file: Option<Arc<LogFile>>,
) -> Result<()> {
    let (filter, level) = match &settings.log.level {
        Some(level) => (level.targets().clone(), level.as_str().to_owned()),
        None => {
            let level = word(usual).to_owned();
            (Targets::new().with_default(usual), level)
        }
    };
    let (style, output, mut crashes) = match &file {
        Some(file) => {
            let style = Style {
                format: format(settings),
                ..Style::default()
            };
            (
                style,
                Output::File(Arc::clone(file)),
                vec![file.descriptor()],
            )
        }
        None => {
            let style = style_of(settings, &kept.stderr);
            (style, Output::Stream(&kept.stderr), Vec::new())
        }
    };
    let leads = |descriptor: &File| {
        let file = file.as_deref();
        file.is_some_and(|file| is_same(descriptor, &file.path()))
    };
    if leads(&kept.stderr) {
        if let Some(file) = &file {
            for descriptor in [&kept.stdout, &kept.stderr] {
                file.lead(descriptor.as_fd())
                    .context("leading into the log")?;
            }
        }
    } else {
        crashes.push(kept.stderr.as_raw_fd());
    }
    let (filter, handle) = reload::Layer::new(filter);
    registry()
        .with(filter)
        .with(LineLayer::new(style, output))
        .init();
    let _ = RUNNING.set(Running {
        filter: handle,
        level: Mutex::new(level),
        usual,
        file,
    });
    // Standard error may be a kernel's by now, and a panic is nothing for a notebook.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, message = panic.payload_as_str(), "panicked");
    }));
    report_crashes(crashes, style, perilune_engine::last_words);
    Ok(())
}

/// How a level was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelChange {
    /// What was logged before.
    pub old: String,
    /// What is logged now.
    pub new: String,
}

/// Changes how much is logged, while it is.
///
/// # Errors
///
/// What is wrong with the level, in words.
pub fn set_level(level: &str) -> Result<LevelChange, String> {
    let filter: LogFilter = level.parse().map_err(|why: String| match why.as_str() {
        "" => format!("{level:?} is no level"),
        _ => why,
    })?;
    let running = RUNNING.get().ok_or("nothing is logged here")?;
    let mut level = running.level.lock().unwrap_or_else(PoisonError::into_inner);
    running
        .filter
        .reload(filter.targets().clone())
        .map_err(|error| error.to_string())?;
    let new = filter.as_str().to_owned();
    let old = std::mem::replace(&mut *level, new.clone());
    Ok(LevelChange { old, new })
}

/// Takes over what of these settings can be changed while the log goes on: its level, and the limits
/// of its files.
pub fn apply(settings: &Settings) {
    let Some(running) = RUNNING.get() else {
        return;
    };
    let level = match &settings.log.level {
        Some(level) => level.as_str(),
        None => word(running.usual),
    };
    if let Err(why) = set_level(level) {
        tracing::error!(level, why, "the level of the log stays as it was");
    }
    if let Some(file) = &running.file {
        file.set_limits(limits(settings));
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        _ => "trace",
    }
}

/// How many lines could not be written.
pub fn lost() -> u64 {
    let file = RUNNING.get().and_then(|running| running.file.as_ref());
    file.map_or(0, |file| file.lost())
}

fn limits(settings: &Settings) -> Limits {
    Limits {
        size: settings.log.max_size.bytes(),
        age: settings.log.max_age.duration(),
        files: usize::try_from(settings.log.keep.get()).unwrap_or(usize::MAX),
        keep: settings.log.keep_for.duration(),
        gzip: settings.log.gzip,
    }
}

fn format(settings: &Settings) -> Format {
    match settings.log.format {
        LogFormat::Text => Format::Text,
        LogFormat::Json => Format::Json,
    }
}

/// How lines are written to standard error.
fn style_of(settings: &Settings, stderr: &File) -> Style {
    Style {
        format: format(settings),
        colours: console::colors_enabled_stderr(),
        journal: is_journal(stderr),
    }
}

/// Whether systemd's journal reads a stream (systemd.exec(5), `JOURNAL_STREAM`).
fn is_journal(stream: &File) -> bool {
    let Ok(expected) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    let metadata = stream.metadata();
    metadata.is_ok_and(|it| expected == format!("{}:{}", it.dev(), it.ino()))
}

fn is_same(file: &File, path: &Path) -> bool {
    match (file.metadata(), path.symlink_metadata()) {
        (Ok(file), Ok(path)) => (file.dev(), file.ino()) == (path.dev(), path.ino()),
        _ => false,
    }
}
