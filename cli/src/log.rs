//! The program's own log, for whoever looks after it.

use std::fs::File;

use clap::Args;
use tracing_subscriber::EnvFilter;

/// How much is logged, and to where: standard error.
#[derive(Debug, Args)]
pub struct Log {
    /// What to log: error, warn, info, debug or trace, also for a part alone, as in
    /// `warn,perilune_transport=debug`
    #[arg(
        long,
        value_name = "LEVEL",
        env = "PERILUNE_LOG",
        value_parser = |level: &str| EnvFilter::try_new(level).map(|_| level.to_owned()),
    )]
    log_level: Option<String>,
}

impl Log {
    /// Begins to log into `stderr`, at the level `usual` where the user has not said another.
    pub fn start(&self, usual: &str, stderr: &'static File) {
        let level = self.log_level.as_deref().unwrap_or(usual);
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(level))
            .with_ansi(false)
            .with_writer(move || stderr)
            .init();
        // Standard error may be a kernel's by now, and a panic is nothing for a notebook.
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string);
            tracing::error!(place, message = panic.payload_as_str(), "panicked");
        }));
    }
}
