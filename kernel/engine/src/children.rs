//! The processes that cells have started, and that must not outlive the kernel.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpgrp, getpid, getsid};
use serde::Serialize;
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

use crate::context::Context;

/// How long they have between a polite word and the end.
const GRACE: Duration = Duration::from_millis(300);

/// Interrupts the children of the code that runs that share our process group. Those with a group of
/// their own are interrupted by whoever waits for them.
pub(crate) fn interrupt(context: &Arc<Context>) {
    let Some(code) = context.running_code() else {
        return;
    };
    let context = Arc::clone(context);
    // Walking through all processes takes milliseconds that the I/O thread does not have, and in
    // which the next cell may have begun, whose children nobody wants to interrupt.
    let walk = move || {
        let found = descendants();
        context.while_it_runs(&code, || {
            for pid in found {
                if nix::unistd::getpgid(Some(pid)) == Ok(getpgrp()) {
                    let _ = kill(pid, Signal::SIGINT);
                }
            }
        });
    };
    if let Err(error) = std::thread::Builder::new()
        .name("interrupt".to_owned())
        .spawn(walk)
    {
        tracing::error!(%error, "child processes were not interrupted");
    }
}

/// Ends them all: asks, waits a moment, and then does not ask any more.
pub(crate) fn end() {
    let mut left = all();
    if left.is_empty() {
        return;
    }
    for pid in &left {
        let _ = kill(*pid, Signal::SIGTERM);
        let _ = kill(*pid, Signal::SIGCONT);
    }
    let deadline = Instant::now() + GRACE;
    while !left.is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
        left.retain(|pid| is_alive(*pid));
    }
    for pid in left {
        let _ = kill(pid, Signal::SIGKILL);
    }
    kill_all();
}

/// Ends them all, and asks nobody.
pub(crate) fn kill_all() {
    for pid in all() {
        let _ = kill(pid, Signal::SIGKILL);
    }
}

/// Our descendants, and where we lead a session, whoever else belongs to it: a child's child
/// whose parent has ended is nobody's descendant any more.
fn all() -> Vec<Pid> {
    let mut found = descendants();
    if getsid(None) == Ok(getpid()) {
        let session = processes()
            .into_keys()
            .filter(|pid| getsid(Some(*pid)) == Ok(getpid()));
        found.extend(session.filter(|pid| *pid != getpid()));
        found.sort_unstable();
        found.dedup();
    }
    found
}

/// A child, its parent, its name and how it is.
#[derive(Debug, Serialize)]
pub(crate) struct Child {
    pid: u32,
    parent: Option<u32>,
    name: String,
    state: String,
}

/// Our descendants, as a dump tells them.
pub(crate) fn list() -> Vec<Child> {
    let system = walk();
    let pid = |pid: Pid| usize::try_from(pid.as_raw()).map(sysinfo::Pid::from);
    descendants_among(&parents(&system))
        .into_iter()
        .filter_map(|child| system.process(pid(child).ok()?))
        .map(|child| Child {
            pid: child.pid().as_u32(),
            parent: child.parent().map(sysinfo::Pid::as_u32),
            name: child.name().to_string_lossy().into_owned(),
            state: child.status().to_string().to_lowercase(),
        })
        .collect()
}

fn descendants() -> Vec<Pid> {
    descendants_among(&processes())
}

fn descendants_among(parents: &HashMap<Pid, Option<Pid>>) -> Vec<Pid> {
    let mut found = vec![getpid()];
    let mut next = 0;
    while next < found.len() {
        let parent = found[next];
        found.extend(
            parents
                .iter()
                .filter(|(_, of)| **of == Some(parent))
                .map(|(pid, _)| *pid),
        );
        next += 1;
    }
    found.split_off(1)
}

/// Every process and its parent.
fn processes() -> HashMap<Pid, Option<Pid>> {
    parents(&walk())
}

/// What the system tells of every process.
fn walk() -> System {
    let mut system = System::new();
    let nothing_else = ProcessRefreshKind::nothing()
        .without_tasks()
        .with_cmd(UpdateKind::Never);
    system.refresh_processes_specifics(ProcessesToUpdate::All, false, nothing_else);
    system
}

fn parents(system: &System) -> HashMap<Pid, Option<Pid>> {
    let pid = |pid: sysinfo::Pid| i32::try_from(pid.as_u32()).ok().map(Pid::from_raw);
    system
        .processes()
        .iter()
        .filter_map(|(own, process)| Some((pid(*own)?, process.parent().and_then(pid))))
        .collect()
}

/// Whether a process runs still. One that has ended and that nobody has waited for does not.
fn is_alive(pid: Pid) -> bool {
    let Ok(number) = usize::try_from(pid.as_raw()) else {
        return false;
    };
    let mut system = System::new();
    let own = sysinfo::Pid::from(number);
    system.refresh_processes_specifics(
        ProcessesToUpdate::Some(&[own]),
        false,
        ProcessRefreshKind::nothing().without_tasks(),
    );
    system.process(own).is_some_and(|process| {
        !matches!(
            process.status(),
            sysinfo::ProcessStatus::Zombie | sysinfo::ProcessStatus::Dead
        )
    })
}
