use std::fs;

use nix::sys::resource::{Resource, getrlimit};
use serde_json::{Value, json};

/// What the operating system says of this process; what it does not say is null.
pub(super) fn describe() -> Value {
    json!({
        "pid": std::process::id(),
        "threads": threads(),
        "descriptors": {
            "open": entries("/proc/self/fd"),
            "most": getrlimit(Resource::RLIMIT_NOFILE).map(|(soft, _)| soft).ok(),
        },
        "memory": memory(),
    })
}

/// Each thread, what it is called, and whether it runs (R), sleeps (S) or waits for a disk (D).
fn threads() -> Option<Vec<Value>> {
    let tasks = fs::read_dir("/proc/self/task").ok()?;
    let threads = tasks.flatten().filter_map(|task| {
        let stat = fs::read_to_string(task.path().join("stat")).ok()?;
        // The name is in parentheses and may hold any.
        let (start, rest) = stat.rsplit_once(')')?;
        let (id, name) = start.split_once('(')?;
        let fields: Vec<_> = rest.split_whitespace().collect();
        let ticks = |field: usize| fields.get(field)?.parse::<u64>().ok();
        Some(json!({
            "id": id.trim().parse::<u64>().ok()?,
            "name": name,
            "state": fields.first()?,
            "cpu_ticks": ticks(11)? + ticks(12)?,
        }))
    });
    Some(threads.collect())
}

fn entries(folder: &str) -> Option<usize> {
    Some(fs::read_dir(folder).ok()?.count())
}

/// Bytes.
fn memory() -> Option<Value> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kilobytes = line.trim_start_matches(':').split_whitespace().next()?;
        Some(kilobytes.parse::<u64>().ok()? * 1024)
    };
    Some(json!({
        "resident": bytes("VmRSS"),
        "most_resident": bytes("VmHWM"),
        "swapped": bytes("VmSwap"),
        "virtual": bytes("VmSize"),
    }))
}
