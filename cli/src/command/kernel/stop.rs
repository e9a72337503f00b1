use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};

use crate::command::seconds;
use crate::exit::Exit;
use crate::kernels::{self, How, Kernel, SomeKernels, Stopping, Tally};
use crate::standard;

/// `perilune kernel stop`
#[derive(Debug, Args)]
#[command(after_help = "\
The kernel is asked to end. One that does not answer, or has not ended after --timeout, gets
SIGTERM, and after 5 s more SIGKILL; each step is told. Never does a signal meet another process
that has got the number of one that is gone. A kernel that perilune did not start is only asked.

Exit codes: 0 all are stopped, 1 one could not be stopped, 3 one was not running (0 with
--if-running), 4 one that is not ours did not answer.")]
pub struct Arguments {
    #[command(flatten)]
    kernels: SomeKernels,
    /// How long a kernel may take to end by itself
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    timeout: Duration,
    /// Do not ask: SIGKILL at once. What runs and what is in memory is lost
    #[arg(long)]
    force: bool,
    /// Save the session first; a kernel whose session cannot be saved is not stopped
    #[arg(long, conflicts_with = "force")]
    save: bool,
    /// It is all right when a kernel is not running
    #[arg(long)]
    if_running: bool,
    /// Print one JSON object (docs/kernel-json.md)
    #[arg(long)]
    json: bool,
}

/// How long a session may take to be saved, the cell that runs included.
const TO_SAVE: Duration = Duration::from_secs(60);

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        kernels::block_on(async {
            let mut tally = Tally::new(self.json);
            for found in self.kernels.find()? {
                let began = Instant::now();
                let (kernel, result) = match found {
                    Ok(mut kernel) => {
                        let result = self.stop(&mut kernel).await;
                        (Some(kernel), result)
                    }
                    Err(error) => (None, Err(error.into())),
                };
                let kernel = kernel.as_ref();
                tally.add(document(kernel, &result, began.elapsed()));
                if let (Some(kernel), Ok(how)) = (kernel, &result) {
                    tally.line(sentence(kernel, *how))?;
                }
                if let Err(error) = result
                    && !(self.if_running && kernels::exit_of(&error) == Exit::NotRunning)
                {
                    tally.fail(&error);
                }
            }
            tally.end()
        })
    }

    async fn stop(&self, kernel: &mut Kernel) -> Result<How> {
        let stopping = Stopping {
            patience: self.timeout,
            force: self.force,
            restarts: false,
        };
        let say = |step: &str| standard::say(&format!("perilune: {step}"));
        if self.save {
            let saved = kernels::save(kernel, TO_SAVE)
                .await
                .with_context(|| format!("{} was not stopped", kernel.name()))?;
            kernels::tell_losses(kernel.name(), &saved);
        }
        stopping.stop(kernel, &say).await
    }
}

fn sentence(kernel: &Kernel, how: How) -> String {
    match how {
        How::Asked => format!("Stopped {}", kernel.name()),
        How::Terminated => format!("Stopped {} with SIGTERM", kernel.name()),
        How::Killed => format!("Killed {}", kernel.name()),
    }
}

fn document(kernel: Option<&Kernel>, result: &Result<How>, took: Duration) -> Value {
    let (word, reason) = match result {
        Ok(how) => (how.name(), None),
        Err(error) => match kernels::exit_of(error) {
            Exit::NotRunning => ("not_running", Some(format!("{error:#}"))),
            _ => ("failed", Some(format!("{error:#}"))),
        },
    };
    json!({
        "name": kernel.map(Kernel::name),
        "result": word,
        "reason": reason,
        "seconds": took.as_secs_f64(),
    })
}
