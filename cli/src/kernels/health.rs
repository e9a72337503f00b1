use std::path::Path;
use std::time::Duration;

use perilune_client::{ClientError, KernelInfo};
use perilune_daemon::ProcessHandle;
use serde::Serialize;
use serde_json::{Value, json};

use super::error::KernelError;
use super::found::Kernel;
use crate::exit::Exit;

/// How a kernel is: what it says when it is asked, beside what is known of its process.
#[derive(Debug, Clone)]
pub struct Health {
    /// How it stands.
    pub state: State,
    /// Why it is not as it should be, in a line.
    pub reason: Option<String>,
    /// What it says of itself: `kernel_info_reply`.
    pub info: Option<KernelInfo>,
    /// What a kernel of ours says besides: `perilune_status_reply`.
    pub status: Option<Value>,
}

/// How a kernel stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It lives and answers.
    Running,
    /// It has its name and does not listen yet.
    Starting,
    /// Its process has ended without a word, and left something behind.
    Dead,
    /// Its process lives and does not answer.
    NoAnswer,
}

impl State {
    /// As the LSB has it for `status`.
    pub fn exit(self) -> Exit {
        match self {
            Self::Running => Exit::Success,
            Self::Dead => Exit::Failed,
            Self::Starting | Self::NoAnswer => Exit::NoAnswer,
        }
    }

    /// In the table of `list`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Starting => "starting",
            Self::Dead => "dead",
            Self::NoAnswer => "no answer",
        }
    }
}

/// What can be done about a process of ours that does not answer.
fn next_step(kernel: &Kernel) -> Option<String> {
    let process = ProcessHandle::of(kernel.process()?).ok()??;
    let pid = process.identity().pid;
    Some(if process.is_stopped() {
        format!("its process {pid} is stopped by a signal, and `kill -CONT {pid}` lets it go on")
    } else {
        format!("`perilune kernel stop {}` ends it", kernel.name())
    })
}

impl Health {
    /// Asks a kernel how it is, for at most `patience`.
    pub async fn of(kernel: &Kernel, patience: Duration) -> Self {
        let deadline = tokio::time::Instant::now() + patience;
        let client = match kernel.connect_quietly(patience).await {
            Ok(client) => client,
            Err(error) => return Self::without_answer(kernel, &error),
        };
        let mut health = Self {
            state: State::Running,
            reason: None,
            info: client.info().cloned(),
            status: None,
        };
        if client.info().is_some_and(KernelInfo::is_perilune) {
            let rest = deadline.saturating_duration_since(tokio::time::Instant::now());
            match client
                .control("perilune_status_request", json!({}), rest)
                .await
            {
                Ok(status) => health.status = Some(status),
                // Nothing goes on that it could tell: another version.
                Err(ClientError::NoReply { .. }) => {}
                Err(error) => {
                    health.state = State::NoAnswer;
                    health.reason = Some(error.to_string());
                }
            }
        }
        health
    }

    fn without_answer(kernel: &Kernel, error: &KernelError) -> Self {
        let state = match error {
            KernelError::NotRunning { .. } => State::Dead,
            KernelError::Starting { .. } => State::Starting,
            KernelError::Client {
                reason: ClientError::NobodyThere { .. },
                ..
            } if kernel.is_alive().is_none() => State::Dead,
            _ => State::NoAnswer,
        };
        let is_ending = matches!(
            error,
            KernelError::Client {
                reason: ClientError::NobodyThere { .. } | ClientError::Lost,
                ..
            }
        ) && kernel.is_alive() == Some(true);
        let reason = if is_ending {
            "its process lives and has closed its sockets: it is ending".to_owned()
        } else {
            match next_step(kernel) {
                Some(step) if state == State::NoAnswer => format!("{error}; {step}"),
                _ => error.to_string(),
            }
        };
        Self {
            state,
            reason: Some(reason),
            info: None,
            status: None,
        }
    }

    /// Which version of perilune it is, or of what else.
    pub fn version<'a>(&'a self, kernel: &'a Kernel) -> Option<&'a str> {
        self.info
            .as_ref()
            .map(|info| info.implementation_version.as_str())
            .or_else(|| Some(kernel.record()?.version.as_str()))
    }

    /// Whether it is a perilune of another version than this command.
    pub fn is_of_another_version(&self, kernel: &Kernel) -> bool {
        let is_ours = self
            .info
            .as_ref()
            .map_or(kernel.record().is_some(), KernelInfo::is_perilune);
        is_ours
            && self
                .version(kernel)
                .is_some_and(|version| version != env!("CARGO_PKG_VERSION"))
    }

    /// What to say when it is a perilune of another version than this command.
    pub fn word_on_versions(&self, kernel: &Kernel) -> Option<String> {
        self.is_of_another_version(kernel).then(|| {
            format!(
                "{name} is perilune {}, and this command is {}; `perilune kernel restart {name}` \
                 makes them the same",
                self.version(kernel).unwrap_or("of an unknown version"),
                env!("CARGO_PKG_VERSION"),
                name = kernel.name(),
            )
        })
    }

    /// A number of `perilune_status_reply`, or another part of it.
    pub fn get(&self, pointer: &str) -> Option<&Value> {
        self.status
            .as_ref()?
            .pointer(pointer)
            .filter(|value| !value.is_null())
    }

    /// What it does: `idle`, `busy`, ...
    pub fn activity(&self) -> Option<&str> {
        self.get("/state")?.as_str()
    }

    /// Who listens beside us who ask.
    pub fn clients(&self) -> Option<u64> {
        Some(self.get("/clients")?.as_u64()?.saturating_sub(1))
    }

    /// Where a debugger has stopped the cell that runs, if one has.
    pub fn stopped_at(&self) -> Option<String> {
        let place = self.get("/running/stopped")?;
        let source = place["source"].as_str()?;
        Some(format!("{source}:{}", place["line"].as_u64()?))
    }

    /// As one of the `kernels` of a JSON document (`docs/kernel-json.md`).
    pub fn document(&self, kernel: &Kernel) -> Value {
        let record = kernel.record();
        let path = |path: Option<&Path>| path.map(|path| path.to_string_lossy().into_owned());
        let get = |pointer| self.get(pointer).cloned().unwrap_or_default();
        json!({
            "name": kernel.name(),
            "id": kernel.id(),
            "state": self.state,
            "reason": self.reason,
            "activity": self.activity(),
            "pid": kernel.pid(),
            "implementation": self.info.as_ref().map(|info| &info.implementation),
            "version": self.version(kernel),
            "same_version": !self.is_of_another_version(kernel),
            "started": record.map(|record| record.started),
            "uptime_seconds": get("/uptime"),
            "running": get("/running"),
            "clients": self.clients(),
            "queued": get("/queued"),
            "memory": {
                "process_bytes": get("/memory/process"),
                "lua_bytes": get("/memory/language"),
            },
            "executions": get("/executions"),
            "errors": get("/errors"),
            "messages": {
                "received": get("/messages/in"),
                "sent": get("/messages/out"),
                "dropped": get("/dropped"),
            },
            "journal": get("/journal"),
            "daemon": record.map(|record| record.daemon),
            "connection_file": path(kernel.connection_file()),
            "log": path(record.and_then(|record| record.log.as_deref())),
            "folder": path(record.map(|record| record.folder.as_path())),
            "health": record.and_then(|record| record.health.clone()),
            "health_token_file": path(record.and_then(|record| record.health_token_file.as_deref())),
        })
    }
}
