use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::command::seconds;
use crate::exit::Exit;
use crate::kernels::{self, Kernel, SomeKernels, Tally};

/// `perilune kernel save`
#[derive(Debug, Args)]
#[command(after_help = "\
The session is written to the kernel's own folder: variables, functions and all that they hold. A
kernel of the same name begins with it by `perilune kernel start --restore`. A cell that runs is
waited for. What cannot be saved, such as an open file, is left out and listed.

Exit codes: 0 it is saved, 1 it could not be, 3 the kernel is not running, 4 it does not answer.")]
pub struct Arguments {
    #[command(flatten)]
    kernels: SomeKernels,
    /// How long a kernel may take
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "60")]
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
                let save = async |kernel: &Kernel| kernels::save(kernel, self.timeout).await;
                let (name, result) = kernels::with(found, save).await;
                tally.add(document(name.as_deref(), &result));
                let name = name.unwrap_or_default();
                match result {
                    Ok(saved) => {
                        kernels::tell_losses(&name, &saved);
                        tally.line(kernels::in_short(&name, &saved))?;
                    }
                    Err(error) => tally.fail(&error),
                }
            }
            tally.end()
        })
    }
}

fn document(name: Option<&str>, result: &Result<Value>) -> Value {
    let mut document = json!({
        "name": name,
        "result": if result.is_ok() { "saved" } else { "failed" },
        "reason": result.as_ref().err().map(|error| format!("{error:#}")),
    });
    for key in [
        "file",
        "bytes",
        "seconds",
        "variables",
        "objects",
        "losses",
        "losses_total",
    ] {
        document[key] = match result {
            Ok(saved) => saved[key].clone(),
            Err(_) => Value::Null,
        };
    }
    document
}
