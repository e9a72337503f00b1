//! The real binary, used as a user would.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod color;
mod completions;
mod config;
mod dap;
mod doctor;
mod fmt;
mod history;
mod json;
mod kernelspec;
mod lab;
mod library;
mod man;
mod perilune;
mod run_notebook;
mod run_script;
mod start;
mod terminal;
