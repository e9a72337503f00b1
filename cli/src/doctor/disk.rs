use std::path::Path;

use bytesize::ByteSize;
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::statvfs::statvfs;
use perilune_config::Configuration;
use perilune_daemon::Folders;

use super::{Findings, Verdict};

/// Below this a journal, a log or a state may find no room.
const LITTLE: u64 = 1 << 30;
const TOO_LITTLE: u64 = 100 << 20;
/// Each client of a kernel takes five, and Lua's own files count too.
const FEW: u64 = 1_024;
const TOO_FEW: u64 = 256;

/// Whether there is room for what kernels keep.
pub fn check(_: &Configuration, findings: &mut Findings) {
    let Ok(folders) = Folders::of_this_user() else {
        return;
    };
    let folder = folders.state().ancestors().find(|folder| folder.exists());
    let folder = folder.unwrap_or(Path::new("/"));
    let place = folder.display();
    match statvfs(folder) {
        Err(errno) => findings.warning(
            format!("the room left in {place} is not known: {}", errno.desc()),
            "see with `df`",
        ),
        Ok(system) => {
            #[allow(
                clippy::useless_conversion,
                reason = "not so everywhere: macOS counts in u32"
            )]
            let free = u64::from(system.blocks_available()) * system.fragment_size();
            let message = format!("{} are free in {place}", ByteSize(free));
            let advice = "make room, or let $XDG_STATE_HOME be elsewhere";
            let advice = (judge(free, LITTLE, TOO_LITTLE) != Verdict::Ok).then_some(advice);
            findings.add(
                judge(free, LITTLE, TOO_LITTLE),
                message,
                advice.map(str::to_owned),
            );
        }
    }
}

/// Whether a kernel may open enough files.
pub fn check_descriptors(_: &Configuration, findings: &mut Findings) {
    // A kernel raises the soft limit to the hard one by itself.
    let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return;
    };
    let verdict = judge(most, FEW, TOO_FEW);
    let advice = "raise it in /etc/security/limits.conf, or with LimitNOFILE= in a unit";
    let advice = (verdict != Verdict::Ok).then(|| advice.to_owned());
    findings.add(verdict, format!("a process may open {most} files"), advice);
}

fn judge(there_is: u64, little: u64, too_little: u64) -> Verdict {
    match there_is {
        few if few < too_little => Verdict::Problem,
        few if few < little => Verdict::Warning,
        _ => Verdict::Ok,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_room_is_a_warning_and_hardly_any_is_a_problem() {
        let judged = |megabytes: u64| judge(megabytes << 20, LITTLE, TOO_LITTLE);
        assert_eq!(judged(2_000), Verdict::Ok);
        assert_eq!(judged(500), Verdict::Warning);
        assert_eq!(judged(50), Verdict::Problem);
    }
}
