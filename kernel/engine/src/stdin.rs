use bytes::Bytes;
use perilune_language::InputError;
use perilune_wire::Message;
use perilune_wire::content::{InputReply, Question as Asked};

use super::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The question to the person in front, while there is one.
pub(crate) struct Stdin {
    question: Mutex<Option<Question>>,
    answered: Condvar,
}

struct Question {
    asked: Asked,
    identities: Vec<Bytes>,
    answer: Option<Result<String, InputError>>,
}

impl Question {
    /// What comes first counts, also while the executor has not woken yet to see it.
    fn settle(&mut self, answer: Result<String, InputError>) {
        self.answer.get_or_insert(answer);
    }
}

/// What a client sends for the end of its input (as ipykernel takes it).
const END_OF_TRANSMISSION: &str = "\u{4}";

impl Stdin {
    pub(crate) fn new() -> Self {
        Self {
            question: Mutex::new(None),
            answered: Condvar::new(),
        }
    }

    /// Asks, and waits for the answer of this peer to this question. `send` sends the question,
    /// unless an interrupt has come that could not know of it.
    pub(crate) fn ask(
        &self,
        asked: Asked,
        identities: Vec<Bytes>,
        is_interrupted: impl FnOnce() -> bool,
        send: impl FnOnce(),
    ) -> Result<String, InputError> {
        *self.lock() = Some(Question {
            asked,
            identities,
            answer: None,
        });
        if is_interrupted() {
            self.interrupt();
        } else {
            send();
        }
        self.wait()
    }

    fn wait(&self) -> Result<String, InputError> {
        let mut question = self.lock();
        loop {
            match question.as_mut().map(|question| question.answer.take()) {
                None => return Err(InputError::Closed),
                Some(Some(answer)) => {
                    *question = None;
                    return answer;
                }
                Some(None) => {
                    question = self
                        .answered
                        .wait(question)
                        .unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Takes an `input_reply`. One that nobody waits for, from another peer, or to an earlier
    /// question, is dropped.
    pub(crate) fn answer(&self, message: &Message) {
        let mut question = self.lock();
        let Some(question) = question.as_mut() else {
            tracing::debug!("an input_reply came that nobody waits for");
            return;
        };
        let to_another = message.parent_header().is_some_and(|parent| {
            !parent.msg_id.is_empty() && parent.msg_id != question.asked.question
        });
        if message.identities != question.identities || to_another {
            tracing::debug!("an input_reply came from another client or to another question");
            return;
        }
        question.settle(match message.content::<InputReply>() {
            Ok(reply) if reply.value == END_OF_TRANSMISSION => Err(InputError::Closed),
            Ok(reply) => Ok(reply.value),
            Err(error) => {
                tracing::warn!(%error, "an input_reply could not be read");
                Err(InputError::Closed)
            }
        });
        self.answered.notify_all();
    }

    /// The question that waits for its answer.
    pub(crate) fn open(&self) -> Option<Asked> {
        let question = self.lock();
        let open = question.as_ref().filter(|open| open.answer.is_none())?;
        Some(open.asked.clone())
    }

    /// Takes an answer to the question of this id from whoever gives it; `None` is the end of the
    /// input. Says whether the question was still open.
    pub(crate) fn answer_for(&self, question: &str, value: Option<String>) -> bool {
        let mut open = self.lock();
        let Some(open) = open
            .as_mut()
            .filter(|open| open.asked.question == question && open.answer.is_none())
        else {
            return false;
        };
        open.settle(value.ok_or(InputError::Closed));
        self.answered.notify_all();
        true
    }

    /// Whether somebody waits for an answer.
    pub(crate) fn is_asking(&self) -> bool {
        self.lock().is_some()
    }

    /// Ends the wait, if there is one: what runs was interrupted.
    pub(crate) fn interrupt(&self) {
        self.end(InputError::Interrupted);
    }

    /// Ends the wait, if there is one: the kernel is going.
    pub(crate) fn close(&self) {
        self.end(InputError::Closed);
    }

    fn end(&self, error: InputError) {
        if let Some(question) = self.lock().as_mut() {
            question.settle(Err(error));
            self.answered.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Question>> {
        self.question.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
