use serde::Serialize;

use super::Object;

/// `stream`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StreamContent {
    /// `stdout` or `stderr`.
    pub name: &'static str,
    /// What was written.
    pub text: String,
}

/// What front ends do not keep of a display.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Transient {
    /// By which it can be updated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_id: Option<String>,
    /// Whatever else was said.
    #[serde(flatten)]
    pub others: Object,
}

/// `display_data` and `update_display_data`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DisplayData {
    /// By MIME type.
    pub data: Object,
    /// By MIME type.
    pub metadata: Object,
    /// What is not kept.
    pub transient: Transient,
}

/// `execute_result`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExecuteResult {
    /// Of the cell.
    pub execution_count: u64,
    /// By MIME type.
    pub data: Object,
    /// By MIME type.
    pub metadata: Object,
}

/// `error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorContent {
    /// The error's class.
    pub ename: String,
    /// The error in a line.
    pub evalue: String,
    /// For a person.
    pub traceback: Vec<String>,
}

/// `clear_output`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClearOutput {
    /// Only when the next output comes.
    pub wait: bool,
}
