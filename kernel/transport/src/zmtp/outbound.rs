//! What waits to be written to one peer.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::AsyncWrite;

use super::frame::EncodedHeader;

/// Frames up to this length are copied behind one another; longer ones are shared.
const COPIED: usize = 4 * 1024;
/// When the copied ones have grown to this, they are set aside and a new buffer begins.
const BATCH: usize = 64 * 1024;
/// A buffer larger than this is not kept once it is empty.
const KEPT: usize = 8 * 1024;
/// Pieces handed to the operating system at once.
const PIECES: usize = 64;

/// How the connection goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// What waits is written, then the writing half is shut.
    Finishing,
    /// Nothing more is written.
    Over,
}

/// One peer's queue. Whoever sends puts into it; the connection's task writes.
#[derive(Debug)]
pub(crate) struct Outbound {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    pieces: VecDeque<Bytes>,
    /// Goes out after `pieces`.
    tail: BytesMut,
    queued: usize,
    phase: Phase,
    /// Cut off: the connection's task is to end at once.
    cut: bool,
    writer: Option<Waker>,
    /// The writer has nothing to do, so it has to be woken for more.
    idle: bool,
    /// Waits for [`Phase::Over`].
    flusher: Option<Waker>,
}

impl Outbound {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                pieces: VecDeque::new(),
                tail: BytesMut::new(),
                queued: 0,
                phase: Phase::Open,
                cut: false,
                writer: None,
                idle: false,
                flusher: None,
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that wait.
    pub(crate) fn queued(&self) -> usize {
        self.state().queued
    }

    /// Puts a message at the end.
    pub(crate) fn push(&self, frames: &[Bytes]) {
        let mut state = self.state();
        if state.phase != Phase::Open {
            return;
        }
        for (index, frame) in frames.iter().enumerate() {
            let header = EncodedHeader::message(frame.len(), index + 1 < frames.len());
            state.push_frame(header, frame);
        }
        state.wake_idle_writer();
    }

    /// Puts a command at the end.
    pub(crate) fn push_command(&self, body: &Bytes) {
        let mut state = self.state();
        if state.phase != Phase::Open {
            return;
        }
        state.push_frame(EncodedHeader::command(body.len()), body);
        state.wake_idle_writer();
    }

    /// Ends the connection at once, whatever waits.
    pub(crate) fn cut(&self) {
        let mut state = self.state();
        state.cut = true;
        state.discard();
        if let Some(writer) = state.writer.take() {
            writer.wake();
        }
    }

    /// Takes nothing more; what waits is written, and [`Outbound::over`] ends.
    pub(crate) fn finish(&self) {
        let mut state = self.state();
        if state.phase == Phase::Open {
            state.phase = Phase::Finishing;
            if let Some(writer) = state.writer.take() {
                writer.wake();
            }
        }
    }

    /// The connection is gone.
    pub(crate) fn abandon(&self) {
        self.state().discard();
    }

    /// Waits until all was written after [`Outbound::finish`], or the peer is gone.
    pub(crate) async fn over(&self) {
        poll_fn(|context| {
            let mut state = self.state();
            if state.phase == Phase::Over {
                return Poll::Ready(());
            }
            state.flusher = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Writes whatever comes. Ends when [`Outbound::finish`] was asked for and done, or with an
    /// error when the peer is gone or was cut off.
    pub(crate) async fn write_to<W: AsyncWrite + Unpin>(&self, writer: &mut W) -> io::Result<()> {
        poll_fn(|context| self.poll_write(context, writer, false)).await?;
        // An error here says that the peer is gone, which is no news.
        poll_fn(|context| Pin::new(&mut *writer).poll_shutdown(context))
            .await
            .ok();
        self.state().discard();
        Ok(())
    }

    /// Writes what waits now, and ends.
    pub(crate) async fn drain_to<W: AsyncWrite + Unpin>(&self, writer: &mut W) -> io::Result<()> {
        poll_fn(|context| self.poll_write(context, writer, true)).await
    }

    fn poll_write<W: AsyncWrite + Unpin>(
        &self,
        context: &mut Context<'_>,
        writer: &mut W,
        drain: bool,
    ) -> Poll<io::Result<()>> {
        let mut state = self.state();
        if state
            .writer
            .as_ref()
            .is_none_or(|known| !known.will_wake(context.waker()))
        {
            state.writer = Some(context.waker().clone());
        }
        state.idle = false;
        loop {
            if state.cut {
                return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
            }
            if state.queued == 0 {
                if drain || state.phase == Phase::Finishing {
                    return Poll::Ready(Ok(()));
                }
                state.idle = true;
                return Poll::Pending;
            }
            // The lock is held while the operating system copies; it never waits there.
            let written = ready!(state.poll_write_once(context, writer))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            state.advance(written);
        }
    }
}

impl State {
    fn push_frame(&mut self, header: EncodedHeader, frame: &Bytes) {
        let header = header.as_bytes();
        self.queued += header.len() + frame.len();
        self.tail.put_slice(header);
        if frame.len() <= COPIED {
            self.tail.put_slice(frame);
            if self.tail.len() >= BATCH {
                self.set_tail_aside();
            }
        } else {
            self.set_tail_aside();
            self.pieces.push_back(frame.clone());
        }
    }

    fn set_tail_aside(&mut self) {
        let batch = self.tail.split().freeze();
        self.pieces.push_back(batch);
    }

    fn wake_idle_writer(&mut self) {
        if std::mem::take(&mut self.idle)
            && let Some(writer) = &self.writer
        {
            writer.wake_by_ref();
        }
    }

    fn discard(&mut self) {
        self.pieces = VecDeque::new();
        self.tail = BytesMut::new();
        self.queued = 0;
        self.phase = Phase::Over;
        if let Some(flusher) = self.flusher.take() {
            flusher.wake();
        }
    }

    fn poll_write_once<W: AsyncWrite + Unpin>(
        &self,
        context: &mut Context<'_>,
        writer: &mut W,
    ) -> Poll<io::Result<usize>> {
        if self.pieces.is_empty() {
            return Pin::new(writer).poll_write(context, &self.tail);
        }
        let mut slices = [IoSlice::new(&[]); PIECES];
        let mut count = 0;
        let waiting = self
            .pieces
            .iter()
            .map(|piece| &piece[..])
            .chain([&self.tail[..]]);
        for (slice, piece) in slices.iter_mut().zip(waiting) {
            *slice = IoSlice::new(piece);
            count += 1;
        }
        Pin::new(writer).poll_write_vectored(context, &slices[..count])
    }

    fn advance(&mut self, mut written: usize) {
        self.queued -= written;
        while let Some(piece) = self.pieces.front_mut() {
            if written < piece.len() {
                piece.advance(written);
                return;
            }
            written -= piece.len();
            self.pieces.pop_front();
        }
        if written < self.tail.len() {
            self.tail.advance(written);
        } else if self.tail.capacity() > KEPT {
            self.tail = BytesMut::new();
        } else {
            self.tail.clear();
        }
        if self.pieces.capacity() > PIECES && self.pieces.is_empty() {
            self.pieces = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests;
