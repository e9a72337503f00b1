use std::io::{self, Write};

use anyhow::{Result, bail};
use clap::Args;
use perilune_config::{Applies, Configuration, Key, Origin, Problem, Problems, Value};
use serde_json::json;

use super::file::{Choice, SettingsFile};
use super::key_argument::KeyParser;
use crate::exit::Exit;
use crate::standard;

/// `perilune config set`
#[derive(Debug, Args)]
#[command(after_help = "\
The file is made if it is not there. It is checked before it is written, and what is in it besides,
comments too, stays as it is. `none` takes a value back that a lower layer sets.")]
pub struct Arguments {
    /// The setting, such as log.level
    #[arg(value_name = "SECTION.KEY", value_parser = KeyParser, hide_possible_values = true)]
    key: &'static Key,
    /// The value; sizes and times have a unit, as in 10MB and 7d
    #[arg(allow_hyphen_values = true)]
    value: String,
    #[command(flatten)]
    choice: Choice,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let value = match self.key.parse(&self.value) {
            Ok(value) => value,
            Err(why) => {
                standard::say(&format!("perilune: {}: {why}", self.key.name));
                return Ok(Exit::Usage);
            }
        };
        let file = self.choice.file()?;
        let mut left = Vec::new();
        file.update(|text| {
            let new = perilune_config::set(text, self.key, &value)?;
            left = without_new_problems(&file, self.key, text, &new)?;
            Ok(Some(new))
        })?;
        if self.json {
            let document = json!({
                "schema_version": 1,
                "path": file.path,
                "key": self.key.name,
                "value": value.to_json(),
                "applies": self.key.applies.word(),
            });
            writeln!(io::stdout().lock(), "{document}")?;
        }
        self.tell(&file, &value, left);
        Ok(Exit::Success)
    }

    /// What the change means, on standard error.
    fn tell(&self, file: &SettingsFile, value: &Value, left: Vec<Problem>) {
        let name = self.key.name;
        standard::say(&format!("Set {name} to {value} in {}", file.path.display()));
        if !left.is_empty() {
            let problems = Problems(left);
            standard::say(&format!("perilune: the file is not valid yet:\n{problems}"));
        } else if let Ok(configuration) = file.sources().read()
            && let Some(winner) = winner(&configuration, self.key, file)
        {
            standard::say(&format!("perilune: {winner} wins over it here"));
        }
        standard::say(match self.key.applies {
            Applies::Reload => "Kernels that run take it over with `perilune kernel reload`",
            Applies::Restart => "Kernels take it over when they start",
            Applies::Command => "Commands take it over at once",
        });
    }
}

/// What says something else of a setting than the file does.
fn winner(configuration: &Configuration, key: &Key, file: &SettingsFile) -> Option<String> {
    match configuration.origin(key) {
        Origin::User(path, _) | Origin::Project(path, _) if *path == file.path => None,
        origin => Some(origin.to_string()),
    }
}

/// What is wrong with the file still, which was before; an error if the change itself is wrong.
fn without_new_problems(
    file: &SettingsFile,
    key: &Key,
    old: &str,
    new: &str,
) -> Result<Vec<Problem>> {
    let (before, after) = (file.problems(old).len(), file.problems(new));
    let is_ours = |problem: &&Problem| problem.key.as_deref() == Some(key.name);
    if let Some(problem) = after.iter().find(is_ours) {
        bail!("{}: {}", key.name, problem.message);
    }
    if after.len() > before {
        bail!("{}", Problems(after));
    }
    Ok(after)
}
