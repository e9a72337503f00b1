use std::io::{self, Write};
use std::time::Duration;

use anyhow::Result;
use bytesize::ByteSize;
use clap::Args;
use console::measure_text_width;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::wording::{age, one_line};
use crate::command::seconds;
use crate::exit::Exit;
use crate::kernels::{self, Health, Kernel, SCHEMA_VERSION, State};
use crate::standard;

/// `perilune kernel list`
#[derive(Debug, Args)]
#[command(after_help = "\
All kernels of this user: daemons, services, and those that a front end has started. All are asked
at once. A dead one ended without a word and left something behind; `perilune kernel prune` clears
it away.

Exit codes: 0, whether there are kernels or not; 1 when the list cannot be read.")]
pub struct Arguments {
    /// Only those that live
    #[arg(long, short)]
    living: bool,
    /// Print names alone, one a line, and ask nobody
    #[arg(long, short, conflicts_with = "json")]
    quiet: bool,
    /// How long a kernel may take to answer
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "2")]
    timeout: Duration,
    /// Print one JSON object (docs/kernel-json.md)
    #[arg(long)]
    json: bool,
}

const HEADINGS: [&str; 8] = [
    "NAME", "STATE", "PID", "UPTIME", "MEMORY", "CLIENTS", "VERSION", "RUNNING",
];

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let mut kernels = Kernel::all()?;
        if self.living {
            kernels.retain(|kernel| kernel.is_alive() == Some(true));
        }
        let mut stdout = io::stdout().lock();
        if self.quiet {
            for kernel in kernels {
                writeln!(stdout, "{}", kernel.name())?;
            }
            return Ok(Exit::Success);
        }
        let asked = kernels::block_on(ask_all(kernels, self.timeout))?;
        if self.json {
            let kernels: Vec<Value> = asked
                .iter()
                .map(|(kernel, health)| health.document(kernel))
                .collect();
            let document = json!({"schema_version": SCHEMA_VERSION, "kernels": kernels});
            writeln!(stdout, "{document}")?;
            return Ok(Exit::Success);
        }
        if asked.is_empty() {
            standard::say("No kernel is running; `perilune kernel start --daemon` starts one");
            return Ok(Exit::Success);
        }
        let mut rows = vec![HEADINGS.map(str::to_owned)];
        rows.extend(asked.iter().map(|(kernel, health)| row(kernel, health)));
        write_table(&mut stdout, &rows)?;
        for (kernel, health) in &asked {
            if let Some(word) = health.word_on_versions(kernel) {
                standard::say(&format!("perilune: {word}"));
            }
        }
        Ok(Exit::Success)
    }
}

/// Asks all at once, so that one that is stuck holds up nobody.
async fn ask_all(kernels: Vec<Kernel>, patience: Duration) -> Result<Vec<(Kernel, Health)>> {
    let mut asked = JoinSet::new();
    for (place, kernel) in kernels.into_iter().enumerate() {
        asked.spawn(async move {
            let health = Health::of(&kernel, patience).await;
            (place, kernel, health)
        });
    }
    let mut all = asked.join_all().await;
    all.sort_by_key(|(place, ..)| *place);
    Ok(all
        .into_iter()
        .map(|(_, kernel, health)| (kernel, health))
        .collect())
}

fn row(kernel: &Kernel, health: &Health) -> [String; 8] {
    let nothing = || "-".to_owned();
    let number = |pointer| health.get(pointer).and_then(Value::as_u64);
    let state = match (health.state, health.activity()) {
        (State::Running, Some(activity)) => activity.to_owned(),
        (state, _) => state.word().to_owned(),
    };
    let running = health.get("/running").map(|running| {
        let seconds = running["seconds"].as_f64().unwrap_or_default();
        let code = one_line(running["code"].as_str().unwrap_or_default(), 40);
        format!("{}: {code}", age(seconds))
    });
    [
        kernel.name().to_owned(),
        state,
        kernel.pid().map_or_else(nothing, |pid| pid.to_string()),
        health
            .get("/uptime")
            .and_then(Value::as_f64)
            .map_or_else(nothing, age),
        number("/memory/process").map_or_else(nothing, |bytes| ByteSize(bytes).to_string()),
        health
            .clients()
            .map_or_else(nothing, |clients| clients.to_string()),
        health.version(kernel).map_or_else(nothing, str::to_owned),
        running.unwrap_or_default(),
    ]
}

fn write_table(out: &mut impl Write, rows: &[[String; 8]]) -> io::Result<()> {
    let widths: [usize; 8] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| measure_text_width(&row[column]));
        cells.max().unwrap_or(0)
    });
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let padding = width - measure_text_width(cell);
            line += cell;
            line += &" ".repeat(padding + 2);
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
