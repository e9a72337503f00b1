//! What Jupyter agrees on outside the protocol: folders and kernelspecs.

pub mod directories;
pub mod kernelspec;

pub use directories::Directories;
pub use kernelspec::{Change, KernelName, Kernelspec, Variable};
