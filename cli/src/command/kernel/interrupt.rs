use std::io::{self, Write};
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::command::seconds;
use crate::exit::Exit;
use crate::kernels::{self, Kernel, SCHEMA_VERSION, SomeKernels};
use crate::standard;

/// `perilune kernel interrupt`
#[derive(Debug, Args)]
#[command(after_help = "\
The cell that runs is stopped, as with the Interrupt button of a notebook; whoever runs it sees why.
Where none runs nothing happens.

Exit codes: 0 the kernel was told, 1 it refused, 3 it is not running, 4 it does not answer.")]
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

/// What there was to interrupt.
enum Told {
    Cell,
    /// Nothing ran.
    Nobody,
    /// A kernel of others does not say.
    Unknown,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        kernels::block_on(async {
            let mut exit = Exit::Success;
            let mut documents = Vec::new();
            let mut stdout = io::stdout().lock();
            for found in self.kernels.find()? {
                let (name, result) = match found {
                    Ok(kernel) => (
                        Some(kernel.name().to_owned()),
                        self.interrupt(&kernel).await,
                    ),
                    Err(error) => (None, Err(error.into())),
                };
                let label = name.as_deref().unwrap_or_default();
                let (word, reason) = match &result {
                    Ok(Told::Cell) => ("interrupted", None),
                    Ok(Told::Nobody) => ("nothing_ran", None),
                    Ok(Told::Unknown) => ("told", None),
                    Err(error) => ("failed", Some(format!("{error:#}"))),
                };
                documents.push(json!({"name": name, "result": word, "reason": reason}));
                match result {
                    Ok(_) if self.json => {}
                    Ok(Told::Nobody) => writeln!(stdout, "Nothing runs in {label}")?,
                    Ok(_) => writeln!(stdout, "Interrupted {label}")?,
                    Err(error) => {
                        standard::say(&format!("perilune: {error:#}"));
                        exit = exit.or(kernels::exit_of(&error));
                    }
                }
            }
            if self.json {
                let document = json!({"schema_version": SCHEMA_VERSION, "kernels": documents});
                writeln!(stdout, "{document}")?;
            }
            Ok(exit)
        })
    }

    async fn interrupt(&self, kernel: &Kernel) -> Result<Told> {
        let client = kernel.connect(self.timeout).await?;
        let ask = async |request, content: Value| {
            client
                .control(request, content, self.timeout)
                .await
                .map_err(|error| kernel.error(error))
        };
        let is_ours = client.info().is_some_and(|info| info.is_perilune());
        let before = match is_ours {
            true => Some(ask("perilune_status_request", json!({})).await?),
            false => None,
        };
        let reply = ask("interrupt_request", json!({})).await?;
        if reply["status"] == "error" {
            anyhow::bail!(
                "{} refused: {}",
                kernel.name(),
                reply["evalue"].as_str().unwrap_or("no reason given")
            );
        }
        Ok(match before {
            None => Told::Unknown,
            Some(status) if status["running"].is_null() => Told::Nobody,
            Some(_) => Told::Cell,
        })
    }
}
