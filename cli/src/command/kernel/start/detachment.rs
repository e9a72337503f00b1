use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, raise};
use perilune_daemon::{
    Ask, DaemonError, Name, News, ProcessHandle, ProcessIdentity, Readiness, Record, Side, Start,
    detach,
};
use perilune_engine::CaughtSignals;
use serde_json::{Value, json};

use super::Arguments;
use super::registration::Launch;
use super::serving;
use crate::exit::Exit;

/// What says of a process what is not true of a daemon that it starts: who supervises or launched it.
const NOT_OURS: [&str; 8] = [
    "JPY_PARENT_PID",
    "JPY_SESSION_NAME",
    "LISTEN_FDNAMES",
    "LISTEN_FDS",
    "LISTEN_PID",
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
];

/// How long a daemon that is too late has to end well.
const PATIENCE_AT_END: Duration = Duration::from_secs(2);

/// Starts a kernel that outlives its terminal, and says how that went.
///
/// # Errors
///
/// Why it could not be started.
pub fn start(mut arguments: Arguments) -> Result<Exit> {
    let name = arguments.name.clone().unwrap_or_default();
    let launch = Launch::of_this_process(Some(name.clone()), true, arguments.configured()?);
    // A daemon's folder is `/`.
    arguments.make_absolute()?;
    // SAFETY: the program has started no thread, and opened nothing that it keeps.
    match unsafe { detach() }? {
        Side::Starter(news) => hear(news, &name, &launch, &arguments),
        Side::Daemon(readiness) => Ok(live(&arguments, &launch, readiness)),
    }
}

/// The starter's side.
fn hear(news: News, name: &Name, launch: &Launch, arguments: &Arguments) -> Result<Exit> {
    let log = launch.log(name)?.unwrap_or_default();
    match news.wait(arguments.timeout)? {
        Start::Ready(record) => {
            let record: Record = serde_json::from_str(&record).context("what the daemon said")?;
            show(&record, arguments.json)?;
            Ok(Exit::Success)
        }
        Start::Failed { code, reason } => {
            eprintln!("perilune: {reason}");
            Ok(Exit::Script(code))
        }
        Start::Silent => bail!(
            "the kernel {name} ended before it was ready; {} may say why",
            log.display()
        ),
        Start::Late(process) => {
            end(process.as_ref()).context("ending the kernel")?;
            eprintln!(
                "perilune: the kernel {name} was not ready within {} s, and was ended; {} may say why",
                arguments.timeout.as_secs_f64(),
                log.display()
            );
            Ok(Exit::TimedOut)
        }
    }
}

/// Ends a daemon that nobody has been told of yet.
fn end(process: Option<&ProcessIdentity>) -> io::Result<()> {
    let handle = process.map(ProcessHandle::of).transpose()?.flatten();
    let Some(handle) = handle else {
        return Ok(());
    };
    handle.signal(Ask::End)?;
    if !handle.wait(PATIENCE_AT_END)? {
        handle.signal(Ask::Vanish)?;
        handle.wait(PATIENCE_AT_END)?;
    }
    Ok(())
}

fn show(record: &Record, as_json: bool) -> Result<()> {
    let mut stdout = io::stdout().lock();
    if as_json {
        let mut document = json!({ "schema_version": 1, "status": "started" });
        let fields = serde_json::to_value(record)?;
        if let (Value::Object(document), Value::Object(fields)) = (&mut document, fields) {
            document.extend(fields);
            document.insert("schema_version".to_owned(), 1.into());
        }
        writeln!(stdout, "{document}")?;
    } else {
        writeln!(stdout, "The kernel {} is ready.", record.name)?;
        writeln!(stdout, "  process          {}", record.pid)?;
        writeln!(stdout, "  id               {}", record.id)?;
        writeln!(
            stdout,
            "  connection file  {}",
            record.connection_file.display()
        )?;
        if let Some(log) = &record.log {
            writeln!(stdout, "  log              {}", log.display())?;
        }
    }
    Ok(())
}

/// The daemon's side.
fn live(arguments: &Arguments, launch: &Launch, readiness: Readiness) -> Exit {
    let mut readiness = Some(readiness);
    let ready = |record: &Record| {
        let Some(readiness) = readiness.take() else {
            return;
        };
        let told = serde_json::to_string(record)
            .map_err(io::Error::other)
            .and_then(|record| readiness.ready(&record));
        if let Err(error) = told {
            // Who gave up the start, with Ctrl-C or so, wants no kernel.
            tracing::warn!(%error, "who started the kernel is gone, and so it ends");
            let _ = raise(Signal::SIGTERM);
        }
    };
    let signals = CaughtSignals::catch();
    settle(arguments);
    let result = arguments
        .enter_folder()
        .and_then(|()| serving::serve(arguments, launch, signals?, None, ready));
    match (result, readiness) {
        (Ok(exit), None) => exit,
        (Ok(_), Some(readiness)) => {
            readiness.failed(
                Exit::Failed.code(),
                "the kernel was told to end before it was ready",
            );
            Exit::Failed
        }
        (Err(error), readiness) => {
            tracing::error!("{error:#}");
            let exit = exit_of(&error);
            if let Some(readiness) = readiness {
                readiness.failed(exit.code(), &format!("{error:#}"));
            }
            exit
        }
    }
}

/// The exit code that tells what went wrong.
pub fn exit_of(error: &anyhow::Error) -> Exit {
    match error.downcast_ref() {
        Some(DaemonError::Held { .. }) => Exit::AlreadyRunning,
        _ => Exit::Failed,
    }
}

/// Forgets what the environment says of the starter alone.
fn settle(arguments: &Arguments) {
    let folder = arguments.folder().unwrap_or(Path::new("/"));
    // SAFETY: the daemon has one thread yet.
    unsafe {
        for name in NOT_OURS {
            std::env::remove_var(name);
        }
        std::env::remove_var("OLDPWD");
        std::env::set_var("PWD", folder);
    }
}
