use std::io::{self, Write};

use anyhow::Result;
use clap::Args;
use perilune_config::Key;

use super::json;
use super::key_argument::KeyParser;
use crate::exit::Exit;
use crate::settings::{self, Flags};

/// `perilune config get`
#[derive(Debug, Args)]
pub struct Arguments {
    /// The setting, such as log.level
    #[arg(value_name = "SECTION.KEY", value_parser = KeyParser, hide_possible_values = true)]
    key: &'static Key,
    /// Print one JSON object, also with where the value comes from
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let configuration = settings::read(&settings::sources(Flags::default())?)?;
        let mut stdout = io::stdout().lock();
        if self.json {
            let mut document = json::setting(&configuration, self.key);
            document["schema_version"] = 1.into();
            writeln!(stdout, "{document}")?;
        } else {
            writeln!(stdout, "{}", configuration.value(self.key))?;
        }
        Ok(Exit::Success)
    }
}
