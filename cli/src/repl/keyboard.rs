use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{self, SetArg, Termios};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::standard::Kept;

/// The terminal's settings as they were, which it gets back however the session ends.
#[derive(Debug)]
pub struct TerminalSettings {
    kept: &'static Kept,
    before: Option<Termios>,
}

impl TerminalSettings {
    /// Remembers them, if standard input is a terminal.
    pub fn remember(kept: &'static Kept) -> Self {
        Self {
            kept,
            before: termios::tcgetattr(io::stdin()).ok(),
        }
    }
}

impl Drop for TerminalSettings {
    fn drop(&mut self) {
        let Some(before) = &self.before else {
            return;
        };
        let is_ours = termios::tcgetattr(io::stdin()).is_ok_and(|now| now == *before);
        if is_ours {
            return;
        }
        // The line editor was left in the middle of a line.
        let _ = termios::tcsetattr(io::stdin(), SetArg::TCSANOW, before);
        if self.kept.stdout.is_terminal() {
            let _ = (&self.kept.stdout).write_all(b"\x1b[?2004l\r\n");
        }
    }
}

/// Reads lines as the terminal gives them: edited by the terminal itself, whole.
#[derive(Debug, Default)]
pub struct Lines {
    /// What came behind a line's end.
    rest: Vec<u8>,
}

/// The terminal gives at most so many bytes of a line.
const LONGEST_LINE: usize = 4096;

impl Lines {
    /// The next line without its newline; `None` at the end of the input. Cancel safe: nothing is
    /// read before a whole line is there.
    ///
    /// # Errors
    ///
    /// Those of the operating system, such as a terminal that is gone.
    pub async fn next(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                return Ok(Some(text(&line[..end])));
            }
            // Each time anew, so that a line that is there already counts.
            // SAFETY: standard input stays the open file that it is for the process's whole life.
            let stdin =
                unsafe { AsyncFd::register_with_interest(io::stdin(), Interest::READABLE)? };
            drop(stdin.readable().await?);
            let mut bytes = [0; LONGEST_LINE];
            match nix::unistd::read(stdin.get_ref(), &mut bytes) {
                Ok(0) if self.rest.is_empty() => return Ok(None),
                Ok(0) => return Ok(Some(text(&std::mem::take(&mut self.rest)))),
                Ok(count) => self.rest.extend(&bytes[..count]),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// What was typed while nobody read.
#[derive(Debug, PartialEq, Eq)]
pub enum Ahead {
    /// Lines, and perhaps the beginning of another.
    Text(String),
    /// Ctrl-D.
    End,
}

impl Ahead {
    /// What is there already, without waiting.
    pub fn next() -> Option<Self> {
        let stdin = io::stdin();
        let mut ready = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        let is_ready = poll(&mut ready, PollTimeout::ZERO).is_ok_and(|count| count > 0);
        if !is_ready || ready[0].revents() != Some(PollFlags::POLLIN) {
            return None;
        }
        let mut bytes = [0; LONGEST_LINE];
        match nix::unistd::read(&stdin, &mut bytes).ok()? {
            0 => Some(Self::End),
            count => Some(Self::Text(plain(&text(&bytes[..count])))),
        }
    }
}

/// Without keys that are no text; Enter is a newline, also if it came while the line editor had
/// the terminal.
fn plain(typed: &str) -> String {
    let typed = typed.replace('\r', "\n");
    let typed = console::strip_ansi_codes(&typed);
    let is_text = |it: &char| matches!(it, '\n' | '\t') || !it.is_control();
    typed.chars().filter(is_text).collect()
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_ahead_is_text_and_newlines() {
        assert_eq!(plain("x = 1\ry\n"), "x = 1\ny\n");
        assert_eq!(plain("a\x1b[A\x03b\tc"), "ab\tc");
    }
}
