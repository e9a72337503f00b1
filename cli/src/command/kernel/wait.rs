use std::io::{self, Write};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::{Args, ValueEnum};
use perilune_client::{ClientError, DebuggerNews, Notice};
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::command::seconds;
use crate::exit::Exit;
use crate::kernels::{self, KernelError, OneKernel, SCHEMA_VERSION};
use crate::standard;

/// `perilune kernel wait`
#[derive(Debug, Args)]
#[command(after_help = "\
ready: it answers; it need not even have been started yet. idle: nothing runs and nothing waits to.
stopped: its process has ended.

Exit codes: 0 it is so, 3 it is not running (idle), or has ended meanwhile (ready, idle), 4 it does
not answer, 124 not so after --timeout.")]
pub struct Arguments {
    #[command(flatten)]
    kernel: OneKernel,
    /// What to wait for
    #[arg(long = "for", value_enum, default_value_t = Goal::Idle)]
    goal: Goal,
    /// Give up after so long [default: never]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Print one JSON object (docs/kernel-json.md)
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Goal {
    /// It answers
    Ready,
    /// Nothing runs, and nothing waits to
    Idle,
    /// Its process has ended
    Stopped,
}

/// How often is looked for what nobody tells.
const LOOK: Duration = Duration::from_millis(20);
/// How long a kernel may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        kernels::block_on(async {
            let began = Instant::now();
            let waiting = async {
                match self.goal {
                    Goal::Ready => self.until_ready().await,
                    Goal::Idle => self.until_idle().await,
                    Goal::Stopped => self.until_stopped().await,
                }
            };
            let result = match self.timeout {
                None => Some(waiting.await),
                Some(limit) => timeout(limit, waiting).await.ok(),
            };
            let (name, reached, exit) = match result {
                Some(Ok(name)) => (Some(name), true, Exit::Success),
                Some(Err(error)) => {
                    standard::say(&format!("perilune: {error:#}"));
                    (None, false, kernels::exit_of(&error))
                }
                None => {
                    let limit = self.timeout.unwrap_or_default().as_secs_f64();
                    let which = self.kernel.text().unwrap_or("the kernel");
                    standard::say(&format!(
                        "perilune: {which} is not {} after {limit} s",
                        self.goal.word()
                    ));
                    (None, false, Exit::TimedOut)
                }
            };
            if self.json {
                let document = json!({
                    "schema_version": SCHEMA_VERSION,
                    "name": name.as_deref().or(self.kernel.text()),
                    "for": self.goal.word(),
                    "reached": reached,
                    "seconds": began.elapsed().as_secs_f64(),
                });
                writeln!(io::stdout(), "{document}")?;
            }
            Ok(exit)
        })
    }

    async fn until_ready(&self) -> Result<String> {
        loop {
            match self.kernel.find() {
                Ok(kernel) => match kernel.connect_quietly(PATIENCE).await {
                    Ok(_) => return Ok(kernel.name().to_owned()),
                    // On its way, or another will take its place.
                    Err(
                        KernelError::Starting { .. }
                        | KernelError::NotRunning { .. }
                        | KernelError::Unreadable { .. }
                        | KernelError::Client {
                            reason: ClientError::NobodyThere { .. } | ClientError::Silent { .. },
                            ..
                        },
                    ) => {}
                    Err(error) => return Err(error.into()),
                },
                Err(
                    KernelError::Unknown { .. }
                    | KernelError::NoneRuns
                    | KernelError::NotRunning { .. },
                ) => {}
                Err(error) => return Err(error.into()),
            }
            sleep(LOOK).await;
        }
    }

    async fn until_idle(&self) -> Result<String> {
        let kernel = self.kernel.find()?;
        let client = kernel.connect(PATIENCE).await?;
        let error = |error| kernel.error(error);
        if !client.info().is_some_and(|info| info.is_perilune()) {
            // Answered when all that was sent before is done.
            let id = client.ask_info().map_err(error)?;
            while let Some(notice) = client.next().await {
                match notice.map_err(error)? {
                    Notice::Reply(request, _) if request == id => {
                        return Ok(kernel.name().to_owned());
                    }
                    _ => {}
                }
            }
            return Err(error(ClientError::Ended).into());
        }
        let mut debugger = DebuggerNews::default();
        let mut tell = |event| {
            if let Some(event) = debugger.take(event) {
                standard::say(&format!("perilune: {event}"));
            }
        };
        if let Some(event) = client.stopped(PATIENCE).await.map_err(error)? {
            tell(event);
        }
        loop {
            let status = client
                .control("perilune_status_request", json!({}), PATIENCE)
                .await
                .map_err(error)?;
            if status["state"] == "idle" && status["queued"] == 0 {
                return Ok(kernel.name().to_owned());
            }
            // Until something has ended.
            loop {
                match client.next().await {
                    Some(notice) => match notice.map_err(error)? {
                        Notice::Idle(_) => break,
                        Notice::Debugger(event) => tell(event),
                        _ => {}
                    },
                    None => return Err(error(ClientError::Ended).into()),
                }
            }
        }
    }

    async fn until_stopped(&self) -> Result<String> {
        let mut kernel = match self.kernel.find() {
            Ok(kernel) => kernel,
            Err(
                KernelError::Unknown { .. }
                | KernelError::NoneRuns
                | KernelError::NotRunning { .. },
            ) => {
                return Ok(self.kernel.text().unwrap_or("default").to_owned());
            }
            Err(error) => return Err(error.into()),
        };
        let name = kernel.name().to_owned();
        if let Some(process) = kernel.process() {
            kernels::end_of(process).await?;
            return Ok(name);
        }
        loop {
            let is_over = match kernel.is_alive() {
                Some(alive) => !alive,
                None => matches!(
                    kernel.connect_quietly(PATIENCE).await,
                    Err(KernelError::Client {
                        reason: ClientError::NobodyThere { .. },
                        ..
                    } | KernelError::Unreadable { .. })
                ),
            };
            if is_over {
                return Ok(name);
            }
            sleep(LOOK).await;
            kernel.look_again()?;
        }
    }
}

impl Goal {
    fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Idle => "idle",
            Self::Stopped => "stopped",
        }
    }
}
