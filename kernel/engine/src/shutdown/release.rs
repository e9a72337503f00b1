use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::capture::CaptureThread;
use crate::children;
use crate::context::Context;

/// Gives back all that is the process's: the children, what captures, the history, the journal.
/// Ends when that is done, which `limit` is shared by.
pub(super) async fn begin(
    context: Arc<Context>,
    capture: Option<CaptureThread>,
    limit: Duration,
    forced: bool,
) {
    let deadline = Instant::now() + limit;
    let left = move || deadline.saturating_duration_since(Instant::now());
    let (done, is_done) = oneshot::channel();
    let work = move || {
        // Before all that may wait for a disk: whatever happens to us, they must not stay behind.
        if context.has_foreigners() {
            if forced {
                children::kill_all();
            } else {
                children::end();
            }
        }
        drop(capture);
        context.journal.end(left());
        context.history.end(left());
        let _ = done.send(());
    };
    let spawned = std::thread::Builder::new()
        .name("release".to_owned())
        .spawn(work);
    match spawned {
        // An error means that it panicked, which the log says.
        Ok(_) => drop(is_done.await),
        Err(error) => tracing::error!(%error, "not everything could be given back"),
    }
}
