use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use perilune_daemon::{ProcessHandle, Record};
use serde_json::{Value, json};

use super::start::flags::RestoreChoice;
use crate::atomic_file::{self, Access};
use crate::command::seconds;
use crate::exit::Exit;
use crate::kernels::{self, Kernel, KernelError, SomeKernels, Stopping, Tally};
use crate::standard;

/// `perilune kernel restart`
#[derive(Debug, Args)]
#[command(after_help = "\
The kernel is stopped as by `perilune kernel stop`, and started by this program with the arguments,
the folder and the environment that it was started with. Its name, its connection file, its ports
and its key stay, so that its clients find it again. One that was killed is started anew. A kernel
in the foreground is restarted by whoever started it: its service, or its front end.

Exit codes: 0 it runs again, 1 it could not be stopped or started, 3 there is none to restart,
124 it did not answer in time.")]
pub struct Arguments {
    #[command(flatten)]
    kernels: SomeKernels,
    /// How long a kernel may take to end by itself
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    timeout: Duration,
    /// Do not ask it to end: SIGKILL at once. What runs and what is in memory is lost
    #[arg(long)]
    force: bool,
    /// Begin with the session as it is: it is saved first, and the kernel stays as it is when that
    /// fails. With --force it is the session that was saved last
    #[arg(
        long,
        value_name = "WHEN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "always",
    )]
    restore: Option<RestoreChoice>,
    /// Print one JSON object (docs/kernel-json.md)
    #[arg(long)]
    json: bool,
}

/// What a kernel is started with again.
struct Again {
    record: Record,
    /// Its connection file's text, if it could be read.
    connection: Option<String>,
    environment: Option<Vec<(OsString, OsString)>>,
    restore: Option<RestoreChoice>,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let mut tally = Tally::new(self.json);
        for found in self.kernels.find()? {
            let began = Instant::now();
            let name = found.as_ref().ok().map(|kernel| kernel.name().to_owned());
            let result = found
                .map_err(anyhow::Error::from)
                .and_then(|kernel| self.restart(kernel));
            let reason = result.as_ref().err().map(|error| format!("{error:#}"));
            let same = result.as_ref().ok().map(|started| started.same_connection);
            tally.add(json!({
                "name": name,
                "result": if result.is_ok() { "restarted" } else { "failed" },
                "reason": reason,
                "id": result.as_ref().ok().map(|started| &started.about["id"]),
                "pid": result.as_ref().ok().map(|started| &started.about["pid"]),
                "connection_file": result.as_ref().ok().map(|started| &started.about["connection_file"]),
                "same_connection": same,
                "seconds": began.elapsed().as_secs_f64(),
            }));
            let name = name.unwrap_or_default();
            match result {
                Ok(started) => {
                    let pid = &started.about["pid"];
                    tally.line(format!("Restarted {name} as process {pid}"))?;
                    if !started.same_connection {
                        standard::say(&format!(
                            "perilune: the ports of {name} were taken by another program, so it has \
                             others now; its clients must be connected anew"
                        ));
                    }
                }
                Err(error) => {
                    if error.is::<TooLate>() {
                        tally.end_with(Exit::TimedOut);
                    }
                    tally.fail(&error);
                }
            }
        }
        tally.end()
    }

    fn restart(&self, mut kernel: Kernel) -> Result<Started> {
        let name = kernel.name().to_owned();
        let again = Again {
            restore: self.restore,
            ..what_it_was_started_with(&kernel)?
        };
        self.save(&kernel)?;
        let say = |step: &str| standard::say(&format!("perilune: {step}"));
        let stopping = Stopping {
            patience: self.timeout,
            force: self.force,
            restarts: true,
        };
        let stopped = kernels::block_on(async { stopping.stop(&mut kernel, &say).await });
        match stopped {
            Ok(_) => {}
            // It was killed before, or has ended just now.
            Err(error)
                if matches!(
                    error.downcast_ref::<KernelError>(),
                    Some(KernelError::NotRunning { .. })
                ) =>
            {
                say(&format!("{name} was not running"));
            }
            Err(error) => return Err(error),
        }
        again.start()
    }

    /// Lets a kernel that lives save the session that it shall begin with again.
    fn save(&self, kernel: &Kernel) -> Result<()> {
        let is_wanted = matches!(
            self.restore,
            Some(RestoreChoice::Always | RestoreChoice::IfSaved)
        );
        if !is_wanted || self.force || kernel.process().is_none() {
            return Ok(());
        }
        let saved = kernels::block_on(kernels::save(kernel, self.timeout))
            .with_context(|| format!("{} was not restarted", kernel.name()))?;
        kernels::tell_losses(kernel.name(), &saved);
        Ok(())
    }
}

fn what_it_was_started_with(kernel: &Kernel) -> Result<Again> {
    let name = kernel.name();
    let Some(record) = kernel.record() else {
        bail!("{name}: it is not known how it was started, so it cannot be started again");
    };
    if !record.daemon {
        bail!(
            "{name} runs in the foreground: whoever started it must restart it, such as its service \
             (`systemctl --user restart`) or its front end"
        );
    }
    let process = kernel.process().map(ProcessHandle::of).transpose();
    let process = process.context("looking at its process")?.flatten();
    Ok(Again {
        connection: fs::read_to_string(&record.connection_file).ok(),
        environment: process.and_then(|process| process.environment()),
        record: record.clone(),
        restore: None,
    })
}

/// What became of it.
struct Started {
    /// What `kernel start --json` says.
    about: Value,
    /// Whether its clients find it where it was.
    same_connection: bool,
}

/// The daemon did not answer in time.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct TooLate(String);

impl Again {
    fn start(self) -> Result<Started> {
        let path = &self.record.connection_file;
        if let Some(text) = &self.connection
            && !path.exists()
        {
            // A kernel of this name takes the ports and the key from there.
            atomic_file::create(path, text.as_bytes(), Access::Private)
                .with_context(|| format!("writing {}", path.display()))?;
        }
        let program = std::env::current_exe().context("finding the path of this program")?;
        let mut command = Command::new(program);
        command.args(self.arguments()).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(environment) = self.environment {
            command.env_clear().envs(environment);
        }
        // Where it was started from, if that is still there; the daemon's own folder is another.
        if self.record.working_folder.is_dir() {
            command.current_dir(&self.record.working_folder);
        }
        let output = command.output().context("starting it again")?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if !output.status.success() {
            if output.status.code() == Some(Exit::TimedOut.code().into()) {
                return Err(TooLate(said).into());
            }
            bail!("starting {} again: {said}", self.record.name);
        }
        if !said.is_empty() {
            standard::say(&said);
        }
        let about: Value = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("reading what {} said at its start", self.record.name))?;
        let now = about["connection_file"].as_str().map(PathBuf::from);
        let same_connection = now.is_some_and(|now| {
            fs::read_to_string(now)
                .is_ok_and(|now| parsed(&now) == self.connection.as_deref().and_then(parsed))
        });
        Ok(Started {
            about,
            same_connection,
        })
    }

    fn arguments(&self) -> Vec<String> {
        let mut arguments = self.record.arguments.clone();
        if !arguments.iter().any(|argument| argument == "--json") {
            arguments.push("--json".to_owned());
        }
        if let Some(restore) = self.restore {
            arguments
                .retain(|argument| argument != "--restore" && !argument.starts_with("--restore="));
            arguments.push(format!("--restore={}", restore.name()));
        }
        arguments
    }
}

fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}
