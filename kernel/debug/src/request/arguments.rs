use perilune_language::debug::Purpose;
use serde::Deserialize;

/// A source as clients name it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SourceName {
    pub(crate) name: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) source_reference: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DumpCell {
    pub(crate) code: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Initialize {
    #[serde(rename = "clientID")]
    pub(crate) client_id: Option<String>,
    #[serde(rename = "linesStartAt1")]
    pub(crate) lines_start_at_1: Option<bool>,
    #[serde(rename = "columnsStartAt1")]
    pub(crate) columns_start_at_1: Option<bool>,
    pub(crate) path_format: Option<String>,
    pub(crate) supports_variable_type: Option<bool>,
    pub(crate) supports_invalidated_event: Option<bool>,
    pub(crate) perilune: Own,
}

/// What only clients of ours say.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Own {
    /// Whether the end of its connection is its end, as if it had disconnected.
    pub(crate) leave_on_disconnect: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Attach {
    pub(crate) stop_on_entry: Option<bool>,
    pub(crate) no_debug: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Cancel {
    pub(crate) request_id: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct SetBreakpoints {
    pub(crate) source: SourceName,
    pub(crate) breakpoints: Option<Vec<SourceBreakpoint>>,
    /// The field's former name.
    pub(crate) lines: Option<Vec<u32>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SourceBreakpoint {
    pub(crate) line: u32,
    #[serde(default)]
    pub(crate) condition: Option<String>,
    #[serde(default)]
    pub(crate) hit_condition: Option<String>,
    #[serde(default)]
    pub(crate) log_message: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct SetFunctionBreakpoints {
    pub(crate) breakpoints: Vec<NamedFunction>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NamedFunction {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) condition: Option<String>,
    #[serde(default)]
    pub(crate) hit_condition: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct SetDataBreakpoints {
    pub(crate) breakpoints: Vec<NamedData>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NamedData {
    pub(crate) data_id: String,
    #[serde(default)]
    pub(crate) access_type: Option<String>,
    #[serde(default)]
    pub(crate) condition: Option<String>,
    #[serde(default)]
    pub(crate) hit_condition: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SetExceptionBreakpoints {
    pub(crate) filters: Vec<String>,
    pub(crate) filter_options: Option<Vec<FilterOptions>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FilterOptions {
    pub(crate) filter_id: String,
    #[serde(default)]
    pub(crate) condition: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BreakpointLocations {
    pub(crate) source: SourceName,
    pub(crate) line: u32,
    #[serde(default)]
    pub(crate) end_line: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SourceArguments {
    pub(crate) source: Option<SourceName>,
    pub(crate) source_reference: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Paging {
    pub(crate) start_module: Option<usize>,
    pub(crate) module_count: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Locations {
    pub(crate) location_reference: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StackTrace {
    pub(crate) thread_id: u32,
    #[serde(default)]
    pub(crate) start_frame: Option<usize>,
    #[serde(default)]
    pub(crate) levels: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfFrame {
    pub(crate) frame_id: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Variables {
    pub(crate) variables_reference: u32,
    #[serde(default)]
    pub(crate) filter: Option<Filter>,
    #[serde(default)]
    pub(crate) start: Option<usize>,
    #[serde(default)]
    pub(crate) count: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Filter {
    Indexed,
    Named,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SetVariable {
    pub(crate) variables_reference: u32,
    pub(crate) name: String,
    pub(crate) value: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SetExpression {
    pub(crate) expression: String,
    pub(crate) value: String,
    #[serde(default)]
    pub(crate) frame_id: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Evaluate {
    pub(crate) expression: String,
    #[serde(default)]
    pub(crate) frame_id: Option<u32>,
    #[serde(default)]
    context: Option<String>,
}

impl Evaluate {
    pub(crate) fn purpose(&self) -> Purpose {
        match self.context.as_deref() {
            Some("watch" | "variables") => Purpose::Watch,
            Some("hover") => Purpose::Hover,
            Some("clipboard") => Purpose::Clipboard,
            _ => Purpose::Console,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Completions {
    pub(crate) text: String,
    pub(crate) column: usize,
    #[serde(default)]
    pub(crate) line: Option<usize>,
    #[serde(default)]
    pub(crate) frame_id: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DataBreakpointInfo {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) variables_reference: Option<u32>,
    #[serde(default)]
    pub(crate) frame_id: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RichInspectVariables {
    pub(crate) variable_name: String,
    #[serde(default)]
    pub(crate) frame_id: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CopyToGlobals {
    pub(crate) src_variable_name: String,
    pub(crate) dst_variable_name: String,
    #[serde(default)]
    pub(crate) src_frame_id: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct StepIn {
    pub(crate) target_id: Option<u32>,
}
