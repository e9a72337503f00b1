use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

use super::{JupyterLab, python};
use crate::jupyter::directories;

/// How many lines of a failed command are shown.
const LINES_SHOWN: usize = 15;

/// A virtual environment of ours, for users who have no JupyterLab.
#[derive(Debug, Clone)]
pub struct PrivateEnvironment {
    folder: PathBuf,
}

impl PrivateEnvironment {
    /// The one of this user, whether or not it exists.
    ///
    /// # Errors
    ///
    /// When the user has no place for data.
    pub fn of_this_user() -> Result<Self> {
        Ok(Self {
            folder: directories::data_of_this_user()?.join("perilune/lab-venv"),
        })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its JupyterLab, if it is whole.
    pub fn jupyterlab(&self) -> Option<JupyterLab> {
        JupyterLab::in_environment(&self.folder)
    }

    /// Makes the environment and installs JupyterLab, showing how it goes on stderr.
    ///
    /// # Errors
    ///
    /// When Python cannot make environments, or pip cannot install.
    pub fn create(&self, python: &Path) -> Result<JupyterLab> {
        let parent = self.folder.parent().unwrap_or(&self.folder);
        fs::create_dir_all(parent).with_context(|| format!("making {}", parent.display()))?;
        let lock = self.folder.with_extension("lock");
        let lock = File::create(&lock).with_context(|| format!("creating {}", lock.display()))?;
        let progress = Progress::new();
        progress.step("Waiting for another perilune that is installing JupyterLab");
        lock.lock().context("locking the environment")?;
        if let Some(jupyterlab) = self.jupyterlab() {
            return Ok(jupyterlab);
        }

        progress.step("Making a virtual environment for JupyterLab");
        let mut venv = Command::new(python);
        venv.args(["-m", "venv", "--clear"]).arg(&self.folder);
        run(venv, &progress).with_context(|| {
            format!(
                "making a virtual environment with {}; Python's venv and pip are needed:\n{}\n",
                python.display(),
                python::advice()
            )
        })?;

        progress.step("Installing JupyterLab");
        let mut pip = Command::new(self.folder.join("bin/python"));
        pip.args([
            "-m",
            "pip",
            "install",
            "--no-input",
            "--disable-pip-version-check",
        ]);
        pip.args(["--progress-bar", "off", "jupyterlab"]);
        run(pip, &progress).context(
            "installing JupyterLab; is the network up? It can also be installed by hand, so that \
             jupyter-lab is on PATH:\n",
        )?;
        self.jupyterlab().with_context(|| {
            format!(
                "JupyterLab is installed in {} but does not start",
                self.folder.display()
            )
        })
    }
}

/// Runs a command, showing the last line it printed.
fn run(mut command: Command, progress: &Progress) -> Result<()> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {}", command.get_program().display()))?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        bail!("the command has no output to read");
    };
    // Both are read at once: a full pipe would stop the command.
    let complaints = thread::spawn(move || last_lines(stderr, |_| {}));
    let said = last_lines(stdout, |line| progress.detail(line));
    let complaints = complaints.join().unwrap_or_default();
    let status = child.wait().context("waiting for the command")?;
    if !status.success() {
        let lines = if complaints.is_empty() {
            said
        } else {
            complaints
        };
        let lines: Vec<String> = lines.into_iter().map(|line| format!("  {line}")).collect();
        bail!("{}\n({status})", lines.join("\n"));
    }
    Ok(())
}

/// Reads to the end, and keeps what came last.
fn last_lines(output: impl io::Read, mut seen: impl FnMut(&str)) -> VecDeque<String> {
    let mut last = VecDeque::new();
    for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        if line.is_empty() {
            continue;
        }
        seen(&line);
        if last.len() == LINES_SHOWN {
            last.pop_front();
        }
        last.push_back(line);
    }
    last
}

/// How an installation goes: a line that moves on a terminal, lines elsewhere.
struct Progress(Option<ProgressBar>);

impl Progress {
    fn new() -> Self {
        if !io::stderr().is_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {prefix} [{elapsed}] {wide_msg:.dim}")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(Some(bar))
    }

    fn step(&self, what: &'static str) {
        match &self.0 {
            Some(bar) => {
                bar.set_prefix(what);
                bar.set_message("");
            }
            None => eprintln!("{what}"),
        }
    }

    fn detail(&self, line: &str) {
        match &self.0 {
            Some(bar) => bar.set_message(line.trim_start().to_owned()),
            None => eprintln!("  {line}"),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
