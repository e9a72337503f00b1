//! What a kernel asks of the program around it: to read its settings anew, above all.

use std::sync::{Arc, Mutex, PoisonError};

use perilune_config::{Applies, Change, Configuration, KEYS, Origin, Settings, Sources};
use perilune_engine::{Refusal, ShutdownPolicy, Steward};
use perilune_wire::content::Object;
use serde_json::{Value, json};

use crate::log;
use crate::settings::{self, Configured};
use crate::supervision::Supervision;

/// Looks after a kernel that runs.
pub struct Caretaker {
    sources: Sources,
    /// What the kernel runs with.
    running: Mutex<Configuration>,
    parts: Parts,
}

/// The parts of a kernel that settings reach while it runs.
pub struct Parts {
    /// What the history keeps.
    pub history: perilune_history::SharedLimits,
    /// What the journal keeps, if there is one.
    pub journal: Option<perilune_journal::SharedLimits>,
    /// How the kernel ends.
    pub shutdown: Arc<ShutdownPolicy>,
    /// The service manager that hears of it, if one runs the kernel.
    pub supervision: Option<Supervision>,
}

impl Caretaker {
    /// For a kernel that was started with these settings.
    pub fn new(configured: Configured, parts: Parts) -> Self {
        Self {
            sources: configured.sources,
            running: Mutex::new(configured.configuration),
            parts,
        }
    }

    fn reload_settings(&self) -> Result<Object, Refusal> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let new = self.sources.read().map_err(|error| {
            let message = format!("what is set is not valid, and all stays as it was:\n{error}");
            Refusal::new("ConfigError", message)
        })?;
        let changes = running.changes(&new);
        let mut applied = running.clone();
        for change in changes.iter().filter(|it| it.applies == Applies::Reload) {
            applied.take_over(&new, change);
        }
        self.parts.apply(&applied.settings);
        *running = applied;
        let changed: Vec<Value> = changes.iter().map(tell).collect();
        let (user, project) = self.sources.files();
        let content = json!({
            "files": {"user": user, "project": project},
            "changed": changed,
            "fixed": fixed(&running),
        });
        match content {
            Value::Object(content) => Ok(content),
            _ => Ok(Object::new()),
        }
    }
}

impl Steward for Caretaker {
    fn reload(&self) -> Result<Object, Refusal> {
        let supervision = self.parts.supervision.as_ref();
        supervision.inspect(|it| it.reloading());
        let result = self.reload_settings();
        supervision.inspect(|it| it.reloaded());
        result
    }

    fn stopping(&self) {
        if let Some(supervision) = &self.parts.supervision {
            supervision.stopping();
        }
    }

    fn set_log_level(&self, level: &str) -> Result<Object, Refusal> {
        let change = log::set_level(level).map_err(|why| Refusal::new("ValueError", why))?;
        tracing::info!(
            old = change.old,
            new = change.new,
            "the level of the log has changed"
        );
        let reply = [("old", change.old), ("new", change.new)];
        Ok(reply
            .map(|(name, level)| (name.to_owned(), level.into()))
            .into_iter()
            .collect())
    }

    fn configuration(&self) -> Value {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let setting = |key| (running.value(key), running.origin(key));
        KEYS.iter()
            .map(|key| {
                let (value, origin) = setting(key);
                let told = json!({"value": value.to_json(), "origin": origin.to_string()});
                (key.name.to_owned(), told)
            })
            .collect::<Object>()
            .into()
    }
}

impl Parts {
    /// Makes the kernel follow what can be changed while it runs.
    fn apply(&self, settings: &Settings) {
        self.history
            .store(Arc::new(settings::history_limits(settings)));
        if let Some(journal) = &self.journal {
            journal.store(Arc::new(settings::journal_limits(settings)));
        }
        self.shutdown.set(settings::deadlines(settings));
        log::apply(settings);
    }
}

/// One change, in the log and for the reply.
fn tell(change: &Change) -> Value {
    // Not `key`: the log takes what is called that for a secret.
    let (setting, old, new) = (change.key, change.old.to_string(), change.new.to_string());
    let origin = change.origin.to_string();
    let is_applied = change.applies == Applies::Reload;
    let note = if is_applied {
        tracing::info!(setting, old, new, origin, "a setting has changed");
        None
    } else {
        let note = "it takes effect when the kernel is started anew";
        tracing::warn!(setting, old, new, origin, "a setting has changed: {note}");
        Some(note)
    };
    json!({
        "setting": setting,
        "old": change.old.to_json(),
        "new": change.new.to_json(),
        "origin": origin,
        "applied": is_applied,
        "note": note,
    })
}

/// What no file can change, since the kernel was started with it.
fn fixed(configuration: &Configuration) -> Object {
    let is_fixed = |origin: &Origin| matches!(origin, Origin::Environment(_) | Origin::Flag(_));
    KEYS.iter()
        .map(|key| (key.name, configuration.origin(key)))
        .filter(|(_, origin)| is_fixed(origin))
        .map(|(name, origin)| (name.to_owned(), origin.to_string().into()))
        .collect()
}
