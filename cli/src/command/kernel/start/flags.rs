use clap::{Args, ValueEnum};

use super::Arguments;
use crate::settings::Flags;

/// What the kernel remembers of what is run in it.
#[derive(Debug, Args)]
pub struct HistoryOptions {
    /// Keep no history on disk, whatever else is said: it ends with the kernel
    #[arg(long)]
    no_history: bool,
    /// Where the history of all kernels is; empty to keep none on disk
    /// [default: perilune/history.sqlite in the user's state folder]
    #[arg(long, value_name = "FILE")]
    history: Option<String>,
    /// How many entries the history keeps [default: 100000]
    #[arg(
        long,
        value_name = "NUMBER",
        value_parser = clap::value_parser!(u64).range(1..=1_000_000_000),
    )]
    history_entries: Option<u64>,
    /// For how many days the history keeps entries [default: without end]
    #[arg(
        long,
        value_name = "NUMBER",
        value_parser = clap::value_parser!(u64).range(1..=36_500),
    )]
    history_days: Option<u64>,
}

/// What becomes of the session beyond the kernel's life.
#[derive(Debug, Args)]
pub struct StateOptions {
    /// Begin with the session that the kernel of this name has saved: always, and if it cannot be
    /// restored do not start; or only if-saved, which starts an empty one then [default: never;
    /// without a value: always]
    #[arg(
        long,
        value_name = "WHEN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "always",
    )]
    restore: Option<RestoreChoice>,
    /// Save the session when the kernel ends: true or false [default: true for a kernel with a name]
    #[arg(
        long,
        value_name = "BOOLEAN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
    )]
    save: Option<bool>,
}

/// Whether a kernel begins with the session that was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RestoreChoice {
    /// It does, or does not start
    Always,
    /// It does if it can, and begins empty if it cannot
    IfSaved,
    /// It begins empty
    Never,
}

impl StateOptions {
    /// Whether the user counts on a state that is kept.
    pub fn asks_for_a_state(&self) -> bool {
        self.save == Some(true)
            || matches!(
                self.restore,
                Some(RestoreChoice::Always | RestoreChoice::IfSaved)
            )
    }
}

impl RestoreChoice {
    /// As it is written on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::IfSaved => "if-saved",
            Self::Never => "never",
        }
    }
}

impl Arguments {
    /// What these options set.
    pub fn flags(&self) -> Flags {
        let history = &self.history;
        self.log
            .add_to(Flags::new(&self.set))
            .with(
                "--memory-limit",
                "kernel.memory_limit",
                self.memory_limit.map(|it| it.as_u64()),
            )
            .with("--health", "health.listen", self.health.as_ref())
            .with("--ip", "kernel.ip", self.connection.ip)
            .with(
                "--transport",
                "kernel.transport",
                self.connection.transport(),
            )
            .with(
                "--no-project",
                "lua.project",
                self.no_project.then_some(false),
            )
            .with(
                "--no-history",
                "history.enabled",
                history.no_history.then_some(false),
            )
            .with("--history", "history.file", history.history.as_ref())
            .with(
                "--history-entries",
                "history.entries",
                history.history_entries,
            )
            .with("--history-days", "history.days", history.history_days)
            .with("--save", "state.save", self.state.save)
            .with(
                "--restore",
                "state.restore",
                self.state.restore.map(RestoreChoice::name),
            )
    }
}
