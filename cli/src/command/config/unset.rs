use std::io::{self, Write};

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::file::Choice;
use crate::exit::Exit;
use crate::standard;

/// `perilune config unset`
#[derive(Debug, Args)]
pub struct Arguments {
    /// The setting, such as log.level; also one that there is not, to be rid of it
    #[arg(value_name = "SECTION.KEY")]
    key: String,
    #[command(flatten)]
    choice: Choice,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let file = self.choice.file()?;
        let was_set = file.update(|text| Ok(perilune_config::unset(text, &self.key)?))?;
        if let (false, Err(why)) = (was_set, perilune_config::key_named(&self.key)) {
            standard::say(&format!("perilune: {why}"));
            return Ok(Exit::Usage);
        }
        if self.json {
            let document = json!({
                "schema_version": 1, "path": file.path, "key": self.key, "was_set": was_set,
            });
            writeln!(io::stdout().lock(), "{document}")?;
        }
        let path = file.path.display();
        standard::say(&match was_set {
            true => format!("{} is no longer set in {path}", self.key),
            false => format!("{} is not set in {path}", self.key),
        });
        Ok(Exit::Success)
    }
}
