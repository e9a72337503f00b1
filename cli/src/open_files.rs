//! How many files the process may open.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// What a kernel and as many clients as it serves can use.
const ENOUGH: u64 = 8192;

/// Raises the soft limit as far as it is needed and allowed. The usual 1,024 are too few for two
/// hundred clients with five connections each.
///
/// The limit stays moderate, because child processes inherit it, and some of them close every
/// descriptor that they could have.
pub fn raise_limit() {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return;
    };
    if soft < ENOUGH
        && let Err(error) = setrlimit(Resource::RLIMIT_NOFILE, ENOUGH.min(hard), hard)
    {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}
