use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use perilune_wire::content::{
    KernelState, KernelStatusReply, Memory, MessageCounts, ReplyStatus, RunningCell,
};

use crate::context::Context;
use crate::journal;
use crate::vitals::State;

/// What the kernel says of itself, whatever Lua does.
pub(crate) fn reply(context: &Context) -> KernelStatusReply {
    let vitals = context.vitals.read();
    let gauges = vitals.gauges.as_ref();
    let executions = vitals.executions;
    KernelStatusReply {
        status: ReplyStatus::Ok,
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        name: context.name.clone(),
        started: DateTime::<Utc>::from(vitals.started).to_rfc3339_opts(SecondsFormat::Micros, true),
        uptime: seconds(vitals.uptime),
        state: match vitals.state {
            State::Starting => KernelState::Starting,
            State::Idle => KernelState::Idle,
            State::Busy => KernelState::Busy,
            State::Stopping => KernelState::Stopping,
        },
        running: context.running_code().map(|code| RunningCell {
            msg_id: code.parent.msg_id(),
            execution_count: code.execution_count,
            code: code.head.clone(),
            seconds: seconds(code.since.elapsed()),
            stopped: context.debugging.stopped_at(),
        }),
        question: context.stdin.open(),
        clients: gauges.map_or(0, |gauges| gauges.peers.subscribers.len()),
        queued: gauges.map_or(0, |gauges| gauges.queued),
        memory: Memory {
            process: resident_bytes(),
            language: (vitals.language_memory > 0).then_some(vitals.language_memory),
        },
        executions: executions.ok + executions.error + executions.interrupted,
        errors: executions.error,
        interrupted: executions.interrupted,
        messages: MessageCounts {
            received: context.vitals.received.total(),
            sent: context.vitals.sent.total(),
        },
        dropped: 0,
        left_out: gauges.map_or(0, |gauges| gauges.peers.left_out),
        journal: journal::status(&context.journal),
    }
}

/// To the microsecond.
pub(crate) fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e6
}

/// The memory of this process that is not swapped out, where the system tells it at once.
pub(crate) fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    // SAFETY: asks for a constant of the system.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    Some(pages * u64::try_from(page).ok()?)
}
