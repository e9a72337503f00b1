use std::path::PathBuf;
use std::time::SystemTime;

/// A cell that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number in its session, from 1.
    pub line: u64,
    /// When it had run.
    pub time: SystemTime,
    /// The code.
    pub input: String,
    /// Its value as text, where it had one.
    pub output: Option<String>,
}

impl Entry {
    /// Bytes of text.
    pub(crate) fn size(&self) -> usize {
        self.input.len() + self.output.as_ref().map_or(0, String::len)
    }
}

/// An entry, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The number of its session.
    pub session: i64,
    /// What was run.
    pub entry: Entry,
}

/// A kernel's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The kernelspec's name, as far as the kernel knows it.
    pub kernel: String,
    /// The working directory that the kernel was started in.
    pub folder: PathBuf,
    /// When the kernel started.
    pub started: SystemTime,
}
