use std::env;
use std::time::{Duration, SystemTime};

use perilune_config::Configuration;

use super::Findings;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether the clock may be right: ages of logs and journals, and signatures of others, go by it.
pub fn check(_: &Configuration, findings: &mut Findings) {
    let built = env::current_exe().and_then(|path| path.metadata()?.modified());
    let Ok(built) = built else { return };
    match is_before(SystemTime::now(), built) {
        true => findings.problem(
            "the clock is before the day on which this program was installed",
            "set it, as with `timedatectl set-ntp true`",
        ),
        false => findings.ok("the clock is later than this program"),
    }
}

fn is_before(now: SystemTime, installed: SystemTime) -> bool {
    installed.duration_since(now).is_ok_and(|ahead| ahead > DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_never_set_is_told_and_a_zone_is_not() {
        let installed = SystemTime::now();
        assert!(is_before(SystemTime::UNIX_EPOCH, installed));
        assert!(!is_before(installed - DAY / 2, installed));
        assert!(!is_before(installed + DAY, installed));
    }
}
