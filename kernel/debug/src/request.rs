mod arguments;
mod envelope;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

pub(crate) use arguments::*;
pub(crate) use envelope::Envelope;

use crate::DebugError;

/// What a client asks for, by who can do it.
#[derive(Debug)]
pub(crate) enum Request {
    /// What the debugger's own thread does.
    Here(Here),
    /// What needs code that does not go on.
    Look(Look),
    /// How code that has stopped goes on.
    Go(Go),
}

#[derive(Debug)]
pub(crate) enum Here {
    DebugInfo,
    DumpCell(DumpCell),
    Initialize(Initialize),
    Attach(Attach),
    ConfigurationDone,
    Disconnect,
    Terminate,
    Cancel(Cancel),
    SetBreakpoints(SetBreakpoints),
    SetFunctionBreakpoints(SetFunctionBreakpoints),
    SetExceptionBreakpoints(SetExceptionBreakpoints),
    SetDataBreakpoints(SetDataBreakpoints),
    BreakpointLocations(BreakpointLocations),
    Source(SourceArguments),
    LoadedSources,
    Modules(Paging),
    Locations(Locations),
    Pause,
}

#[derive(Debug)]
pub(crate) enum Look {
    Threads,
    StackTrace(StackTrace),
    Scopes(OfFrame),
    Variables(Variables),
    SetVariable(SetVariable),
    SetExpression(SetExpression),
    Evaluate(Evaluate),
    Completions(Completions),
    ExceptionInfo,
    StepInTargets(OfFrame),
    DataBreakpointInfo(DataBreakpointInfo),
    InspectVariables,
    RichInspectVariables(RichInspectVariables),
    CopyToGlobals(CopyToGlobals),
}

#[derive(Debug)]
pub(crate) enum Go {
    Continue,
    Next,
    StepIn(StepIn),
    StepOut,
    RestartFrame(OfFrame),
}

impl Request {
    /// What a request asks for.
    pub(crate) fn parse(command: &str, arguments: Option<&RawValue>) -> Result<Self, DebugError> {
        use Request::{Go as G, Here as H, Look as L};
        let read = Reader(arguments);
        Ok(match command {
            "attach" => H(Here::Attach(read.arguments("attach")?)),
            "breakpointLocations" => H(Here::BreakpointLocations(
                read.arguments("breakpointLocations")?,
            )),
            "cancel" => H(Here::Cancel(read.arguments("cancel")?)),
            "completions" => L(Look::Completions(read.arguments("completions")?)),
            "configurationDone" => H(Here::ConfigurationDone),
            "continue" => G(Go::Continue),
            "copyToGlobals" => L(Look::CopyToGlobals(read.arguments("copyToGlobals")?)),
            "dataBreakpointInfo" => L(Look::DataBreakpointInfo(
                read.arguments("dataBreakpointInfo")?,
            )),
            "debugInfo" => H(Here::DebugInfo),
            "disconnect" => H(Here::Disconnect),
            "dumpCell" => H(Here::DumpCell(read.arguments("dumpCell")?)),
            "evaluate" => L(Look::Evaluate(read.arguments("evaluate")?)),
            "exceptionInfo" => L(Look::ExceptionInfo),
            "initialize" => H(Here::Initialize(read.arguments("initialize")?)),
            "inspectVariables" => L(Look::InspectVariables),
            "launch" => H(Here::Attach(read.arguments("launch")?)),
            "loadedSources" => H(Here::LoadedSources),
            "locations" => H(Here::Locations(read.arguments("locations")?)),
            "modules" => H(Here::Modules(read.arguments("modules")?)),
            "next" => G(Go::Next),
            "pause" => H(Here::Pause),
            "restartFrame" => G(Go::RestartFrame(read.arguments("restartFrame")?)),
            "richInspectVariables" => L(Look::RichInspectVariables(
                read.arguments("richInspectVariables")?,
            )),
            "scopes" => L(Look::Scopes(read.arguments("scopes")?)),
            "setBreakpoints" => H(Here::SetBreakpoints(read.arguments("setBreakpoints")?)),
            "setDataBreakpoints" => H(Here::SetDataBreakpoints(
                read.arguments("setDataBreakpoints")?,
            )),
            "setExceptionBreakpoints" => H(Here::SetExceptionBreakpoints(
                read.arguments("setExceptionBreakpoints")?,
            )),
            "setExpression" => L(Look::SetExpression(read.arguments("setExpression")?)),
            "setFunctionBreakpoints" => H(Here::SetFunctionBreakpoints(
                read.arguments("setFunctionBreakpoints")?,
            )),
            "setVariable" => L(Look::SetVariable(read.arguments("setVariable")?)),
            "source" => H(Here::Source(read.arguments("source")?)),
            "stackTrace" => L(Look::StackTrace(read.arguments("stackTrace")?)),
            "stepIn" => G(Go::StepIn(read.arguments("stepIn")?)),
            "stepInTargets" => L(Look::StepInTargets(read.arguments("stepInTargets")?)),
            "stepOut" => G(Go::StepOut),
            "terminate" => H(Here::Terminate),
            "threads" => L(Look::Threads),
            "variables" => L(Look::Variables(read.arguments("variables")?)),
            _ => return Err(DebugError::UnknownCommand(brief(command))),
        })
    }

    /// Whether it is done only for who debugs. What Jupyter's front ends ask at any time is not.
    pub(crate) fn needs_session(&self) -> bool {
        !matches!(
            self,
            Self::Here(
                Here::DebugInfo
                    | Here::DumpCell(_)
                    | Here::Initialize(_)
                    | Here::Attach(_)
                    | Here::ConfigurationDone
                    | Here::Disconnect
                    | Here::Cancel(_)
                    | Here::Modules(_)
            ) | Self::Look(
                Look::InspectVariables | Look::RichInspectVariables(_) | Look::CopyToGlobals(_)
            )
        )
    }
}

struct Reader<'a>(Option<&'a RawValue>);

impl Reader<'_> {
    /// The arguments of a command. Clients leave them out where they have none to give.
    fn arguments<T: DeserializeOwned>(&self, command: &'static str) -> Result<T, DebugError> {
        let json = self.0.map_or("{}", RawValue::get);
        let json = if json == "null" { "{}" } else { json };
        let mut reader = serde_json::Deserializer::from_str(json);
        serde_path_to_error::deserialize(&mut reader).map_err(|error| DebugError::BadArguments {
            command,
            field: match error.path().to_string() {
                path if path == "." => "arguments".to_owned(),
                path => brief(&path),
            },
            reason: brief(&without_place(&error.into_inner())),
        })
    }
}

/// What is wrong, without the position in a text that nobody sees.
fn without_place(error: &serde_json::Error) -> String {
    let mut text = error.to_string();
    if let Some(at) = text.rfind(" at line ") {
        text.truncate(at);
    }
    text
}

/// The first part of what a client wrote, short enough for a message.
fn brief(text: &str) -> String {
    const MOST: usize = 200;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
