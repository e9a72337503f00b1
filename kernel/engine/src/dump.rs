//! What a kernel is at, written down for whoever wonders why it does not do what it should.

mod file;
mod process;

use std::path::Path;

use chrono::{SecondsFormat, Utc};
use perilune_transport::Peers;
use perilune_wire::content::Object;
use serde::Serialize;
use serde_json::{Value, json};

use crate::children;
use crate::context::Context;
use crate::status::{self, seconds};
use crate::steward::{Refusal, Steward};
use crate::vitals::{Distribution, Flow, Gauges, Load, Reading};

/// Writes a dump into a folder. Returns what the reply says beside its status: the file.
///
/// Asks Lua nothing, and so works while it is stuck.
///
/// # Errors
///
/// Why there is none.
pub(crate) fn write(
    context: &Context,
    steward: Option<&dyn Steward>,
    folder: Option<&Path>,
) -> Result<Object, Refusal> {
    let Some(folder) = folder else {
        let message = "this kernel has no folder for dumps: it is not registered under a name";
        return Err(Refusal::new("NotSupported", message));
    };
    let document = document(context, steward);
    let failed = |error: std::io::Error| {
        let message = format!("writing a dump into {}: {error}", folder.display());
        Refusal::new("DumpFailed", message)
    };
    let text = serde_json::to_vec_pretty(&document).map_err(|error| failed(error.into()))?;
    let file = file::write(folder, Utc::now(), &text).map_err(failed)?;
    Ok(Object::from_iter([
        ("file".to_owned(), file.to_string_lossy().into()),
        ("bytes".to_owned(), text.len().into()),
    ]))
}

fn document(context: &Context, steward: Option<&dyn Steward>) -> Value {
    let vitals = context.vitals.read();
    let gauges = vitals.gauges.as_ref();
    let waiting = context.queue.waiting();
    let comms = context.comms().list(None);
    json!({
        "schema_version": 1,
        "written": Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true),
        "kernel": status::reply(context),
        "executor": gauges.map(|gauges| executor(context, gauges)),
        "queue": {
            "waiting": waiting.len(),
            "bytes": gauges.map(|gauges| gauges.queued_bytes),
            "first": waiting.iter().take(FIRST).collect::<Vec<_>>(),
        },
        "outbox": { "bytes": gauges.map(|gauges| gauges.outbox_bytes) },
        "asks_a_question": context.stdin.is_asking(),
        "foreign_code_has_run": context.has_foreigners(),
        "clients": gauges.map(|gauges| clients(&gauges.peers)),
        "comms": comms,
        "vitals": counters(&vitals),
        "process": process::describe(),
        "children": children::list(),
        "configuration": steward.map(Steward::configuration),
    })
}

/// So many of the requests that wait are told one by one.
const FIRST: usize = 20;

/// A request that waits for the language.
#[derive(Debug, Serialize)]
pub(crate) struct Waiting {
    pub(crate) msg_type: String,
    pub(crate) msg_id: String,
    pub(crate) bytes: usize,
    pub(crate) seconds: f64,
    pub(crate) aborted: bool,
}

fn executor(context: &Context, gauges: &Gauges) -> Value {
    match gauges.load {
        Load::Running(time) if context.debugging.stopped_at().is_some() => {
            json!({"state": "was stopped by a debugger", "seconds": seconds(time)})
        }
        Load::Waiting => json!({"state": "waits for work"}),
        Load::Running(time) => json!({"state": "runs code", "seconds": seconds(time)}),
        Load::Working => json!({"state": "works on a request that runs no code"}),
        Load::Unknown => json!({"state": "unknown"}),
    }
}

fn clients(peers: &Peers) -> Value {
    let subscribers = peers.subscribers.iter();
    let subscribers: Vec<_> = subscribers
        .map(|subscriber| json!({"id": subscriber.id.0, "backlog_bytes": subscriber.queued}))
        .collect();
    json!({
        "subscribers": subscribers,
        "shell": peers.shell,
        "control": peers.control,
        "stdin": peers.stdin,
        "left_out": peers.left_out,
        "replies_dropped": peers.replies_dropped,
    })
}

fn counters(vitals: &Reading) -> Value {
    json!({
        "start_to_ready_seconds": vitals.ready_after.map(seconds),
        "received": flows(&vitals.received),
        "sent": flows(&vitals.sent),
        "executions": {
            "ok": vitals.executions.ok,
            "error": vitals.executions.error,
            "interrupted": vitals.executions.interrupted,
            "aborted": vitals.executions.aborted,
        },
        "refused": vitals.refused,
        "interrupts": vitals.interrupts,
        "execute_seconds": distribution(&vitals.execute_duration),
        "queue_wait_seconds": distribution(&vitals.queue_wait),
        "control_answer_seconds": distribution(&vitals.control_answer),
    })
}

fn flows(flows: &[Flow]) -> Value {
    let flow = |flow: &Flow| {
        let messages: Object = flow
            .messages
            .iter()
            .map(|(class, count)| (class.name().to_owned(), (*count).into()))
            .collect();
        let about = json!({"messages": messages, "bytes": flow.bytes});
        (flow.way.name().to_owned(), about)
    };
    flows.iter().map(flow).collect::<Object>().into()
}

/// How many took at most how long, and on average.
fn distribution(distribution: &Distribution) -> Value {
    let at_most: Object = distribution
        .buckets
        .iter()
        .filter(|(bound, _)| bound.is_finite())
        .map(|(bound, count)| (bound.to_string(), (*count).into()))
        .collect();
    json!({"count": distribution.count, "sum": distribution.sum, "at_most": at_most})
}
