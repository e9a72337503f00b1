use std::io::{self, BufRead, IsTerminal};
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, Result};
use nix::sys::termios::{self, LocalFlags, SetArg, Termios};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// The lines of standard input, read only when somebody wants one.
#[derive(Debug)]
pub struct Answers {
    wanted: mpsc::Sender<()>,
    lines: UnboundedReceiver<String>,
    /// A line was asked for and has not come yet.
    outstanding: bool,
}

impl Answers {
    /// Gets ready to read. A thread does it, because a read cannot be given up.
    ///
    /// # Errors
    ///
    /// When the operating system has no thread left.
    pub fn from_stdin() -> Result<Self> {
        let (wanted, wishes) = mpsc::channel();
        let (found, lines) = unbounded_channel();
        let read = move || {
            let mut stdin = io::stdin().lock();
            while wishes.recv().is_ok() {
                let mut line = Vec::new();
                match stdin.read_until(b'\n', &mut line) {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                }
                if line.ends_with(b"\n") {
                    line.pop();
                }
                if found
                    .send(String::from_utf8_lossy(&line).into_owned())
                    .is_err()
                {
                    return;
                }
            }
        };
        thread::Builder::new()
            .name("stdin".to_owned())
            .spawn(read)
            .context("starting a thread that reads standard input")?;
        Ok(Self {
            wanted,
            lines,
            outstanding: false,
        })
    }

    /// None at all, because standard input was read already.
    pub fn none() -> Self {
        let (wanted, _) = mpsc::channel();
        let (_, lines) = unbounded_channel();
        Self {
            wanted,
            lines,
            outstanding: false,
        }
    }

    /// The next line, without its newline; `None` at the end. Cancel safe: a line that comes too
    /// late for one question answers the next.
    pub async fn next(&mut self) -> Option<String> {
        if !self.outstanding {
            self.outstanding = self.wanted.send(()).is_ok();
        }
        let line = self.lines.recv().await;
        self.outstanding = false;
        line
    }
}

/// The terminal does not show what is typed, for as long as this lives.
#[derive(Debug)]
pub struct Hidden(Termios);

impl Hidden {
    /// Hides what is typed, if standard input is a terminal.
    pub fn begin() -> Option<Self> {
        let stdin = io::stdin();
        if !stdin.is_terminal() {
            return None;
        }
        let shown = termios::tcgetattr(&stdin).ok()?;
        let mut hidden = shown.clone();
        hidden.local_flags.remove(LocalFlags::ECHO);
        // Except for the newline, so that what follows starts on a line of its own.
        hidden.local_flags.insert(LocalFlags::ECHONL);
        termios::tcsetattr(&stdin, SetArg::TCSANOW, &hidden).ok()?;
        Some(Self(shown))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = termios::tcsetattr(io::stdin(), SetArg::TCSANOW, &self.0);
    }
}
