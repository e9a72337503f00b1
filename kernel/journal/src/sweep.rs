use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::clock::{Clock, Stamp};
use crate::segment::Segment;
use crate::store::{LOCK, lock};

/// What a journal's folder is called in the folder of its kernel.
pub const FOLDER: &str = "journal";

/// Removes the journals of kernels that have ended, where their newest message is older than
/// `age`. In `kernels` is a folder for each kernel. Returns how many went.
pub fn sweep(kernels: &Path, age: Duration, clock: &impl Clock) -> usize {
    let now = clock.now();
    let Ok(entries) = fs::read_dir(kernels) else {
        return 0;
    };
    entries
        .filter_map(|entry| {
            let kernel = entry.ok()?.path();
            let removed = remove_if_over(&kernel.join(FOLDER), age, now);
            if removed {
                // Only if nothing else is in it.
                let _ = fs::remove_dir(kernel);
            }
            removed.then_some(())
        })
        .count()
}

fn remove_if_over(folder: &Path, age: Duration, now: Stamp) -> bool {
    let Ok(mut segments) = Segment::of_folder(folder) else {
        return false;
    };
    segments.retain(Segment::is_ours);
    // Looked at first: a lock leaves a file behind.
    let Some(newest) = segments.last_mut() else {
        return false;
    };
    let is_over = newest.date().is_ok()
        && newest
            .last
            .and_then(|last| last.age(now))
            .is_some_and(|old| old > age);
    if !is_over {
        return false;
    }
    // While it is held nobody begins to write there.
    let Ok(_lock) = lock(folder) else {
        return false;
    };
    let removed = segments
        .iter()
        .filter(|segment| fs::remove_file(&segment.path).is_ok())
        .count();
    // With what is not ours in it, the folder stays.
    let _ = fs::remove_file(folder.join(LOCK));
    let _ = fs::remove_dir(folder);
    removed == segments.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, Message, Store};
    use bytes::Bytes;

    struct At(Stamp);

    impl Clock for At {
        fn now(&self) -> Stamp {
            self.0
        }
    }

    const NOON: u64 = 1_800_000_000_000_000;
    const DAY: u64 = 86_400_000_000;

    fn at(day: u64) -> At {
        At(Stamp {
            wall: NOON + day * DAY,
            uptime: 0,
            boot: day,
        })
    }

    fn store(folder: &Path, day: u64) -> Store<At> {
        let mut store = Store::open(folder, Limits::default(), at(day)).unwrap();
        let nothing = || Bytes::from_static(b"{}");
        let message = Message {
            header: nothing(),
            parent_header: nothing(),
            metadata: nothing(),
            content: nothing(),
            buffers: Vec::new(),
        };
        store.append([(0, message)]);
        store
    }

    #[test]
    fn only_journals_go_that_are_old_and_that_nobody_writes() {
        let home = tempfile::tempdir().unwrap();
        let folder = |name: &str| home.path().join(name).join(FOLDER);
        drop(store(&folder("old"), 1));
        drop(store(&folder("new"), 9));
        let _held = store(&folder("held"), 1);
        fs::create_dir_all(folder("foreign")).unwrap();
        let poem = folder("foreign").join("00000000000000000001.journal");
        fs::write(poem, "poem").unwrap();
        let week = Duration::from_secs(7 * 86_400);
        let sweep = |day| sweep(home.path(), week, &at(day));
        assert_eq!(sweep(8), 0);
        assert_eq!(sweep(10), 1);
        assert_eq!(sweep(10), 0);
        let left = ["old", "new", "held", "foreign"].map(|name| folder(name).exists());
        assert_eq!(left, [false, true, true, true]);
    }
}
