//! The process's own standard output and error.
//!
//! A kernel takes over descriptors 1 and 2, so that what C code and child processes write there
//! reaches the notebook. What the program itself says goes where they led before.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::sync::OnceLock;

use anyhow::{Context, Result};
use perilune_engine::Descriptors;

static KEPT: OnceLock<Kept> = OnceLock::new();

/// Where the descriptors led when the program started.
#[derive(Debug)]
pub struct Kept {
    /// Standard output.
    pub stdout: File,
    /// Standard error.
    pub stderr: File,
}

/// Takes the descriptors for a kernel, and keeps what they led to.
///
/// # Errors
///
/// When the operating system refuses.
pub fn take() -> Result<(Descriptors, &'static Kept)> {
    let descriptors = Descriptors::take()?;
    let kept = Kept {
        stdout: descriptors
            .stdout
            .try_clone()
            .context("keeping standard output")?,
        stderr: descriptors
            .stderr
            .try_clone()
            .context("keeping standard error")?,
    };
    Ok((descriptors, KEPT.get_or_init(|| kept)))
}

/// Keeps what the descriptors lead to, without a kernel that would take them.
///
/// # Errors
///
/// When the operating system refuses.
pub fn keep() -> Result<&'static Kept> {
    let stdout = std::io::stdout().as_fd().try_clone_to_owned();
    let stderr = std::io::stderr().as_fd().try_clone_to_owned();
    let kept = Kept {
        stdout: stdout.context("keeping standard output")?.into(),
        stderr: stderr.context("keeping standard error")?.into(),
    };
    Ok(KEPT.get_or_init(|| kept))
}

/// Says something to whoever started the program.
pub fn say(line: &str) {
    // Nobody is left to be told when this fails.
    let _ = match KEPT.get() {
        Some(Kept { stderr, .. }) => writeln!(&*stderr, "{line}"),
        None => writeln!(std::io::stderr(), "{line}"),
    };
}
