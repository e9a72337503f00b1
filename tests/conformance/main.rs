//! The protocol, as a strict client sees it from the other end of real sockets.

mod comms;
mod execute;
mod interrupt;
mod requests;
mod shutdown;
mod signing;
mod stdin;

use perilune_tests::{Client, KernelProcess};

/// A fresh kernel and a client of it.
fn kernel() -> (KernelProcess, Client) {
    let mut kernel = KernelProcess::tcp();
    let client = Client::connect(&mut kernel);
    (kernel, client)
}
