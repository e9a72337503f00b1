use std::io::{self, Write};

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::exit::Exit;

/// `perilune version`
#[derive(Debug, Args)]
pub struct Arguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let version = env!("CARGO_PKG_VERSION");
        let mut stdout = io::stdout().lock();
        if self.json {
            let document = json!({
                "schema_version": 1,
                "name": "perilune",
                "version": version,
                "os": std::env::consts::OS,
                "arch": std::env::consts::ARCH,
            });
            writeln!(stdout, "{document}")?;
        } else {
            writeln!(stdout, "perilune {version}")?;
        }
        Ok(Exit::Success)
    }
}
