use std::str::FromStr;

use tracing_subscriber::filter::Targets;

use super::{Setting, quoted};
use crate::nearest::nearest;
use crate::value::Value;

/// What is logged: a level, and others for parts of the program.
#[derive(Debug, Clone, PartialEq)]
pub struct LogFilter {
    text: String,
    targets: Targets,
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

impl LogFilter {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// As the log takes it.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }
}

impl FromStr for LogFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        for part in text.split(',').map(str::trim) {
            let level = part.rsplit('=').next().unwrap_or(part);
            let is_level = LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level));
            // Without `=`, a word that is no level would be taken for a part of the program, all
            // of which is then logged: hardly what was meant.
            if !is_level {
                return Err(match nearest(LEVELS.into_iter(), level) {
                    Some(word) => format!(
                        "there is no level {}; did you mean {word:?}?",
                        quoted(level)
                    ),
                    None => format!("there is no level {}", quoted(level)),
                });
            }
        }
        let targets = text.parse().map_err(|_| String::new())?;
        Ok(Self {
            text: text.to_owned(),
            targets,
        })
    }
}

impl Setting for LogFilter {
    fn expected() -> String {
        "error, warn, info, debug, trace or off, also for a part alone as in \
         \"warn,perilune_transport=debug\""
            .to_owned()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        text.parse()
    }

    fn value(&self) -> Value {
        Value::Text(self.text.clone())
    }
}
