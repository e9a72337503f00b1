use std::sync::atomic::Ordering;

use super::{Phase, Session};
use crate::DebugError;
use crate::event::{Event, ForClient};
use crate::request::Attach;
use crate::stop_loop::StopState;

impl Session {
    /// A client takes part from now on. Returns where code has stopped already.
    pub(super) fn attach(
        &self,
        client: &str,
        wanted: &Attach,
    ) -> Result<Option<StopState>, DebugError> {
        // With the state locked, so that nobody leaves or stops, nor the kernel ends, meanwhile.
        let state = self.state();
        if state.is_ending {
            return Err(DebugError::Ending);
        }
        let debugs = wanted.no_debug != Some(true);
        self.clients().attach(client, debugs)?;
        self.is_on.store(self.clients().debug(), Ordering::SeqCst);
        if debugs && wanted.stop_on_entry == Some(true) {
            self.breakpoints().set_entry(true);
        }
        let stop = state.stop.clone();
        drop(state);
        self.attention.raise();
        Ok(stop)
    }

    /// Tells what one who takes part now has to know, when that was answered.
    pub(super) fn welcome(&self, client: &str, stop: Option<&StopState>) {
        if !self.is_on() {
            return;
        }
        self.tell(Event::Initialized(ForClient {
            client: client.to_owned(),
        }));
        self.tell_thread("started", perilune_language::debug::ThreadId::MAIN.0);
        if let Some(stop) = stop {
            self.tell_stopped(stop, Some(client.to_owned()));
        }
    }

    /// A client leaves by its own wish.
    pub(super) fn disconnect(&self, client: &str) {
        let mut state = self.state();
        self.clients().disconnect(client);
        self.cancel_evaluation(&mut state, client, None);
        self.release(&mut state);
        drop(state);
        self.attention.raise();
    }

    /// A client's connection has ended.
    pub(crate) fn lose(&self, client: &str) {
        let mut state = self.state();
        if self.clients().gone(client) {
            self.cancel_evaluation(&mut state, client, None);
            self.release(&mut state);
            drop(state);
            self.attention.raise();
        }
    }

    /// Lets code go on when the last one who debugs has left.
    fn release(&self, state: &mut super::State) {
        if self.clients().debug() {
            return;
        }
        self.is_on.store(false, Ordering::SeqCst);
        self.pause.store(false, Ordering::SeqCst);
        self.breakpoints().clear();
        if state.phase == Phase::Stopped {
            state.is_released = true;
            self.wake_stopped();
        }
    }
}
