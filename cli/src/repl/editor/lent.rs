use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use nix::unistd::{dup2_stderr, dup2_stdout};

/// File descriptors 1 and 2 lead to the terminal, for as long as this lives.
///
/// A line editor writes there and nowhere else. But a kernel in this process has taken them, for
/// what C code and child processes write; none of its code runs while somebody types, and children
/// in the background have descriptors of their own.
#[derive(Debug)]
pub struct Lent {
    stdout: OwnedFd,
    stderr: OwnedFd,
}

impl Lent {
    /// Lends them.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub fn of(terminal: &File) -> io::Result<Self> {
        let lent = Self {
            stdout: io::stdout().as_fd().try_clone_to_owned()?,
            stderr: io::stderr().as_fd().try_clone_to_owned()?,
        };
        dup2_stdout(terminal)?;
        dup2_stderr(terminal)?;
        Ok(lent)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // It succeeded when they were lent.
        let _ = dup2_stdout(&self.stdout);
        let _ = dup2_stderr(&self.stderr);
    }
}
