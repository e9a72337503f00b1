//! What the system knows of this process.

use std::fs;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};

/// Memory that is not swapped out, in bytes, where the system tells it at once.
pub(crate) fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Descriptors that are open.
pub(crate) fn open_descriptors() -> Option<u64> {
    let open = fs::read_dir("/proc/self/fd").ok()?.count();
    // One of them is the folder's that is read.
    u64::try_from(open).ok()?.checked_sub(1)
}

/// Threads that there are.
pub(crate) fn threads() -> Option<u64> {
    fs::read_dir("/proc/self/task")
        .ok()?
        .count()
        .try_into()
        .ok()
}

/// Time on processors, in the program and in the system for it.
pub(crate) fn processor_time() -> Option<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    [usage.user_time(), usage.system_time()]
        .into_iter()
        .map(|time| {
            let seconds = Duration::from_secs(time.tv_sec().try_into().ok()?);
            Some(seconds + Duration::from_micros(time.tv_usec().try_into().ok()?))
        })
        .sum()
}
