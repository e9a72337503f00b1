use std::collections::VecDeque;
use std::time::Instant;

use perilune_language::Stream;
use perilune_transport::{Channel, Frames, Weight};
use perilune_wire::Parent;
use perilune_wire::content::{CompleteReply, Object};
use serde_json::value::RawValue;
use tokio::sync::{Notify, oneshot};

use crate::steward::Refusal;
use crate::turn::Origin;

use super::sync::{Condvar, Mutex, MutexGuard, PoisonError, timeout_at};

/// What the executor's side sends to the I/O thread: everything in one queue, in order.
pub(crate) struct Outbox {
    state: Mutex<State>,
    // For the executor: the queue has room again.
    room: Condvar,
    // For the I/O thread: there is something to take.
    filled: Notify,
}

struct State {
    items: VecDeque<Item>,
    bytes: usize,
    urgent: bool,
    closed: bool,
    turn: TurnText,
}

/// To whom text belongs that is written now.
#[derive(Clone)]
struct TurnText {
    number: u64,
    parent: Parent,
    place: Place,
}

/// Where the output of a turn goes.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// Below the cell that this request ran: the one that runs, or an earlier one whose widget
    /// called back.
    Cell(Parent),
    /// With the request itself, which is of no cell.
    Request,
    /// Nobody shall hear it.
    Nowhere,
}

/// One thing to send, or to do when all before it has been sent.
pub(crate) enum Item {
    /// Text of a stream. Neighbours of the same stream and turn are one item.
    Text {
        turn: u64,
        parent: Parent,
        stream: Stream,
        bytes: Vec<u8>,
    },
    /// No more text of this turn comes: what is kept of an unfinished character goes out.
    EndOfText,
    /// To every subscriber.
    Iopub {
        parent: Parent,
        frames: Frames,
        weight: Weight,
    },
    /// To one peer.
    Reply { channel: Channel, frames: Frames },
    /// What the completer found for the request with this number; nothing if it panicked.
    Completed {
        number: u64,
        reply: Option<CompleteReply>,
    },
    /// What came of the errand with this number.
    Errand {
        number: u64,
        answer: Result<Object, Refusal>,
    },
    /// The answer to a request that another thread has worked on.
    Answer {
        origin: Origin,
        reply: Option<Frames>,
    },
    /// What the debugger answers to the request with this number; nothing if it failed on it.
    Debugged {
        number: u64,
        response: Option<Box<RawValue>>,
    },
    /// The debugger wants what runs to be interrupted.
    Interrupt,
    /// Answers when all that clients had sent by now is in the task queue.
    Barrier(oneshot::Sender<()>),
    /// The kernel shall end with this code; whether its subscribers know already.
    Exit { code: i32, announced: bool },
}

/// Beyond this the executor waits for the I/O thread.
pub(crate) const MOST_BYTES: usize = 16 << 20;
/// What each item counts beside its bytes, so that many small ones neither fill the memory nor
/// keep the I/O thread long from all else.
pub(crate) const ITEM: usize = 4 << 10;
/// Text beyond this is sent without waiting for more.
const ENOUGH_TEXT: usize = 256 << 10;

impl TurnText {
    fn audience(&self) -> Option<&Parent> {
        match &self.place {
            Place::Cell(cell) => Some(cell),
            Place::Request => Some(&self.parent),
            Place::Nowhere => None,
        }
    }
}

impl Item {
    fn size(&self) -> usize {
        let bytes = match self {
            Self::Text { bytes, .. } => bytes.len(),
            Self::Iopub { frames, .. } | Self::Reply { frames, .. } => {
                frames.iter().map(bytes::Bytes::len).sum()
            }
            Self::Answer { reply, .. } => reply.iter().flatten().map(bytes::Bytes::len).sum(),
            Self::Debugged { response, .. } => {
                response.as_ref().map_or(0, |response| response.get().len())
            }
            // Of completions and errands there are but a few.
            Self::EndOfText
            | Self::Completed { .. }
            | Self::Errand { .. }
            | Self::Interrupt
            | Self::Barrier(_)
            | Self::Exit { .. } => 0,
        };
        ITEM + bytes
    }
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                items: VecDeque::new(),
                bytes: 0,
                urgent: false,
                closed: false,
                turn: TurnText {
                    number: 0,
                    parent: Parent::none(),
                    place: Place::Request,
                },
            }),
            room: Condvar::new(),
            filled: Notify::new(),
        }
    }

    /// From now on the request with this header runs, and its output goes to this place.
    pub(crate) fn begin_turn(&self, parent: &Parent, place: Place) {
        let mut state = self.lock();
        let number = state.turn.number + 1;
        state.turn = TurnText {
            number,
            parent: parent.clone(),
            place,
        };
    }

    /// To whom output belongs now; `None` when nobody shall hear it.
    pub(crate) fn audience(&self) -> Option<Parent> {
        self.lock().turn.audience().cloned()
    }

    /// The cell below which output goes now, if it goes below one.
    pub(crate) fn cell(&self) -> Option<Parent> {
        match &self.lock().turn.place {
            Place::Cell(cell) => Some(cell.clone()),
            Place::Request | Place::Nowhere => None,
        }
    }

    /// Whose turn it is, and where its output goes.
    pub(crate) fn turn(&self) -> (Parent, Place) {
        let turn = &self.lock().turn;
        (turn.parent.clone(), turn.place.clone())
    }

    /// The request that runs, or ran last.
    pub(crate) fn parent(&self) -> Parent {
        self.lock().turn.parent.clone()
    }

    pub(crate) fn push(&self, item: Item) {
        self.append(self.wait_for_room(), item);
    }

    /// As [`Outbox::push`], whether or not there is room: for whoever must not wait, and is bounded
    /// by something else.
    pub(crate) fn push_now(&self, item: Item) {
        self.append(self.lock(), item);
    }

    /// Waits until there is room.
    pub(crate) fn make_room(&self) {
        drop(self.wait_for_room());
    }

    fn append(&self, mut state: MutexGuard<'_, State>, item: Item) {
        if state.closed {
            return;
        }
        state.bytes += item.size();
        state.items.push_back(item);
        if !state.urgent {
            state.urgent = true;
            self.filled.notify_one();
        }
    }

    /// Appends text to what is not sent yet.
    pub(crate) fn push_text(&self, stream: Stream, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        let mut state = self.wait_for_room();
        if state.closed || state.turn.audience().is_none() {
            return;
        }
        let number = state.turn.number;
        let length = match state.items.back_mut() {
            Some(Item::Text {
                turn,
                stream: last,
                bytes,
                ..
            }) if *turn == number && *last == stream => {
                bytes.extend_from_slice(text);
                bytes.len()
            }
            _ => {
                let Some(parent) = state.turn.audience().cloned() else {
                    return;
                };
                state.items.push_back(Item::Text {
                    turn: number,
                    parent,
                    stream,
                    bytes: text.to_vec(),
                });
                state.bytes += ITEM;
                text.len()
            }
        };
        state.bytes += text.len();
        if !state.urgent && (length >= ENOUGH_TEXT || state.bytes > MOST_BYTES) {
            state.urgent = true;
            self.filled.notify_one();
        } else if state.items.len() == 1 && length == text.len() {
            self.filled.notify_one();
        }
    }

    /// Waits until there is something to take. Text alone may wait until `text_from`, so that
    /// what is printed in quick succession travels together.
    pub(crate) async fn filled(&self, text_from: Instant) {
        loop {
            let (empty, urgent) = {
                let state = self.lock();
                (state.items.is_empty(), state.urgent)
            };
            if urgent || (!empty && Instant::now() >= text_from) {
                return;
            }
            if empty {
                self.filled.notified().await;
            } else {
                let _ = timeout_at(text_from.into(), self.filled.notified()).await;
            }
        }
    }

    /// How much waits to be sent.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Everything there is, in order.
    pub(crate) fn take(&self) -> VecDeque<Item> {
        let mut state = self.lock();
        state.bytes = 0;
        state.urgent = false;
        self.room.notify_all();
        std::mem::take(&mut state.items)
    }

    /// From now on nothing is accepted, and nobody waits, not for room and not at a barrier.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.items.clear();
        self.room.notify_all();
    }

    fn wait_for_room(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        while state.bytes > MOST_BYTES && !state.closed {
            state = self
                .room
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
