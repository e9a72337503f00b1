use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use serde_json::{Value, json};

use crate::command::seconds;
use crate::exit::Exit;
use crate::kernels::{self, Kernel, SomeKernels, Tally};

/// `perilune kernel reload`
#[derive(Debug, Args)]
#[command(after_help = "\
The kernel reads what is set anew, as at signal USR1, with the environment and the options that it
was started with. If anything is wrong with it, all stays as it was. What changed and needs a new
start is told too (docs/configuration.md).

Exit codes: 0 the kernel has read it, 1 what is set is not valid, 3 the kernel is not running, 4 it
does not answer.")]
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
                let (name, result) =
                    kernels::with(found, async |kernel| self.reload(kernel).await).await;
                let mut document = json!({"name": name, "reason": null});
                match result {
                    Ok(reply) => {
                        tally.line(description(name.as_deref().unwrap_or_default(), &reply))?;
                        document["result"] = "reloaded".into();
                        for part in ["files", "changed", "fixed"] {
                            document[part] = reply[part].clone();
                        }
                    }
                    Err(error) => {
                        tally.fail(&error);
                        document["result"] = "failed".into();
                        document["reason"] = format!("{error:#}").into();
                    }
                }
                tally.add(document);
            }
            tally.end()
        })
    }

    async fn reload(&self, kernel: &Kernel) -> Result<Value> {
        let client = kernel.connect(self.timeout).await?;
        let reply = client
            .control("perilune_reload_request", json!({}), self.timeout)
            .await
            .map_err(|error| kernel.error(error))?;
        if reply["status"] != "ok" {
            bail!(
                "{} did not reload: {}",
                kernel.name(),
                reply["evalue"].as_str().unwrap_or("no reason given")
            );
        }
        Ok(reply)
    }
}

/// What changed, a line for each setting; the last has no end.
fn description(kernel: &str, reply: &Value) -> String {
    let changed = reply["changed"].as_array().map_or(&[][..], Vec::as_slice);
    let mut text = match changed.len() {
        0 => format!("{kernel}: nothing has changed\n"),
        _ => format!("{kernel}:\n"),
    };
    for change in changed {
        let word = |name: &str| match &change[name] {
            Value::String(text) => text.clone(),
            Value::Null => "none".to_owned(),
            value => value.to_string(),
        };
        text += &format!("  {}: {} -> {}", word("setting"), word("old"), word("new"));
        if change["applied"] == false {
            text += &format!(" ({})", word("note"));
        }
        text.push('\n');
    }
    let fixed = reply["fixed"].as_object().into_iter().flatten();
    for (setting, origin) in fixed {
        let origin = origin.as_str().unwrap_or_default();
        text += &format!("  {setting} stays, as it was started with {origin}\n");
    }
    text.truncate(text.trim_end().len());
    text
}
