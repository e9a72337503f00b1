//! The program's own log, for whoever looks after it.

use std::fs::File;

use clap::Args;
use perilune_config::{LogFilter, Settings};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{fmt, registry};

/// How much is logged, and to where: standard error.
#[derive(Debug, Args)]
pub struct Log {
    /// What to log: error, warn, info, debug or trace, also for a part alone, as in
    /// `warn,perilune_transport=debug`
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<LogFilter>,
}

impl Log {
    /// The option, for the settings.
    pub fn level(&self) -> Option<&str> {
        self.log_level.as_ref().map(LogFilter::as_str)
    }
}

/// Begins to log into `stderr`, at the level `usual` where the user has not said another.
pub fn start(settings: &Settings, usual: Level, stderr: &'static File) {
    let level = settings.log.level.as_ref();
    let lines = fmt::layer().with_ansi(false).with_writer(move || stderr);
    registry()
        .with(level.map_or_else(
            || Targets::new().with_default(usual),
            |it| it.targets().clone(),
        ))
        .with(lines)
        .init();
    // Standard error may be a kernel's by now, and a panic is nothing for a notebook.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, message = panic.payload_as_str(), "panicked");
    }));
}
