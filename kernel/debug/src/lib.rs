//! A debugger: the Debug Adapter Protocol on one side, the language's seam
//! ([`perilune_language::debug`]) on the other. It knows no channel and no socket.

mod debugger;
mod options;
mod outlet;

pub use debugger::{CodeRuns, Debugger, Reply, StoppedAt};
pub use options::Options;
pub use outlet::Outlet;

/// The body of a reply to `initialize`, of which a bridge may tell before there is a kernel.
pub fn capabilities() -> serde_json::Map<String, serde_json::Value> {
    serde_json::Map::new()
}
