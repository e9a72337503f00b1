use std::io::{self, Write};

use anyhow::Result;
use clap::Args;
use console::Style;
use serde_json::{Value, json};

use super::selection::{local_time, timestamp};
use crate::exit::Exit;
use crate::standard;

/// `perilune history sessions`
#[derive(Debug, Args)]
pub struct Arguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let (path, store) = super::open()?;
        let sessions = match &store {
            Some(store) => store.sessions()?,
            None => Vec::new(),
        };
        let mut stdout = io::stdout().lock();
        if self.json {
            let sessions: Vec<Value> = sessions
                .iter()
                .map(|it| {
                    json!({
                        "session": it.number,
                        "kernel": it.session.kernel,
                        "folder": it.session.folder,
                        "started": timestamp(it.session.started),
                        "ended": it.ended.map(timestamp),
                        "entries": it.entries,
                    })
                })
                .collect();
            let document = json!({"schema_version": 1, "path": path, "sessions": sessions});
            writeln!(stdout, "{document}")?;
            return Ok(Exit::Success);
        }
        if store.is_none() {
            standard::say(&format!("There is no history yet in {}", path.display()));
        } else {
            let heading = format!(
                "{:>7}  {:<16}  {:<16}  {:>7}  {:<8}  FOLDER",
                "SESSION", "STARTED", "ENDED", "ENTRIES", "KERNEL"
            );
            writeln!(stdout, "{}", Style::new().bold().apply_to(heading))?;
        }
        for it in &sessions {
            writeln!(
                stdout,
                "{:>7}  {}  {:<16}  {:>7}  {:<8}  {}",
                it.number,
                local_time(it.session.started),
                it.ended.map_or_else(|| "-".to_owned(), local_time),
                it.entries,
                it.session.kernel,
                it.session.folder.display(),
            )?;
        }
        Ok(Exit::Success)
    }
}
