//! What `perilune lab` needs beside the kernel: Python, a JupyterLab, a notebook.

mod environment;
mod notebook;
mod program;
mod python;

pub use environment::PrivateEnvironment;
pub use notebook::tour;
pub use program::{JupyterLab, find_on_path};
pub use python::find_python;
