//! What a client sees of the debugger, in the order in which one meets it. The code that is
//! debugged is scripted; its thread is real.
#![allow(clippy::unwrap_used, reason = "tests")]

mod bench;
mod breakpoints;
mod going_on;
mod jupyter;
mod limits;
mod more_breakpoints;
mod paused;
mod races;
mod session;
mod sources;
mod stopped;
mod while_it_runs;
