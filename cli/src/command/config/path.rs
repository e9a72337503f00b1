use std::io::{self, Write};

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::file::user_file;
use crate::exit::Exit;
use crate::settings::{self, Flags};

/// `perilune config path`
#[derive(Debug, Args)]
pub struct Arguments {
    /// Print one JSON object, also with the project's file
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let sources = settings::sources(Flags::default())?;
        let path = user_file(&sources)?;
        let mut stdout = io::stdout().lock();
        if self.json {
            let (user, project) = sources.files();
            let document = json!({
                "schema_version": 1, "path": path, "exists": user.is_some(), "project": project,
            });
            writeln!(stdout, "{document}")?;
        } else {
            writeln!(stdout, "{}", path.display())?;
        }
        Ok(Exit::Success)
    }
}
