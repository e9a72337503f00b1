//! What responses and events hold, as the Debug Adapter Protocol 1.68 names it. Only what is said
//! by this debugger.

use serde::Serialize;
use serde_json::{Map, Value};

/// `Source`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Source {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source_reference: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) presentation_hint: Option<&'static str>,
}

/// `Breakpoint`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Breakpoint {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<u32>,
    pub(crate) verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<Source>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Breakpoints {
    pub(crate) breakpoints: Vec<Breakpoint>,
}

/// `StackFrame`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StackFrame {
    pub(crate) id: u32,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<Source>,
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) can_restart: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) presentation_hint: Option<&'static str>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StackTrace {
    pub(crate) stack_frames: Vec<StackFrame>,
    pub(crate) total_frames: usize,
}

/// `Scope`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Scope {
    pub(crate) name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) presentation_hint: Option<&'static str>,
    pub(crate) variables_reference: u32,
    pub(crate) named_variables: usize,
    pub(crate) indexed_variables: usize,
    pub(crate) expensive: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Scopes {
    pub(crate) scopes: Vec<Scope>,
}

/// What is the same wherever a value is told: of a variable, of an expression.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shape {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) type_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) presentation_hint: Option<PresentationHint>,
    pub(crate) variables_reference: u32,
    #[serde(skip_serializing_if = "is_none")]
    pub(crate) named_variables: usize,
    #[serde(skip_serializing_if = "is_none")]
    pub(crate) indexed_variables: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value_location_reference: Option<i64>,
}

/// `Variable`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) evaluate_name: Option<String>,
    #[serde(flatten)]
    pub(crate) shape: Shape,
}

/// `VariablePresentationHint`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct PresentationHint {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) attributes: Vec<&'static str>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Variables {
    pub(crate) variables: Vec<Variable>,
}

/// The value of an expression.
#[derive(Debug, Serialize)]
pub(crate) struct Evaluated {
    pub(crate) result: String,
    #[serde(flatten)]
    pub(crate) shape: Shape,
}

/// A value that was set.
#[derive(Debug, Serialize)]
pub(crate) struct Set {
    pub(crate) value: String,
    #[serde(flatten)]
    pub(crate) shape: Shape,
}

#[derive(Debug, Serialize)]
pub(crate) struct Thread {
    pub(crate) id: u32,
    pub(crate) name: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Threads {
    pub(crate) threads: Vec<Thread>,
}

/// `CompletionItem`.
#[derive(Debug, Serialize)]
pub(crate) struct CompletionItem {
    pub(crate) label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) start: Option<usize>,
    pub(crate) length: usize,
}

#[derive(Debug, Serialize)]
pub(crate) struct Completions {
    pub(crate) targets: Vec<CompletionItem>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExceptionInfo {
    pub(crate) exception_id: String,
    pub(crate) description: String,
    pub(crate) break_mode: &'static str,
    pub(crate) details: ExceptionDetails,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExceptionDetails {
    pub(crate) message: String,
    pub(crate) type_name: String,
    pub(crate) stack_trace: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct StepInTarget {
    pub(crate) id: u32,
    pub(crate) label: String,
    pub(crate) line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<u32>,
}

#[derive(Debug, Serialize)]
pub(crate) struct StepInTargets {
    pub(crate) targets: Vec<StepInTarget>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DataBreakpointInfo {
    /// Null where nothing can be watched.
    pub(crate) data_id: Option<String>,
    pub(crate) description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) access_types: Vec<&'static str>,
    pub(crate) can_persist: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct RichVariable {
    pub(crate) data: Map<String, Value>,
    pub(crate) metadata: Map<String, Value>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Continued {
    pub(crate) all_threads_continued: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct BreakpointLocation {
    pub(crate) line: u32,
}

#[derive(Debug, Serialize)]
pub(crate) struct BreakpointLocations {
    pub(crate) breakpoints: Vec<BreakpointLocation>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SourceContent {
    pub(crate) content: String,
    pub(crate) mime_type: &'static str,
}

#[derive(Debug, Serialize)]
pub(crate) struct LoadedSources {
    pub(crate) sources: Vec<Source>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Module {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) path: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Modules {
    pub(crate) modules: Vec<Module>,
    pub(crate) total_modules: usize,
}

#[derive(Debug, Serialize)]
pub(crate) struct Location {
    pub(crate) source: Source,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// The reply to `debugInfo`, which is Jupyter's own.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DebugInfo {
    pub(crate) is_started: bool,
    pub(crate) hash_method: &'static str,
    pub(crate) hash_seed: u32,
    pub(crate) tmp_file_prefix: String,
    pub(crate) tmp_file_suffix: &'static str,
    pub(crate) breakpoints: Vec<SourceBreakpoints>,
    pub(crate) stopped_threads: Vec<u32>,
    pub(crate) rich_rendering: bool,
    /// Names to choose by in a tree of errors; errors of ours have none.
    pub(crate) exception_paths: Vec<String>,
    pub(crate) copy_to_globals: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct SourceBreakpoints {
    pub(crate) source: String,
    pub(crate) breakpoints: Vec<SourceBreakpoint>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SourceBreakpoint {
    pub(crate) line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) condition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hit_condition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log_message: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DumpedCell {
    pub(crate) source_path: String,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks with a reference"
)]
fn is_none(count: &usize) -> bool {
    *count == 0
}
