use std::time::Duration;

use perilune_config::Configuration;
use perilune_daemon::Folders;

use super::Findings;
use crate::kernels::{Health, Kernel, State, block_on};

/// How long a kernel has to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether the kernels that live are well, and none has left anything.
pub fn check(_: &Configuration, findings: &mut Findings) {
    // Where no kernel has ever been, nothing is made only to look at it.
    if Folders::of_this_user().is_ok_and(|folders| !folders.runtime().exists()) {
        return findings.ok("no kernel has run yet");
    }
    let kernels = match Kernel::all() {
        Ok(kernels) => kernels,
        Err(error) => {
            let advice = "what the check of the folders says comes first";
            return findings.problem(format!("kernels cannot be looked for: {error}"), advice);
        }
    };
    let mut well = 0;
    for kernel in &kernels {
        let name = kernel.name();
        let health = match block_on(async { Ok(Health::of(kernel, PATIENCE).await) }) {
            Ok(health) => health,
            Err(error) => {
                findings.problem(format!("{name} cannot be asked: {error:#}"), "try it again");
                continue;
            }
        };
        let reason = health.reason.clone().unwrap_or_default();
        match health.state {
            State::Running if health.is_of_another_version(kernel) => findings.warning(
                health.word_on_versions(kernel).unwrap_or_default(),
                format!("perilune kernel restart {name}"),
            ),
            State::Running | State::Starting => well += 1,
            State::Dead => findings.warning(
                format!("{name} has died and left something behind"),
                format!("see why with `perilune kernel logs {name}`, then `perilune kernel prune`"),
            ),
            State::NoAnswer => findings.problem(
                format!("{name} does not answer: {reason}"),
                format!("see why with `perilune kernel logs {name}`; `perilune kernel stop {name}` ends it"),
            ),
        }
    }
    if well > 0 || kernels.is_empty() {
        findings.ok(match well {
            1 => "1 kernel runs and answers".to_owned(),
            many => format!("{many} kernels run and answer"),
        });
    }
}
