use std::io::{self, BufRead, IsTerminal, Write};
use std::time::SystemTime;

use anyhow::{Result, bail};
use chrono::{DateTime, Local, NaiveDate, NaiveTime};
use clap::Args;
use serde_json::json;

use super::selection::Selection;
use crate::exit::Exit;
use crate::standard;

/// `perilune history delete`
#[derive(Debug, Args)]
#[command(
    group = clap::ArgGroup::new("what")
        .args(["pattern", "session", "before", "all"])
        .multiple(true)
        .required(true),
    after_help = "\
What is deleted is overwritten in the file, so that nobody finds it there. Exit codes: 0 it is done,
or there was nothing to delete; 1 it was not confirmed, or could not be done."
)]
pub struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// Only what was run before this day (2026-11-21), or this time (2026-11-21T08:00:00Z)
    #[arg(long, value_name = "TIME", value_parser = time)]
    before: Option<SystemTime>,
    /// Everything
    #[arg(long, conflicts_with_all = ["pattern", "session", "before"])]
    all: bool,
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
    /// Print one JSON object; asks nothing, so it needs --yes
    #[arg(long, requires = "yes")]
    json: bool,
}

fn time(text: &str) -> Result<SystemTime, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.into());
    }
    let day: NaiveDate = text
        .parse()
        .map_err(|_| "expected a day such as 2026-11-21, or a time as RFC 3339 has it")?;
    let start = day.and_time(NaiveTime::MIN).and_local_timezone(Local);
    let start = start.earliest().ok_or("that day does not begin here")?;
    Ok(start.into())
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let (path, store) = super::open()?;
        let mut query = self.selection.query();
        query.before = self.before;
        let Some(mut store) = store else {
            return self.report(0);
        };
        let count = store.count(&query)?;
        if count > 0 && !self.yes {
            let question = format!("Delete {} from {}?", entries(count), path.display());
            if !confirmed(&question)? {
                standard::say("Nothing was deleted.");
                return Ok(Exit::Failed);
            }
        }
        let deleted = if count > 0 { store.delete(&query)? } else { 0 };
        self.report(deleted)
    }

    fn report(&self, deleted: u64) -> Result<Exit> {
        let mut stdout = io::stdout().lock();
        if self.json {
            let document = json!({"schema_version": 1, "deleted": deleted});
            writeln!(stdout, "{document}")?;
        } else {
            writeln!(stdout, "Deleted {}", entries(deleted))?;
        }
        Ok(Exit::Success)
    }
}

fn entries(count: u64) -> String {
    match count {
        1 => "1 entry".to_owned(),
        count => format!("{count} entries"),
    }
}

/// Asks the person at the terminal.
fn confirmed(question: &str) -> Result<bool> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        bail!("nobody is there to confirm it; --yes deletes without asking");
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "{question} [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
