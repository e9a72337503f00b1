use std::io::{self, Write};

use anyhow::Result;
use clap::Args;
use console::{Style, measure_text_width};
use perilune_history::Found;
use serde_json::{Value, json};

use super::selection::{self, Selection};
use crate::exit::Exit;
use crate::standard;

/// `perilune history [PATTERN]`
#[derive(Debug, Args)]
#[group(skip)]
pub struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// At most so many, the newest
    #[arg(long, short = 'n', value_name = "NUMBER", default_value_t = 50)]
    tail: usize,
    /// As many as there are
    #[arg(long, conflicts_with = "tail")]
    all: bool,
    /// Each input once, the newest
    #[arg(long, short)]
    unique: bool,
    /// Show values too
    #[arg(long, short)]
    output: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let (path, store) = super::open()?;
        let mut query = self.selection.query();
        query.unique = self.unique;
        query.newest = (!self.all).then_some(self.tail);
        let entries = match &store {
            Some(store) => store.select(&query, None)?,
            None => Vec::new(),
        };
        let mut stdout = io::stdout().lock();
        if self.json {
            let entries: Vec<Value> = entries.iter().map(selection::to_json).collect();
            let document = json!({"schema_version": 1, "path": path, "entries": entries});
            writeln!(stdout, "{document}")?;
            return Ok(Exit::Success);
        }
        if store.is_none() {
            standard::say(&format!("There is no history yet in {}", path.display()));
        }
        let width = entries.iter().map(|it| place(it).len()).max().unwrap_or(0);
        for entry in &entries {
            write_entry(&mut stdout, entry, width, self.output)?;
        }
        Ok(Exit::Success)
    }
}

fn place(found: &Found) -> String {
    format!("{}/{}", found.session, found.entry.line)
}

/// The entry beside its place and time, each of its lines below the one before.
fn write_entry(to: &mut impl Write, found: &Found, width: usize, output: bool) -> io::Result<()> {
    let dim = Style::new().dim();
    let time = selection::local_time(found.entry.time);
    let mut margin = format!("{:>width$}  {time}  ", place(found));
    let mut write_lines = |text: &str, style: &Style| {
        for line in text.lines() {
            let line = style.apply_to(printable(line));
            writeln!(to, "{}{line}", dim.apply_to(&margin))?;
            margin = " ".repeat(measure_text_width(&margin));
        }
        io::Result::Ok(())
    };
    write_lines(&found.entry.input, &Style::new())?;
    match &found.entry.output {
        Some(value) if output => write_lines(value, &Style::new().green()),
        _ => Ok(()),
    }
}

/// A line as nothing but what is seen: what was run some day shall not move the cursor of a
/// terminal today.
fn printable(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    for character in line.chars() {
        if character.is_control() && character != '\t' {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn what_would_command_a_terminal_is_shown_instead() {
        assert_eq!(
            printable("a\u{1b}[2J\tb\u{9b}\u{1F319}"),
            "a\\u{1b}[2J\tb\\u{9b}\u{1F319}"
        );
    }
}
