use crate::{CommMessage, Display};

/// One of the two output streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// `stdout` or `stderr`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// A question to the person in front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputRequest {
    /// What to show before the answer.
    pub prompt: String,
    /// Whether the answer must not be shown while it is typed.
    pub password: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// The request that runs does not allow questions.
    #[error("this front end does not allow input (allow_stdin is false)")]
    NotAllowed,
    /// Somebody interrupted the question.
    #[error("interrupted")]
    Interrupted,
    /// The person ended the input, or the kernel is shutting down.
    #[error("end of input")]
    Closed,
}

/// A cell that has run before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EarlierCell {
    /// The one before this one.
    Last,
    /// The latest one of this number.
    Number(u64),
    /// The one of the request whose id begins so.
    Request(String),
}

/// What a language may ask of whoever runs it, from any of its threads.
///
/// Calls return when the host has taken the thing over, in the order of the calls; none of them
/// calls back into the language.
pub trait Host: Send + Sync {
    /// Bytes for an output stream. They need not be UTF-8, nor end at a character's border.
    fn write(&self, stream: Stream, bytes: &[u8]);

    /// Shows something.
    fn display(&self, display: Display);

    /// Clears what the cell has shown so far; with `wait`, when the next thing is shown.
    fn clear_output(&self, wait: bool);

    /// Asks the person in front and waits for the answer, without its newline.
    ///
    /// # Errors
    ///
    /// See [`InputError`].
    fn input(&self, request: InputRequest) -> Result<String, InputError>;

    /// Sends something over a comm. One that is opened is placed where it is opened.
    fn comm(&self, message: CommMessage);

    /// From now on, what is written and shown while a message of this comm is handled belongs
    /// where the output of what runs now belongs. Does nothing when that is nowhere, and for a
    /// comm that is not open.
    fn place_comm(&self, id: &str);

    /// Shows once more what an earlier cell has shown, as if this one did.
    ///
    /// # Errors
    ///
    /// Why it cannot, for a person.
    fn show_again(&self, cell: &EarlierCell) -> Result<(), String> {
        let _ = cell;
        Err("what cells have shown is not kept here".to_owned())
    }

    /// Code that may write to the process's file descriptors behind the host's back is about to
    /// run: a foreign library was loaded or a child process is started. From then on the host
    /// looks at the descriptors before it takes anything else, so that the order holds.
    fn expect_foreign_output(&self);
}
