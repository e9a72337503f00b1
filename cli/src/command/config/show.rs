use std::io::{self, Write};

use anyhow::Result;
use clap::Args;
use perilune_config::{KEYS, SECTIONS};
use serde_json::{Value, json};

use super::json;
use super::key_argument::{Part, PartParser};
use crate::exit::Exit;
use crate::settings::{self, Flags};
use crate::standard;

/// `perilune config show`
#[derive(Debug, Args)]
#[command(after_help = "\
What is shown can be put into a file. An option wins over a variable of the environment, that over
the project's perilune.toml, that over the user's file, and that over the default.")]
pub struct Arguments {
    /// Only this section, or this setting
    #[arg(value_name = "SECTION", value_parser = PartParser, hide_possible_values = true)]
    part: Option<Part>,
    /// Say where each value comes from
    #[arg(long)]
    origin: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let sources = settings::sources(Flags::default())?;
        let configuration = settings::read(&sources)?;
        let is_wanted = |key: &perilune_config::Key| self.part.is_none_or(|part| part.has(key));
        let mut stdout = io::stdout().lock();
        if let Some(foreign) = &configuration.foreign {
            standard::say(&format!(
                "perilune: {} is not read, since it belongs to somebody else",
                foreign.display()
            ));
        }
        if self.json {
            let (user, project) = sources.files();
            let settings: Vec<Value> = KEYS
                .iter()
                .filter(|key| is_wanted(key))
                .map(|key| json::setting(&configuration, key))
                .collect();
            let files = json!({"user": user, "project": project});
            let document = json!({"schema_version": 1, "files": files, "settings": settings});
            writeln!(stdout, "{document}")?;
            return Ok(Exit::Success);
        }
        let mut is_first = true;
        for section in SECTIONS {
            let keys = KEYS.iter().filter(|key| key.section() == section.name);
            let keys: Vec<_> = keys.filter(|key| is_wanted(key)).collect();
            if keys.is_empty() {
                continue;
            }
            let gap = if is_first { "" } else { "\n" };
            is_first = false;
            writeln!(stdout, "{gap}[{}]", section.name)?;
            for key in keys {
                let value = configuration.value(key).to_toml();
                let line = format!("{} = {value}", key.short_name());
                if self.origin {
                    writeln!(stdout, "{line:<32} # {}", configuration.origin(key))?;
                } else {
                    writeln!(stdout, "{line}")?;
                }
            }
        }
        Ok(Exit::Success)
    }
}
