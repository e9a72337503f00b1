use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::command::seconds;
use crate::exit::Exit;
use crate::kernels::{self, Kernel, SomeKernels, Tally};

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
            let mut tally = Tally::new(self.json);
            for found in self.kernels.find()? {
                let (name, result) =
                    kernels::with(found, async |kernel| self.interrupt(kernel).await).await;
                let label = name.as_deref().unwrap_or_default();
                let (word, reason) = match &result {
                    Ok(Told::Cell) => ("interrupted", None),
                    Ok(Told::Nobody) => ("nothing_ran", None),
                    Ok(Told::Unknown) => ("told", None),
                    Err(error) => ("failed", Some(format!("{error:#}"))),
                };
                tally.add(json!({"name": name, "result": word, "reason": reason}));
                match result {
                    Ok(Told::Nobody) => tally.line(format!("Nothing runs in {label}"))?,
                    Ok(_) => tally.line(format!("Interrupted {label}"))?,
                    Err(error) => tally.fail(&error),
                }
            }
            tally.end()
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
