use std::io::{self, Write};
use std::time::Duration;

use anyhow::Result;
use bytesize::ByteSize;
use clap::Args;
use serde_json::json;

use crate::exit::Exit;
use crate::kernels::{Pruning, SCHEMA_VERSION};

/// `perilune kernel prune`
#[derive(Debug, Args)]
#[command(after_help = "\
What goes: the PID files, records, connection files and sockets of kernels that ended without a
word, and the logs, journals and dumps of kernels that do not run and that nobody has written to for
--days. What stays: everything of a kernel that lives, connection files that others wrote, and
saved states.

Exit codes: 0, whether there was something or not; 1 when something could not be removed.")]
pub struct Arguments {
    /// Only say what would be removed
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// For how many days logs, journals and dumps are kept
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 7,
        value_parser = clap::value_parser!(u64).range(0..=36_500),
    )]
    days: u64,
    /// Print one JSON object (docs/kernel-json.md)
    #[arg(long)]
    json: bool,
}

const DAY: u64 = 86_400;

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let left = Pruning {
            dry_run: self.dry_run,
            older_than: Duration::from_secs(self.days * DAY),
        }
        .run()?;
        let mut stdout = io::stdout().lock();
        if self.json {
            let names: Vec<_> = left.kernels.iter().map(ToString::to_string).collect();
            let document = json!({
                "schema_version": SCHEMA_VERSION,
                "dry_run": self.dry_run,
                "kernels": names,
                "files": left.files,
                "bytes": left.bytes,
            });
            writeln!(stdout, "{document}")?;
            return Ok(Exit::Success);
        }
        let did = if self.dry_run {
            "Would remove"
        } else {
            "Removed"
        };
        for file in &left.files {
            writeln!(stdout, "{did} {}", file.display())?;
        }
        if left.files.is_empty() {
            writeln!(stdout, "Nothing to remove")?;
        } else {
            let count = left.files.len();
            let files = if count == 1 { "file" } else { "files" };
            writeln!(stdout, "{did} {count} {files}, {}", ByteSize(left.bytes))?;
        }
        Ok(Exit::Success)
    }
}
