//! A queue between two ends of a process, one of which may be outside of any runtime.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

/// Items in order, each with what it weighs in bytes.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    /// For a receiver that blocks its thread.
    arrived: Condvar,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<(T, usize)>,
    bytes: usize,
    closed: bool,
    receiver: Option<Waker>,
    /// Waits until all items are taken.
    emptied: Option<Waker>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        let state = State {
            items: VecDeque::new(),
            bytes: 0,
            closed: false,
            receiver: None,
            emptied: None,
        };
        Self {
            state: Mutex::new(state),
            arrived: Condvar::new(),
        }
    }
}

impl<T> Queue<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an item at the end; it is forgotten if the queue is closed.
    pub(crate) fn push(&self, item: T, bytes: usize) {
        let mut state = self.state();
        if state.closed {
            return;
        }
        state.items.push_back((item, bytes));
        state.bytes += bytes;
        let receiver = state.receiver.take();
        drop(state);
        self.arrived.notify_one();
        if let Some(receiver) = receiver {
            receiver.wake();
        }
    }

    /// Nothing more comes. What is there can still be taken.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let wakers = [state.receiver.take(), state.emptied.take()];
        drop(state);
        self.arrived.notify_all();
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    pub(crate) fn queued(&self) -> usize {
        self.state().bytes
    }

    /// Whether it is closed and empty.
    pub(crate) fn is_over(&self) -> bool {
        let state = self.state();
        state.closed && state.items.is_empty()
    }

    /// The next item; `None` when it is closed and empty.
    pub(crate) fn poll(&self, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = self.state();
        if let Some(item) = state.pop() {
            return Poll::Ready(Some(item));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        state.receiver = Some(context.waker().clone());
        Poll::Pending
    }

    /// The next item, waiting for it on this thread. `None` when the deadline has passed.
    pub(crate) fn wait(&self, deadline: Instant) -> Option<Option<T>> {
        let mut state = self.state();
        loop {
            if let Some(item) = state.pop() {
                return Some(Some(item));
            }
            if state.closed {
                return Some(None);
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            let waited = self.arrived.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Ready when nothing waits, or nobody will take it.
    pub(crate) fn poll_empty(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if state.items.is_empty() || state.closed {
            return Poll::Ready(());
        }
        state.emptied = Some(context.waker().clone());
        Poll::Pending
    }
}

impl<T> State<T> {
    fn pop(&mut self) -> Option<T> {
        let (item, bytes) = self.items.pop_front()?;
        self.bytes -= bytes;
        if self.items.is_empty()
            && let Some(emptied) = self.emptied.take()
        {
            emptied.wake();
        }
        Some(item)
    }
}
