//! `perilune repl`: a person at a prompt, and a kernel.
//!
//! The session runs on the main thread: it hears the kernel, the editor and signals at once, and
//! shows what comes. The editor has a thread of its own, since it waits for keys; what it wants to
//! know of the kernel it asks the session.

mod above;
mod answers;
mod command;
mod editor;
mod input;
mod keyboard;
mod plain;
mod session;
mod signals;
mod turn;

pub use editor::{Editor, Looks, Recall};
pub use keyboard::TerminalSettings;
pub use plain::Plain;
pub use session::{Front, Kernel, Session, Wishes};
