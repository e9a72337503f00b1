use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;

/// How long anything may take before it counts as hanging.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// What surrounds the program in a test: a home and a working folder of its own.
pub struct Surroundings {
    home: TempDir,
    folder: TempDir,
}

/// What a program that has ended left.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Surroundings {
    pub fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A path in the working folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The program, with nothing of the developer's own environment but PATH.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_perilune"));
        command
            .args(arguments)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", self.home())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Ended {
        ended(self.command(arguments))
    }

    /// Runs the program to its end, with this on its standard input.
    pub fn run_with_input<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        input: &str,
    ) -> Ended {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        // What the program does not read breaks the pipe, and is none of ours.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Running::new(child).ended()
    }
}

pub fn ended(mut command: Command) -> Ended {
    Running::new(command.spawn().unwrap()).ended()
}

/// A program that runs, and what it has said so far.
pub struct Running {
    child: Child,
    stdout: mpsc::Receiver<String>,
    stderr: mpsc::Receiver<String>,
}

impl Running {
    pub fn new(mut child: Child) -> Self {
        let stdout = lines(child.stdout.take().unwrap());
        let stderr = lines(child.stderr.take().unwrap());
        Self {
            child,
            stdout,
            stderr,
        }
    }

    /// The next line of standard output, with its newline.
    pub fn stdout_line(&self) -> String {
        self.stdout
            .recv_timeout(DEADLINE)
            .expect("a line on standard output")
    }

    /// The next line of standard error, with its newline.
    pub fn stderr_line(&self) -> String {
        self.stderr
            .recv_timeout(DEADLINE)
            .expect("a line on standard error")
    }

    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal).unwrap();
    }

    /// Waits for the end.
    pub fn ended(self) -> Ended {
        let (status, stdout, stderr) = self.wait();
        Ended {
            code: status.code(),
            stdout,
            stderr,
        }
    }

    fn wait(mut self) -> (ExitStatus, String, String) {
        // Both ends of output mean that the program has ended, or closed them for good.
        let stdout = rest(&self.stdout);
        let stderr = rest(&self.stderr);
        (self.child.wait().unwrap(), stdout, stderr)
    }
}

fn lines(output: impl std::io::Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(output);
        let mut line = Vec::new();
        while reader
            .read_until(b'\n', &mut line)
            .is_ok_and(|length| length > 0)
        {
            if sender
                .send(String::from_utf8(std::mem::take(&mut line)).unwrap())
                .is_err()
            {
                return;
            }
        }
    });
    receiver
}

fn rest(lines: &mpsc::Receiver<String>) -> String {
    let mut all = String::new();
    loop {
        match lines.recv_timeout(DEADLINE) {
            Ok(line) => all.push_str(&line),
            Err(mpsc::RecvTimeoutError::Disconnected) => return all,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("the program hangs; so far: {all}"),
        }
    }
}
