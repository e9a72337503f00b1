use std::time::{Duration, Instant};

use bytes::Bytes;
use zeromq::ZmqMessage;

/// How often a beat is sent.
pub(crate) const BEAT: Duration = Duration::from_secs(1);
/// For how long nothing at all may be heard before that is worth a word.
const LONG: Duration = Duration::from_secs(5);

/// Whether the kernel lives, by its echoes and by everything else it says.
#[derive(Debug)]
pub(crate) struct Heart {
    heard: Instant,
    /// A beat was sent that has not come back. One is enough: a kernel that is stopped for hours
    /// shall not find thousands.
    outstanding: bool,
    has_told: bool,
}

impl Heart {
    pub(crate) fn new() -> Self {
        Self {
            heard: Instant::now(),
            outstanding: false,
            has_told: false,
        }
    }

    /// The beat to send now, if one is due: as a REQ socket would frame it.
    pub(crate) fn beat(&mut self) -> Option<ZmqMessage> {
        if std::mem::replace(&mut self.outstanding, true) {
            return None;
        }
        ZmqMessage::try_from(vec![Bytes::new(), Bytes::from_static(b"ping")]).ok()
    }

    /// A beat came back.
    pub(crate) fn echo(&mut self) {
        self.outstanding = false;
    }

    /// Something came. Says whether that ends a silence that was told.
    pub(crate) fn hears(&mut self) -> bool {
        self.heard = Instant::now();
        std::mem::take(&mut self.has_told)
    }

    /// How long the silence is, if it is long and was not told.
    pub(crate) fn silence(&mut self) -> Option<Duration> {
        let since = self.heard.elapsed();
        if self.has_told || since < LONG {
            return None;
        }
        self.has_told = true;
        Some(since)
    }
}
