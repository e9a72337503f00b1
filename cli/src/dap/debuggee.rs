use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use perilune_client::Client;
use perilune_wire::{ConnectionFile, Endpoints, Ports};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, Command};
use tokio::time::timeout;

use super::arguments::{Launched, Text};
use super::token;
use crate::atomic_file::{self, Access};

/// What the process says on its standard output when it answers.
pub const READY: &str = "ready";
/// How long it may take until then. Much of that would be the machine's fault.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a kernel may take to answer that is ready.
const ANSWER: Duration = Duration::from_secs(10);
/// How long a kernel that has ended may take to end its process.
const END: Duration = Duration::from_secs(5);
/// The Unix sockets of its kernel.
const SOCKETS: Ports = Ports {
    shell: 1,
    iopub: 2,
    stdin: 3,
    control: 4,
    hb: 5,
};

/// A process of this program with a kernel for what is debugged, and nothing else.
///
/// It is no child that dies with this one: it holds on until what runs in it has ended, and then
/// ends by itself.
#[derive(Debug)]
pub struct Debuggee {
    child: Child,
    /// Its end tells the process that nobody is here any more.
    _lifeline: Option<ChildStdin>,
    stderr: Option<ChildStderr>,
    /// Only its owner may enter: in it are the sockets.
    folder: Option<TempDir>,
    connection_file: PathBuf,
}

impl Debuggee {
    /// Starts it, and returns when it answers.
    ///
    /// # Errors
    ///
    /// Why it could not start, in its own words if it had any.
    pub async fn start(launched: &Launched) -> Result<(Self, Client)> {
        let folder = tempfile::Builder::new()
            .prefix("perilune-dap-")
            .tempdir()
            .context("making a folder for the sockets")?;
        let connection_file = folder.path().join("kernel.json");
        let prefix = folder.path().join("kernel").to_string_lossy().into_owned();
        let connection = ConnectionFile::new(&Endpoints::Ipc(prefix, SOCKETS));
        atomic_file::create(
            &connection_file,
            connection.to_json()?.as_bytes(),
            Access::Private,
        )
        .context("writing the connection file")?;

        let mut child = command(launched, &connection_file)?
            .spawn()
            .with_context(|| format!("starting a process in {}", launched.folder.display()))?;
        let lifeline = child.stdin.take();
        let stdout = child.stdout.take().context("it has no standard output")?;
        let mut debuggee = Self {
            _lifeline: lifeline,
            stderr: child.stderr.take(),
            child,
            folder: Some(folder),
            connection_file,
        };
        let mut line = String::new();
        let mut stdout = BufReader::new(stdout).take(READY.len() as u64 + 1);
        match timeout(PATIENCE, stdout.read_line(&mut line)).await {
            Ok(_) if line.trim_end() == READY => {}
            Ok(_) => return Err(debuggee.why_it_ended().await),
            Err(_) => {
                debuggee.kill();
                bail!("the program's process is not ready after {PATIENCE:?}");
            }
        }
        let client = Client::connect(&connection, ANSWER).await;
        let client = client.context("connecting to the program's process")?;
        Ok((debuggee, client))
    }

    /// Its number.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Where its sockets are written down.
    pub fn connection_file(&self) -> &Path {
        &self.connection_file
    }

    /// What the process says for itself, not the program; waits for ever where it has said all.
    /// Cancel safe.
    pub async fn said(&mut self) -> String {
        let mut bytes = vec![0; 8 << 10];
        if let Some(stderr) = &mut self.stderr {
            match stderr.read(&mut bytes).await {
                Ok(count) if count > 0 => {
                    return String::from_utf8_lossy(&bytes[..count]).into_owned();
                }
                _ => self.stderr = None,
            }
        }
        std::future::pending().await
    }

    /// Waits for the end of the process, whose kernel has ended. Returns what it said last, and the
    /// exit code as a shell says it.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    pub async fn ended(&mut self) -> Result<(String, i32)> {
        let status = match timeout(END, self.child.wait()).await {
            Ok(status) => status,
            Err(_) => {
                self.kill();
                self.child.wait().await
            }
        };
        let status = status.context("waiting for the end of the program's process")?;
        Ok((self.last_words().await, code(status)))
    }

    /// Ends it whatever it does.
    pub fn kill(&mut self) {
        // It may have ended meanwhile.
        let _ = self.child.start_kill();
    }

    /// Lets it go on without us: it clears away by itself.
    pub fn let_go(mut self) {
        if let Some(folder) = self.folder.take() {
            let _ = folder.keep();
        }
    }

    async fn why_it_ended(&mut self) -> anyhow::Error {
        let code = match timeout(END, self.child.wait()).await {
            Ok(Ok(status)) => format!("exit code {}", code(status)),
            _ => "nobody knows how".to_owned(),
        };
        let words = self.last_words().await;
        match words.trim() {
            "" => anyhow!("the program's process ended before it was ready ({code})"),
            words => anyhow!("{}", words.trim_start_matches("perilune: ")),
        }
    }

    async fn last_words(&mut self) -> String {
        let mut words = String::new();
        // A child of the program's may hold it open.
        while let Ok(more) = timeout(Duration::from_millis(50), self.said()).await {
            words += &more;
        }
        words
    }
}

impl Drop for Debuggee {
    /// What nobody let go has nobody who would end it: its sockets go with the folder.
    fn drop(&mut self) {
        if self.folder.is_some() {
            self.kill();
        }
    }
}

fn command(launched: &Launched, connection_file: &Path) -> Result<Command> {
    let this = std::env::current_exe().context("finding this program")?;
    let mut command = Command::new(this);
    command.arg("debuggee").arg(connection_file);
    if let Some(program) = &launched.program {
        command.arg("--program").arg(program);
    }
    command
        .arg("--")
        .args(launched.given.args.iter().map(|Text(text)| text))
        .current_dir(&launched.folder)
        .env_remove(token::VARIABLE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C where this program runs is not meant for it.
        .process_group(0)
        .kill_on_drop(false);
    for (name, value) in &launched.given.env {
        match value {
            Some(Text(value)) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Ok(command)
}

/// As a shell says it.
fn code(status: ExitStatus) -> i32 {
    match (status.code(), status.signal()) {
        (Some(code), _) => code,
        (None, Some(signal)) => 128 + signal,
        (None, None) => 1,
    }
}
