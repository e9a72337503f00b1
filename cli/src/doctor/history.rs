use perilune_config::Configuration;
use perilune_history::{Place, Store};

use super::Findings;
use crate::settings;

/// Whether the history can be read.
pub fn check(configuration: &Configuration, findings: &mut Findings) {
    let settings = &configuration.settings;
    let path = match settings::history_place(settings) {
        Place::File(path) if settings.history.enabled => path,
        _ => return findings.ok("no history is kept on disk"),
    };
    let place = path.display();
    if !path.exists() {
        return findings.ok(format!("there is no history yet; it will be {place}"));
    }
    match Store::open(&path) {
        Ok(_) => findings.ok(format!("the history is {place}")),
        Err(error) => findings.problem(
            format!("the history cannot be read: {error}"),
            format!("move it away, and a new one is made: mv {place} {place}.old"),
        ),
    }
}
