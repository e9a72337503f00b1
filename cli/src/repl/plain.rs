use std::io::{self, IsTerminal, Write};

use crate::standard::Kept;

use super::keyboard::Lines;

/// A prompt without a line editor: for terminals that can do nothing, and where what is shown goes
/// somewhere else.
#[derive(Debug)]
pub struct Plain {
    kept: &'static Kept,
    pub(super) lines: Lines,
}

impl Plain {
    /// Prompts on the terminal there is.
    pub fn new(kept: &'static Kept) -> Self {
        Self {
            kept,
            lines: Lines::default(),
        }
    }

    /// Shows the prompt of a new cell, or of one more line.
    ///
    /// # Errors
    ///
    /// When the terminal is gone.
    pub(super) fn prompt(&self, number: Option<u64>, goes_on: bool) -> io::Result<()> {
        self.write(&prompt(number, goes_on))
    }

    /// Writes where the prompts are.
    pub(super) fn write(&self, text: &str) -> io::Result<()> {
        let mut file = if self.kept.stdout.is_terminal() {
            &self.kept.stdout
        } else {
            &self.kept.stderr
        };
        file.write_all(text.as_bytes())
    }
}

/// The prompt of a new cell, or of one more line.
pub(super) fn prompt(number: Option<u64>, goes_on: bool) -> String {
    let number = number.map(|number| number.to_string()).unwrap_or_default();
    match goes_on {
        false => format!("{number}> "),
        true => format!("{} ", ".".repeat(number.len() + 1)),
    }
}
