use std::io::{self, Write};

use anyhow::Result;
use clap::Args;
use console::Style;
use perilune_config::{KEYS, Key, SECTIONS};
use serde_json::{Value, json};

use super::key_argument::{Part, PartParser};
use crate::exit::Exit;

/// `perilune config info`
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only this section, or this setting
    #[arg(value_name = "SECTION", value_parser = PartParser, hide_possible_values = true)]
    part: Option<Part>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Print what the manual says of them
    #[arg(long, conflicts_with_all = ["json", "part"])]
    markdown: bool,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let is_wanted = |key: &&Key| self.part.is_none_or(|part| part.has(key));
        let keys: Vec<&Key> = KEYS.iter().filter(is_wanted).collect();
        let mut stdout = io::stdout().lock();
        if self.markdown {
            write!(stdout, "{}", perilune_config::markdown())?;
        } else if self.json {
            let settings: Vec<Value> = keys.iter().map(|key| to_json(key)).collect();
            let document = json!({"schema_version": 1, "settings": settings});
            writeln!(stdout, "{document}")?;
        } else {
            for section in SECTIONS {
                let mut keys = keys.iter().filter(|key| key.section() == section.name);
                let Some(first) = keys.next() else { continue };
                let heading = Style::new().bold().apply_to(format!("[{}]", section.name));
                writeln!(stdout, "{heading} {}\n", section.description())?;
                for key in std::iter::once(first).chain(keys) {
                    explain(&mut stdout, key)?;
                }
            }
        }
        Ok(Exit::Success)
    }
}

fn explain(to: &mut impl Write, key: &Key) -> io::Result<()> {
    writeln!(to, "{}", Style::new().bold().apply_to(key.name))?;
    writeln!(to, "  {}", key.description())?;
    writeln!(to, "  value:       {}", (key.expected)())?;
    writeln!(to, "  default:     {}", (key.default)())?;
    writeln!(to, "  environment: {}", key.variable)?;
    if let Some(flag) = key.flag {
        writeln!(to, "  option:      {flag}")?;
    }
    writeln!(to, "  applies:     {}", key.applies.words())?;
    writeln!(to, "  project:     {}\n", key.project.words())
}

fn to_json(key: &Key) -> Value {
    json!({
        "key": key.name,
        "description": key.description(),
        "expected": (key.expected)(),
        "default": (key.default)().to_json(),
        "variable": key.variable,
        "flag": key.flag,
        "applies": key.applies.word(),
        "project": key.project.word(),
    })
}
