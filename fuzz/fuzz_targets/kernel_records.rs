//! PID files and records of kernels: garbage is nobody's, and stops no start.
#![no_main]

use std::fs;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use perilune_daemon::{Folders, Name, Record, Registry};

#[path = "../memory.rs"]
mod memory;

static PLACE: LazyLock<(tempfile::TempDir, Folders, Registry)> = LazyLock::new(|| {
    let home = memory::folder();
    // SAFETY: the first input is read by the only thread.
    unsafe { std::env::set_var("XDG_STATE_HOME", home.path()) };
    let folders = Folders::of_this_user().unwrap();
    let registry = Registry::open(&folders).unwrap();
    (home, folders, registry)
});

fuzz_target!(|input: (&[u8], &[u8])| {
    let (pid_file, record) = input;
    let (_, folders, registry) = &*PLACE;
    let name: Name = "a".parse().unwrap();
    let place = |ending: &str| folders.runtime().join(format!("a.{ending}"));
    fs::write(place("pid"), pid_file).unwrap();
    fs::write(place("json"), record).unwrap();

    let found = registry.find(&name).unwrap();
    assert!(!found.is_held());
    let is_whole = serde_json::from_slice::<Record>(record).is_ok_and(|it| it.name == name);
    assert_eq!(found.record.is_some(), is_whole);

    let registration = registry.claim(&name).unwrap();
    assert!(registry.find(&name).unwrap().is_held());
    if let Some(record) = &found.record {
        registration.write(record).unwrap();
        assert_eq!(registry.record(&name).unwrap().as_ref(), Some(record));
    }
    drop(registration);
    assert!(registry.entries().unwrap().is_empty());
});
