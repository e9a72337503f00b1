use std::sync::PoisonError;

use serde_json::value::to_raw_value;

use super::Session;
use crate::event::{Event, Invalidated, Nothing, Numbered, Place, Stopped, ThreadEvent};
use crate::stop_loop::StopState;

impl Session {
    /// Tells every client.
    pub(crate) fn tell(&self, event: Event) {
        let publishing = self.publishing.lock();
        let _publishing = publishing.unwrap_or_else(PoisonError::into_inner);
        let event = Numbered {
            seq: self.numbers.next(),
            kind: "event",
            event,
        };
        match to_raw_value(&event) {
            Ok(event) => self.outlet.event(event),
            Err(error) => tracing::error!(%error, "an event of the debugger could not be written"),
        }
    }

    /// Tells that code has stopped: everybody, or the one who does not know it yet.
    pub(crate) fn tell_stopped(&self, stop: &StopState, client: Option<String>) {
        let thread_id = self.thread_told(stop);
        let (reason, description) = stop.words();
        self.tell(Event::Stopped(Stopped {
            reason,
            description,
            thread_id,
            all_threads_stopped: true,
            text: stop.stop.text.clone(),
            hit_breakpoint_ids: stop.stop.breakpoints.clone(),
            client,
            perilune: (!stop.at.source.is_empty()).then(|| Place {
                source: stop.at.source.clone(),
                line: stop.at.line,
            }),
        }));
    }

    /// The thread that clients hear of. JupyterLab knows one.
    pub(crate) fn thread_told(&self, stop: &StopState) -> u32 {
        if self.clients().are_jupyter() {
            perilune_language::debug::ThreadId::MAIN.0
        } else {
            stop.stop.thread.0
        }
    }

    pub(crate) fn tell_thread(&self, reason: &'static str, thread_id: u32) {
        self.tell(Event::Thread(ThreadEvent { reason, thread_id }));
    }

    /// Tells that values are not what they were, to who wants to know it.
    pub(crate) fn tell_invalidated(&self) {
        if self.clients().hear_invalidated() {
            self.tell(Event::Invalidated(Invalidated {
                areas: ["variables"],
            }));
        }
    }

    pub(crate) fn tell_terminated(&self) {
        self.tell(Event::Terminated(Nothing {}));
    }
}
