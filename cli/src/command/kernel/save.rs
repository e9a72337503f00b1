use std::io::{self, Write};
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::command::seconds;
use crate::exit::Exit;
use crate::kernels::{self, SCHEMA_VERSION, SomeKernels};
use crate::standard;

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
            let mut exit = Exit::Success;
            let mut documents = Vec::new();
            let mut stdout = io::stdout().lock();
            for found in self.kernels.find()? {
                let (name, result) = match found {
                    Ok(kernel) => (
                        Some(kernel.name().to_owned()),
                        kernels::save(&kernel, self.timeout).await,
                    ),
                    Err(error) => (None, Err(error.into())),
                };
                documents.push(document(name.as_deref(), &result));
                let name = name.unwrap_or_default();
                match result {
                    Ok(saved) => {
                        kernels::tell_losses(&name, &saved);
                        if !self.json {
                            writeln!(stdout, "{}", kernels::in_short(&name, &saved))?;
                        }
                    }
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
