use std::sync::atomic::Ordering;

use super::{Phase, Session};
use crate::DebugError;
use crate::event::{Event, ForClient};
use crate::request::Attach;

impl Session {
    /// A client takes part from now on.
    pub(super) fn attach(&self, client: &str, wanted: &Attach) -> Result<(), DebugError> {
        // With the state locked, so that nobody leaves or stops meanwhile.
        let _state = self.state();
        let debugs = wanted.no_debug != Some(true);
        self.clients().attach(client, debugs)?;
        self.is_on.store(self.clients().debug(), Ordering::SeqCst);
        if debugs && wanted.stop_on_entry == Some(true) {
            self.breakpoints().set_entry(true);
        }
        Ok(())
    }

    /// Tells what one who takes part now has to know, when that was answered.
    pub(super) fn welcome(&self, client: &str) {
        if !self.is_on() {
            return;
        }
        self.attention.raise();
        self.tell(Event::Initialized(ForClient {
            client: client.to_owned(),
        }));
        self.tell_thread("started", perilune_language::debug::ThreadId::MAIN.0);
        let stop = self.state().stop.clone();
        if let Some(stop) = stop {
            self.tell_stopped(&stop, Some(client.to_owned()));
        }
    }

    /// A client leaves by its own wish.
    pub(super) fn disconnect(&self, client: &str) {
        let mut state = self.state();
        self.clients().disconnect(client);
        self.release(&mut state);
        drop(state);
        self.attention.raise();
    }

    /// A client's connection has ended.
    pub(crate) fn lose(&self, client: &str) {
        let mut state = self.state();
        if self.clients().gone(client) {
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
