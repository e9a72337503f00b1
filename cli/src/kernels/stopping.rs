use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use perilune_client::ClientError;
use perilune_daemon::{Ask, ProcessHandle, ProcessIdentity};
use tokio::time::{Instant, sleep, timeout_at};

use super::error::KernelError;
use super::found::Kernel;
use super::leftovers;

/// How long a kernel may take to answer before it is told by a signal.
const TO_ANSWER: Duration = Duration::from_secs(2);
/// How long a kernel has after SIGTERM.
const AFTER_TERM: Duration = Duration::from_secs(5);
/// How long the system has after SIGKILL.
const AFTER_KILL: Duration = Duration::from_secs(5);
/// How long somebody waits without a word.
const SHORT: Duration = Duration::from_secs(1);

/// How long one wait for a process is that has no limit.
const LONG: Duration = Duration::from_secs(3600);

/// How a kernel is to be stopped.
#[derive(Debug, Clone, Copy)]
pub struct Stopping {
    /// How long it may take to end by itself.
    pub patience: Duration,
    /// Whether it shall not be asked.
    pub force: bool,
    /// Whether another takes its place, for which clients that look on wait.
    pub restarts: bool,
}

/// How a kernel has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It was asked to.
    Asked,
    /// It got SIGTERM.
    Terminated,
    /// It got SIGKILL.
    Killed,
}

impl How {
    /// What `--json` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Asked => "stopped",
            Self::Terminated => "terminated",
            Self::Killed => "killed",
        }
    }
}

impl Stopping {
    /// Stops a kernel: asks it, and where that does not help tells its process, ever more firmly.
    /// `say` hears of each step that is not the usual one.
    ///
    /// # Errors
    ///
    /// [`KernelError`]; or when not even SIGKILL helps.
    pub async fn stop(self, kernel: &mut Kernel, say: &dyn Fn(&str)) -> Result<How> {
        if kernel.is_alive().is_none() {
            return self.stop_foreign(kernel).await;
        }
        let deadline = Instant::now() + self.patience;
        let Some(process) = self.process(kernel, deadline).await? else {
            return Err(not_running(kernel).into());
        };
        let process = Arc::new(process);
        let how = self.end(kernel, &process, deadline, say).await?;
        // The lock goes with the process; who looks next shall not find it held.
        let released = Instant::now() + SHORT;
        while holds(kernel, &process)? && Instant::now() < released {
            sleep(Duration::from_millis(2)).await;
        }
        if let Some(name) = kernel.registered_name()
            && how != How::Asked
        {
            // A process that was killed could not clear away behind itself. One that has started
            // since under the same name is none of our business.
            leftovers::clear(name).context("clearing away what it left")?;
        }
        Ok(how)
    }

    /// The kernel's process, once it has said which it is; `None` when there is none.
    async fn process(
        self,
        kernel: &mut Kernel,
        deadline: Instant,
    ) -> Result<Option<ProcessHandle>> {
        loop {
            if kernel.is_alive() != Some(true) {
                return Ok(None);
            }
            if let Some(identity) = kernel.process() {
                return ProcessHandle::of(identity).context("taking hold of its process");
            }
            if Instant::now() >= deadline {
                bail!(
                    "{}: its PID file does not say which process it is",
                    kernel.name()
                );
            }
            sleep(Duration::from_millis(5)).await;
            kernel.look_again()?;
        }
    }

    async fn end(
        self,
        kernel: &Kernel,
        process: &Arc<ProcessHandle>,
        deadline: Instant,
        say: &dyn Fn(&str),
    ) -> Result<How> {
        let name = kernel.name();
        if !self.force {
            let patience = TO_ANSWER.min(self.patience);
            let asked = tokio::select! {
                asked = ask_to_end(kernel, self.restarts, patience) => asked,
                // It was ending already, and is quicker than its answer.
                true = is_gone(process, patience) => return Ok(How::Asked),
            };
            match asked {
                Ok(())
                // It ends already: its sockets are closed, or close while it is asked.
                | Err(KernelError::Client {
                    reason: ClientError::NobodyThere { .. } | ClientError::Lost | ClientError::Ended,
                    ..
                }) => {
                    if ends(process, SHORT.min(self.patience)).await? {
                        return Ok(How::Asked);
                    }
                    let rest = deadline.saturating_duration_since(Instant::now());
                    say(&format!("{name} is ending; waiting for up to {} s", rest.as_secs_f64().ceil()));
                    if ends(process, rest).await? {
                        return Ok(How::Asked);
                    }
                    say(&format!("{name} did not end within {} s: SIGTERM", self.patience.as_secs_f64()));
                }
                Err(KernelError::NotRunning { .. }) => return Ok(How::Asked),
                Err(KernelError::Starting { .. }) => say(&format!("{name} does not listen yet: SIGTERM")),
                Err(error) => say(&format!("{error}: SIGTERM")),
            }
            if !process.signal(Ask::End).context("sending SIGTERM")? {
                return Ok(How::Terminated);
            }
            if process.is_stopped() {
                say(&format!(
                    "{name} was stopped (SIGSTOP): SIGCONT, so that it can end"
                ));
                process.signal(Ask::GoOn).context("sending SIGCONT")?;
            }
            if ends(process, AFTER_TERM.min(self.patience.max(SHORT))).await? {
                return Ok(How::Terminated);
            }
            say(&format!("{name} did not end after SIGTERM: SIGKILL"));
        }
        if !process.signal(Ask::Vanish).context("sending SIGKILL")? {
            return Ok(How::Killed);
        }
        if ends(process, AFTER_KILL).await? {
            return Ok(How::Killed);
        }
        bail!(
            "{name}: process {} is still there after SIGKILL; the system holds it, as it does while \
             a disk or a network file system does not answer",
            process.identity().pid
        )
    }

    /// Somebody else's kernel can only be asked.
    async fn stop_foreign(self, kernel: &Kernel) -> Result<How> {
        if self.force {
            bail!(
                "{}: it is no kernel that perilune has started, so its process is not known, and \
                 it cannot be forced to end",
                kernel.name()
            );
        }
        let deadline = Instant::now() + self.patience;
        let client = kernel.connect(self.patience).await?;
        client
            .shutdown(false)
            .map_err(|error| kernel.error(error))?;
        // Lost or with a goodbye: it is gone.
        let gone = async { while let Some(Ok(_)) = client.next().await {} };
        if timeout_at(deadline, gone).await.is_err() {
            let request = "shutdown_request";
            let after = self.patience;
            return Err(kernel.error(ClientError::NoReply { request, after }).into());
        }
        Ok(How::Asked)
    }
}

async fn ask_to_end(
    kernel: &Kernel,
    restarts: bool,
    patience: Duration,
) -> Result<(), KernelError> {
    let client = kernel.connect_quietly(patience).await?;
    let content = serde_json::json!({"restart": restarts});
    let reply = client.control("shutdown_request", content, patience);
    reply.await.map(drop).map_err(|error| kernel.error(error))
}

/// Whether a process ends within that time, as far as that can be found out.
async fn is_gone(process: &Arc<ProcessHandle>, limit: Duration) -> bool {
    ends(process, limit).await.unwrap_or(false)
}

/// Waits until a process has ended, for as long as that takes.
///
/// # Errors
///
/// What the system says.
pub async fn end_of(process: &ProcessIdentity) -> Result<()> {
    let Some(process) = ProcessHandle::of(process).context("taking hold of a process")? else {
        return Ok(());
    };
    let process = Arc::new(process);
    while !ends(&process, LONG).await? {}
    Ok(())
}

/// Waits for a process's end on a thread of its own.
async fn ends(process: &Arc<ProcessHandle>, limit: Duration) -> Result<bool> {
    let process = process.clone();
    tokio::task::spawn_blocking(move || process.wait(limit))
        .await
        .context("waiting for the process")?
        .context("waiting for the process")
}

fn holds(kernel: &mut Kernel, process: &ProcessHandle) -> Result<bool> {
    kernel.look_again()?;
    Ok(kernel.is_alive() == Some(true) && kernel.process() == Some(process.identity()))
}

fn not_running(kernel: &Kernel) -> KernelError {
    KernelError::NotRunning {
        name: kernel.name().to_owned(),
        killed: kernel.is_dead(),
    }
}
