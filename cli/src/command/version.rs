use std::io::{self, Write};

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::exit::Exit;

/// `perilune version`
#[derive(Debug, Args)]
pub struct Arguments {
    /// Print one JSON object, with more of what the program is made of
    #[arg(long)]
    json: bool,
}

/// What the program was built from, where the builder said it.
const COMMIT: Option<&str> = option_env!("PERILUNE_COMMIT");

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let version = env!("CARGO_PKG_VERSION");
        let mut stdout = io::stdout().lock();
        if self.json {
            let lua = perilune_lua::INFO;
            let document = json!({
                "schema_version": 1,
                "name": "perilune",
                "version": version,
                "commit": COMMIT,
                "target": env!("PERILUNE_TARGET"),
                "os": std::env::consts::OS,
                "arch": std::env::consts::ARCH,
                "debug": cfg!(debug_assertions),
                "language": {"name": lua.name, "version": lua.version},
                "protocol_version": perilune_wire::PROTOCOL_VERSION,
                "transports": ["tcp", "ipc"],
                "executable": std::env::current_exe().ok(),
            });
            writeln!(stdout, "{document}")?;
        } else {
            writeln!(stdout, "perilune {version}")?;
        }
        Ok(Exit::Success)
    }
}
