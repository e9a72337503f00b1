use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Object, or_default};

/// `execute_request`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ExecuteRequest {
    /// What to run.
    pub code: String,
    /// As quietly as possible: nothing on iopub but status, nothing remembered.
    #[serde(default, deserialize_with = "or_default")]
    pub silent: bool,
    /// Whether it counts and is remembered; never when silent.
    #[serde(default)]
    store_history: Option<bool>,
    /// Expressions to evaluate afterwards, by name.
    #[serde(default, deserialize_with = "or_default")]
    pub user_expressions: serde_json::Map<String, Value>,
    /// Whether the client can answer questions.
    #[serde(default = "yes")]
    pub allow_stdin: bool,
    /// Whether a failure aborts what is queued already.
    #[serde(default = "yes")]
    pub stop_on_error: bool,
}

fn yes() -> bool {
    true
}

impl ExecuteRequest {
    /// Whether it counts and is remembered.
    pub fn stores_history(&self) -> bool {
        !self.silent && self.store_history.unwrap_or(true)
    }
}

/// `execute_input`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExecuteInput {
    /// What runs.
    pub code: String,
    /// Its number.
    pub execution_count: u64,
}

/// What became of one of the `user_expressions`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum ExpressionResult {
    /// Its value.
    Ok {
        /// By MIME type.
        data: Object,
        /// By MIME type.
        metadata: Object,
    },
    /// Why it has none.
    Error {
        /// The error's class.
        ename: String,
        /// The error in a line.
        evalue: String,
        /// For a person.
        traceback: Vec<String>,
    },
}

/// `execute_reply`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum ExecuteReply {
    /// It ran to its end.
    Ok {
        /// Its number.
        execution_count: u64,
        /// Deprecated, but strict clients want it.
        payload: Vec<Value>,
        /// By name.
        user_expressions: serde_json::Map<String, Value>,
    },
    /// It failed.
    Error {
        /// Its number.
        execution_count: u64,
        /// The error's class.
        ename: String,
        /// The error in a line.
        evalue: String,
        /// For a person.
        traceback: Vec<String>,
        /// Empty.
        payload: Vec<Value>,
        /// Empty.
        user_expressions: serde_json::Map<String, Value>,
    },
    /// It never ran, because one before it failed.
    Aborted {
        /// The number of the cell that ran last.
        execution_count: u64,
        /// `Aborted`, for clients that take this for an error.
        ename: String,
        /// Why.
        evalue: String,
        /// Empty.
        traceback: Vec<String>,
        /// Empty.
        payload: Vec<Value>,
        /// Empty.
        user_expressions: serde_json::Map<String, Value>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_code_is_needed() {
        let request: ExecuteRequest =
            serde_json::from_str(r#"{"code":"1","user_expressions":null}"#).unwrap();
        assert!(request.stores_history() && request.allow_stdin && request.stop_on_error);
    }

    #[test]
    fn silence_stores_nothing_whatever_else_is_said() {
        let request: ExecuteRequest =
            serde_json::from_str(r#"{"code":"","silent":true,"store_history":true}"#).unwrap();
        assert!(!request.stores_history());
    }
}
