//! A debugger: the Debug Adapter Protocol on one side, the language's seam
//! ([`perilune_language::debug`]) on the other. It knows no channel and no socket.

mod body;
mod breakpoints;
mod capabilities;
mod cells;
mod clients;
mod debugger;
mod error;
mod event;
mod locations;
mod options;
mod outlet;
mod reply;
mod request;
mod session;
mod snapshot;
mod sources;
mod stop_loop;
mod worker;

pub use capabilities::capabilities;
pub use clients::uri;
pub use debugger::{CodeRuns, Debugger, StoppedAt};
pub use error::DebugError;
pub use options::Options;
pub use outlet::Outlet;
pub use reply::Reply;
