use std::time::Duration;

use anyhow::Result;
use bytesize::ByteSize;
use chrono::Local;
use clap::Args;
use serde_json::{Value, json};

use super::wording::{age, one_line};
use crate::command::seconds;
use crate::exit::Exit;
use crate::kernels::{self, Health, Kernel, SomeKernels, Tally};
use crate::standard;

/// `perilune kernel status`
#[derive(Debug, Args)]
#[command(after_help = "\
The kernel itself is asked, also while a cell runs: one that computes is healthy.

Exit codes, as the LSB has them for `status`: 0 it runs and answers, 1 it is dead and left something
behind, 3 it is not running, 4 it does not answer in time, or does not listen yet. Of several
kernels the first code that is not 0 counts.")]
pub struct Arguments {
    #[command(flatten)]
    kernels: SomeKernels,
    /// How long a kernel may take to answer
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "5")]
    timeout: Duration,
    /// Print one JSON object (docs/kernel-json.md)
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        kernels::block_on(async {
            let mut tally = Tally::new(self.json);
            for found in self.kernels.find()? {
                let kernel = match found {
                    Ok(kernel) => kernel,
                    Err(error) => {
                        tally.add(unknown(&error.to_string()));
                        tally.fail(&error.into());
                        continue;
                    }
                };
                let health = Health::of(&kernel, self.timeout).await;
                tally.end_with(health.state.exit());
                tally.add(health.document(&kernel));
                tally.line(description(&kernel, &health))?;
                if let Some(word) = health.word_on_versions(&kernel) {
                    standard::say(&format!("perilune: {word}"));
                }
            }
            tally.end()
        })
    }
}

/// What stands in a document for a kernel that is not there.
fn unknown(reason: &str) -> Value {
    json!({"name": null, "state": "not_running", "reason": reason})
}

fn description(kernel: &Kernel, health: &Health) -> String {
    let mut lines = Vec::new();
    let mut line = |what: &str, text: String| lines.push(format!("\n  {what:<12}{text}"));
    let number = |pointer| health.get(pointer).and_then(Value::as_u64);
    let size = |pointer| number(pointer).map(|bytes| ByteSize(bytes).to_string());

    if let Some(reason) = &health.reason {
        line("reason", reason.clone());
    }
    if let Some(pid) = kernel.pid() {
        line("process", pid.to_string());
    }
    if let Some(record) = kernel.record() {
        let local = record.started.with_timezone(&Local);
        let since = local.format("%Y-%m-%d %H:%M:%S");
        let uptime = health.get("/uptime").and_then(Value::as_f64);
        let uptime = uptime.map_or(String::new(), |uptime| format!(" ({})", age(uptime)));
        line("since", format!("{since}{uptime}"));
    }
    if let Some(version) = health.version(kernel) {
        let who = health
            .info
            .as_ref()
            .map_or("perilune", |info| &info.implementation);
        line("version", format!("{who} {version}"));
    }
    if let Some(running) = health.get("/running") {
        let count = running["execution_count"]
            .as_u64()
            .map_or(String::new(), |count| format!("[{count}] "));
        let seconds = running["seconds"].as_f64().unwrap_or_default();
        let code = one_line(running["code"].as_str().unwrap_or_default(), 60);
        line("running", format!("{count}for {}: {code}", age(seconds)));
        if let Some(place) = health.stopped_at() {
            line("stopped", format!("by a debugger at {place}"));
        }
    }
    if let Some(queued) = number("/queued") {
        line("waiting", queued.to_string());
    }
    if let Some(clients) = health.clients() {
        line("clients", clients.to_string());
    }
    if let Some(process) = size("/memory/process") {
        let lua = size("/memory/language").map_or(String::new(), |lua| format!(", Lua {lua}"));
        line("memory", format!("{process}{lua}"));
    }
    if let (Some(executions), Some(errors)) = (number("/executions"), number("/errors")) {
        line("cells", format!("{executions} run, {errors} failed"));
    }
    if let Some(log) = kernel.record().and_then(|record| record.log.as_deref()) {
        line("log", log.display().to_string());
    }
    if let Some(health) = kernel.record().and_then(|record| record.health.clone()) {
        line("health", health);
    }
    let token = kernel
        .record()
        .and_then(|record| record.health_token_file.as_deref());
    if let Some(file) = token {
        line("its token", file.display().to_string());
    }
    if let Some(file) = kernel.connection_file() {
        line("connection", file.display().to_string());
    }
    let state = match health.activity() {
        Some(activity) => format!("{}, {activity}", health.state.word()),
        None => health.state.word().to_owned(),
    };
    format!("{}: {state}{}", kernel.name(), lines.concat())
}
