use std::collections::VecDeque;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Result, bail};
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use perilune_config::{LogFilter, Setting, Span};
use perilune_daemon::log::{Entry, Escaped, Follower, Next};
use perilune_daemon::{Folders, Name};
use serde_json::{Value, json};
use tracing::Level;

use crate::command::seconds;
use crate::exit::Exit;
use crate::kernels::{self, Kernel, OneKernel, SCHEMA_VERSION};
use crate::log;
use crate::standard;

/// `perilune kernel logs`
#[derive(Debug, Args)]
#[command(after_help = "\
All files of the log are read, oldest first, also those that are compressed, and also when the
kernel has ended long ago. What a C library or a dying process wrote there belongs to it too: such
lines have no time and no level, and are shown with those before them.

Exit codes: 0 the log was shown, 1 there is none, or it cannot be read; with --set-level also 3 the
kernel is not running, 4 it does not answer.")]
pub struct Arguments {
    #[command(flatten)]
    kernel: OneKernel,
    /// Show what is logged from now on too, until the kernel ends
    #[arg(long, short)]
    follow: bool,
    /// Follow also when the kernel has ended: it may be started again
    #[arg(long, short = 'F')]
    follow_forever: bool,
    /// Show the last lines only
    #[arg(long, short = 'n', value_name = "NUMBER")]
    lines: Option<usize>,
    /// Show what was logged since then: a time such as 2026-11-21T08:00:00Z, or how long ago, such as
    /// 10m or 2d
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<SystemTime>,
    /// Show what is as grave as this, or graver
    #[arg(long, value_name = "LEVEL", value_parser = ["error", "warn", "info", "debug", "trace"])]
    level: Option<String>,
    /// Print each line as a JSON object
    #[arg(long)]
    json: bool,
    /// Change how much the kernel logs, until it ends or its settings are read anew
    #[arg(long, value_name = "LEVEL", conflicts_with_all = ["follow", "follow_forever", "lines", "since", "level"])]
    set_level: Option<LogFilter>,
    /// How long the kernel may take to answer
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "5", requires = "set_level")]
    timeout: Duration,
}

/// How often it is looked whether there is more.
const PAUSE: Duration = Duration::from_millis(100);

fn time(text: &str) -> Result<SystemTime, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.into());
    }
    Span::<0>::from_text(text)
        .ok()
        .and_then(|ago| SystemTime::now().checked_sub(ago.duration()))
        .ok_or_else(|| {
            "expected a time such as 2026-11-21T08:00:00Z, or how long ago, such as 10m or 2d"
                .to_owned()
        })
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        match &self.set_level {
            Some(level) => self.set(level),
            None => self.show(),
        }
    }

    fn set(&self, level: &LogFilter) -> Result<Exit> {
        let kernel = self.kernel.find()?;
        kernels::block_on(async {
            let client = kernel.connect(self.timeout).await?;
            let content = json!({"level": level.as_str()});
            let reply = client
                .control("perilune_log_request", content, self.timeout)
                .await
                .map_err(|error| kernel.error(error))?;
            if reply["status"] != "ok" {
                let why = reply["evalue"].as_str().unwrap_or("no reason given");
                bail!("{} refused: {why}", kernel.name());
            }
            let (old, new) = (&reply["old"], &reply["new"]);
            let mut stdout = io::stdout().lock();
            if self.json {
                let document = json!({
                    "schema_version": SCHEMA_VERSION,
                    "name": kernel.name(),
                    "old": old,
                    "new": new,
                });
                writeln!(stdout, "{document}")?;
            } else {
                let word = |level: &Value| level.as_str().unwrap_or_default().to_owned();
                let (name, old, new) = (kernel.name(), word(old), word(new));
                writeln!(stdout, "{name} logs {new} now, and logged {old} before")?;
            }
            Ok(Exit::Success)
        })
    }

    fn show(&self) -> Result<Exit> {
        let log = Log::find(&self.kernel)?;
        let mut lines = Lines {
            follower: Follower::open(&log.path)?,
            level: self.level.as_ref().and_then(|level| level.parse().ok()),
            since: self.since,
            is_recent: self.since.is_none(),
            is_over: false,
        };
        let mut output = Output {
            stdout: io::stdout().lock(),
            as_json: self.json,
        };
        let mut was_alive = log.is_alive();
        lines.is_over = !was_alive && !self.follow_forever;
        match self.lines {
            None => {
                while let Some(entry) = lines.next() {
                    output.write(&entry)?;
                }
            }
            Some(number) => {
                let mut last = VecDeque::new();
                while let Some(entry) = lines.next() {
                    last.push_back(entry);
                    if last.len() > number {
                        last.pop_front();
                    }
                }
                last.iter().try_for_each(|entry| output.write(entry))?;
            }
        }
        while self.follow_forever || (self.follow && was_alive) {
            output.stdout.flush()?;
            thread::sleep(PAUSE);
            // Before the lines: what is logged last is there when the kernel has ended.
            was_alive = log.is_alive();
            lines.is_over = !was_alive && !self.follow_forever;
            while let Some(entry) = lines.next() {
                output.write(&entry)?;
            }
        }
        output.stdout.flush()?;
        if self.follow {
            standard::say(&format!("perilune: {} has ended", log.name));
        }
        Ok(Exit::Success)
    }
}

/// A kernel's log.
struct Log {
    name: String,
    path: PathBuf,
}

impl Log {
    fn find(kernel: &OneKernel) -> Result<Self> {
        let found = match kernel.find() {
            Ok(kernel) => kernel,
            // A kernel that ended well is in no list any more, but its log is there.
            Err(error) => {
                let name = kernel.text().and_then(|text| text.parse::<Name>().ok());
                let log = name.map(|name| Self::of_name(&name)).transpose()?.flatten();
                return log.ok_or_else(|| error.into());
            }
        };
        let log = match (found.record(), found.registered_name()) {
            (Some(record), _) => record.log.clone().map(|path| Self {
                name: found.name().to_owned(),
                path,
            }),
            (None, Some(name)) => Self::of_name(name)?,
            (None, None) => None,
        };
        match log {
            Some(log) => Ok(log),
            None => bail!(
                "{} has no log of its own: it logs to where it was started; with --log-file FILE it \
                 would have one",
                found.name()
            ),
        }
    }

    /// The one that is in a kernel's folder, if there is one.
    fn of_name(name: &Name) -> Result<Option<Self>> {
        let path = Folders::of_this_user()?.kernel(name).join(log::NAME);
        Ok(path.is_file().then(|| Self {
            name: name.to_string(),
            path,
        }))
    }

    /// Whether the kernel lives whose log this is.
    fn is_alive(&self) -> bool {
        let found = Kernel::find(Some(&self.name));
        found.is_ok_and(|kernel| {
            let is_its = |path: Option<&Path>| path == Some(&self.path);
            kernel.is_alive() == Some(true)
                && is_its(kernel.record().and_then(|record| record.log.as_deref()))
        })
    }
}

/// The lines that were asked for.
struct Lines {
    follower: Follower,
    level: Option<Level>,
    since: Option<SystemTime>,
    /// Whether the last line that said when it was written, was written since then.
    is_recent: bool,
    /// Whether no more is to come, so that a piece of a line is all there is of it.
    is_over: bool,
}

impl Lines {
    /// The next that is there.
    fn next(&mut self) -> Option<Entry> {
        loop {
            let line = match self.follower.next() {
                Ok(Next::Line(line)) => line,
                Ok(Next::Nothing) => self.is_over.then(|| self.follower.take_piece()).flatten()?,

                Err(error) => {
                    standard::say(&format!(
                        "perilune: a file of the log is left out, since it cannot be read: {error}"
                    ));
                    continue;
                }
            };
            let entry = Entry::parse(&line);
            if let (Some(since), Some(time)) = (self.since, entry.time) {
                self.is_recent = time >= since;
            }
            // The levels are ordered by how much they tell.
            let is_grave = match (self.level, entry.level) {
                (Some(most), Some(level)) => level <= most,
                _ => true,
            };
            if self.is_recent && is_grave {
                return Some(entry);
            }
        }
    }
}

struct Output {
    stdout: io::StdoutLock<'static>,
    as_json: bool,
}

impl Output {
    fn write(&mut self, entry: &Entry) -> io::Result<()> {
        if !self.as_json {
            // Not all of it was written by us.
            return writeln!(self.stdout, "{}", Escaped(&entry.line));
        }
        let time = entry
            .time
            .map(|time| DateTime::<Utc>::from(time).to_rfc3339_opts(SecondsFormat::Millis, true));
        let document = json!({
            "schema_version": SCHEMA_VERSION,
            "timestamp": time,
            "level": entry.level.map(|level| level.as_str()),
            "target": entry.target,
            "message": entry.message,
            "fields": entry.fields,
        });
        writeln!(self.stdout, "{document}")
    }
}
