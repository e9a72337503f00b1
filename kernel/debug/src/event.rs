use serde::Serialize;

use crate::body::{Breakpoint, Module, Source};

/// What a session tells without being asked.
#[derive(Debug, Serialize)]
#[serde(tag = "event", content = "body", rename_all = "camelCase")]
pub(crate) enum Event {
    Initialized(ForClient),
    Stopped(Stopped),
    Continued(Continued),
    Thread(ThreadEvent),
    Output(Output),
    Breakpoint(BreakpointEvent),
    LoadedSource(LoadedSourceEvent),
    Module(ModuleEvent),
    Invalidated(Invalidated),
    Terminated(Nothing),
}

/// An event as it is sent.
#[derive(Debug, Serialize)]
pub(crate) struct Numbered {
    pub(crate) seq: i64,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    #[serde(flatten)]
    pub(crate) event: Event,
}

#[derive(Debug, Serialize)]
pub(crate) struct Nothing {}

#[derive(Debug, Serialize)]
pub(crate) struct ForClient {
    /// Whose request has caused it.
    pub(crate) client: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stopped {
    pub(crate) reason: &'static str,
    pub(crate) description: &'static str,
    pub(crate) thread_id: u32,
    pub(crate) all_threads_stopped: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    pub(crate) hit_breakpoint_ids: Vec<u32>,
    /// Who alone does not know it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client: Option<String>,
    /// For those who do not debug and want to know where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) perilune: Option<Place>,
}

/// Where, for a person.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Place {
    /// A path, or what a cell or a string is called.
    pub(crate) source: String,
    /// Counted from 1, whatever clients do.
    pub(crate) line: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Continued {
    pub(crate) thread_id: u32,
    pub(crate) all_threads_continued: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) perilune: Option<GoingOn>,
}

/// How code goes on.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct GoingOn {
    /// Only for a step.
    pub(crate) steps: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ThreadEvent {
    pub(crate) reason: &'static str,
    pub(crate) thread_id: u32,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {
    pub(crate) category: &'static str,
    pub(crate) output: String,
    pub(crate) source: Source,
    pub(crate) line: u32,
}

#[derive(Debug, Serialize)]
pub(crate) struct BreakpointEvent {
    pub(crate) reason: &'static str,
    pub(crate) breakpoint: Breakpoint,
    /// Whose request has caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct LoadedSourceEvent {
    pub(crate) reason: &'static str,
    pub(crate) source: Source,
}

#[derive(Debug, Serialize)]
pub(crate) struct ModuleEvent {
    pub(crate) reason: &'static str,
    pub(crate) module: Module,
}

#[derive(Debug, Serialize)]
pub(crate) struct Invalidated {
    pub(crate) areas: [&'static str; 1],
}
