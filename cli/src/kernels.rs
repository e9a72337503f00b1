//! The kernels that live on this machine, as commands find them, ask them and end them.

mod completion;
mod error;
mod found;
mod health;
pub mod leftovers;
mod saving;
mod stopping;
mod tally;

use std::future::Future;

use anyhow::{Context, Result};

pub use completion::complete_with_files;
pub use error::KernelError;
pub use found::{Kernel, OneKernel, SomeKernels};
pub use health::{Health, State};
pub use leftovers::Pruning;
pub use saving::{in_short, save, tell_losses};
pub use stopping::{How, Stopping, end_of};
pub use tally::{Tally, with};

use crate::exit::Exit;

/// The version of the JSON documents (`docs/kernel-json.md`). It grows when a program that reads
/// them would have to change.
pub const SCHEMA_VERSION: u32 = 1;

/// Runs what asks kernels, on this thread.
///
/// # Errors
///
/// Those of the future, and when the system refuses.
pub fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the I/O runtime")?;
    let result = runtime.block_on(future);
    // What still waits on another thread, such as for a process's end, waits for nobody.
    runtime.shutdown_background();
    result
}

/// The exit code of a command that failed: that of a kernel that is not there, or does not answer.
pub fn exit_of(error: &anyhow::Error) -> Exit {
    error
        .downcast_ref::<KernelError>()
        .map_or(Exit::Failed, KernelError::exit)
}
