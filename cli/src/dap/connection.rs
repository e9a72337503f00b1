use std::io::{self, BufReader, Read, Write};
use std::thread;

use anyhow::{Context, Result};
use tokio::sync::mpsc::{Sender, channel};

use super::framing::{self, FramingError};
use super::message::Outgoing;
use super::session::{Door, Session, SessionError};
use crate::kernels;

/// How many messages may wait to be taken; then the client has to wait.
const MESSAGES: usize = 64;

/// Serves a client on this thread, from its first message to its last; another reads what it sends.
///
/// # Errors
///
/// [`SessionError`], and when the system refuses.
pub fn serve(
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    door: Door,
) -> Result<()> {
    let (sender, messages) = channel(MESSAGES);
    thread::Builder::new()
        .name("dap-reader".to_owned())
        .spawn(move || read(input, &sender))
        .context("starting a thread that reads")?;
    let session = Session::new(Outgoing::new(Box::new(output)), door);
    kernels::block_on(async { session.serve(messages).await.map_err(anyhow::Error::from) })
}

fn read(input: impl Read, sender: &Sender<Result<Vec<u8>, FramingError>>) {
    let mut input = BufReader::new(input);
    loop {
        let message = match framing::read(&mut input) {
            Ok(Some(message)) => Ok(message),
            Ok(None) => return,
            // As good as gone.
            Err(FramingError::System(error)) if is_gone(&error) => return,
            Err(error) => Err(error),
        };
        let is_last = message.is_err();
        if sender.blocking_send(message).is_err() || is_last {
            return;
        }
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
    )
}

/// Whether a client was at fault, and nothing of ours.
pub fn is_its_own_fault(error: &anyhow::Error) -> bool {
    error.downcast_ref::<SessionError>().is_some()
}
