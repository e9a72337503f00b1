use serde::Serialize;

use super::ReplyStatus;

/// `perilune_save_reply`, a message of our own: what became of the session.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SaveReply {
    /// Always ok; else the reply is an error.
    pub status: ReplyStatus,
    /// The file that it is in.
    pub file: String,
    /// How large the file is.
    pub bytes: u64,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// How many variables are saved.
    pub variables: u64,
    /// How many tables, functions and strings they hold.
    pub objects: u64,
    /// What could not be saved, the first of it.
    pub losses: Vec<SavedLoss>,
    /// How much could not be saved.
    pub losses_total: u64,
}

/// Something that could not be saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SavedLoss {
    /// Where it is: `model.file`.
    pub path: String,
    /// What it is: `a file`.
    pub what: String,
}
