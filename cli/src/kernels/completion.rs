use std::ffi::OsStr;

use clap_complete::CompletionCandidate;
use clap_complete::engine::{PathCompleter, ValueCompleter};

use super::Kernel;

/// What a shell offers for a kernel or a file.
pub fn complete_with_files(current: &OsStr) -> Vec<CompletionCandidate> {
    let mut offered = names(current);
    offered.extend(PathCompleter::file().complete(current));
    offered
}

/// What a shell offers for a kernel: the names there are, and where none fits, files.
pub fn complete(current: &OsStr) -> Vec<CompletionCandidate> {
    let names = names(current);
    if names.is_empty() && !current.is_empty() {
        return PathCompleter::file().complete(current);
    }
    names
}

fn names(current: &OsStr) -> Vec<CompletionCandidate> {
    let begun = current.to_string_lossy();
    let kernels = Kernel::all().unwrap_or_default();
    kernels
        .iter()
        .map(Kernel::name)
        .filter(|name| name.starts_with(&*begun))
        .map(CompletionCandidate::new)
        .collect()
}
