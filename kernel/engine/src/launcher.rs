use std::time::Duration;

/// Waits until the process that launched this kernel is gone, and for ever when nobody is to be
/// watched.
pub(crate) async fn gone(launcher: Option<u32>) {
    let Some(pid) = launcher
        .and_then(|pid| i32::try_from(pid).ok())
        .filter(|pid| *pid > 1)
    else {
        return std::future::pending().await;
    };
    #[cfg(target_os = "linux")]
    if let Some(gone) = wait_by_pidfd(pid).await {
        return gone;
    }
    wait_by_asking(pid).await;
}

/// A pidfd stands for the one process, whoever has its number later. `None` where the system has
/// none to give.
#[cfg(target_os = "linux")]
async fn wait_by_pidfd(pid: i32) -> Option<()> {
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    use tokio::io::unix::AsyncFd;

    let process = match pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()) {
        Ok(process) => process,
        Err(rustix::io::Errno::SRCH) => return Some(()),
        Err(_) => return None,
    };
    // Readable when the process has ended.
    // SAFETY: the descriptor is owned, so it stays open and the same for as long as it is registered.
    let process = unsafe { AsyncFd::register(process) }.ok()?;
    process.readable().await.ok().map(|_| ())
}

async fn wait_by_asking(pid: i32) {
    let pid = nix::unistd::Pid::from_raw(pid);
    while nix::sys::signal::kill(pid, None) != Err(nix::errno::Errno::ESRCH) {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
