use serde::{Deserialize, Serialize};

/// Tells all subscribers what the one client that runs the cell is asked by `input_request`: it may
/// be gone, and then another one can answer. It is in the metadata of a `status` that says busy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The id of the `input_request`.
    pub question: String,
    /// What to show before the answer.
    pub prompt: String,
    /// Whether the answer must not be shown.
    pub password: bool,
}

impl Question {
    /// Under which the metadata has it.
    pub const KEY: &'static str = "perilune_question";
}

/// `perilune_answer_request`, which is ours: answers a question in place of the client that was
/// asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerRequest {
    /// The id of the `input_request`.
    pub question: String,
    /// The line, without its newline; missing for the end of the input.
    #[serde(default)]
    pub value: Option<String>,
}
