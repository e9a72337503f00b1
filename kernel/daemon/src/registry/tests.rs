use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use chrono::Utc;

use super::*;

fn registry(home: &Path) -> Registry {
    // Not by the environment, which all tests of this process share.
    let folder = PrivateFolder::open(&home.join("run")).unwrap();
    Registry {
        folder: Arc::new(folder),
    }
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn record_of(text: &str) -> Record {
    Record {
        schema_version: Record::SCHEMA_VERSION,
        name: name(text),
        id: "0000".to_owned(),
        pid: std::process::id(),
        started: Utc::now(),
        version: "0.1.0".to_owned(),
        connection_file: "/run/kernel.json".into(),
        owns_connection_file: true,
        log: Some("/state/kernel.log".into()),
        folder: "/state".into(),
        arguments: vec!["kernel".to_owned(), "start".to_owned()],
        working_folder: "/".into(),
        daemon: true,
        health: None,
        health_token_file: None,
    }
}

#[test]
fn a_kernel_is_found_by_its_name_until_it_ends() {
    let home = tempfile::tempdir().unwrap();
    let registry = registry(home.path());
    let registration = registry.claim(&name("one")).unwrap();
    assert_eq!(registration.predecessor, None);
    let starting = registry.find(&name("one")).unwrap();
    assert!(starting.is_held());
    assert_eq!(starting.record, None);

    registration.write(&record_of("one")).unwrap();
    let found = registry.find(&name("one")).unwrap();
    assert_eq!(
        found.record,
        Some(record_of("one")).map(|record| Record {
            started: found.record.as_ref().unwrap().started,
            ..record
        })
    );
    let mode = fs::metadata(home.path().join("run/one.json")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);

    drop(registration);
    assert_eq!(fs::read_dir(home.path().join("run")).unwrap().count(), 0);
    assert!(!registry.find(&name("one")).unwrap().is_held());
}

#[test]
fn all_names_are_listed_in_order_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let registry = registry(home.path());
    let _held = ["b", "a.json", "a"].map(|text| {
        let registration = registry.claim(&name(text)).unwrap();
        registration.write(&record_of(text)).unwrap();
        registration
    });
    let run = home.path().join("run");
    fs::write(run.join("-x.pid"), "1").unwrap();
    fs::write(run.join("notes.txt"), "").unwrap();
    fs::create_dir(run.join("folder.pid")).unwrap();
    symlink("a.pid", run.join("link.pid")).unwrap();
    let entries = registry.entries().unwrap();
    let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["a", "a.json", "b"]);
    assert!(entries.iter().all(|entry| {
        entry.is_held()
            && entry
                .record
                .as_ref()
                .is_some_and(|record| record.name == entry.name)
    }));
}

#[test]
fn what_a_killed_kernel_left_is_told_and_taken_over_or_forgotten() {
    let home = tempfile::tempdir().unwrap();
    let registry = registry(home.path());
    let run = home.path().join("run");
    let leave = || {
        fs::write(run.join("one.pid"), "4194304\n").unwrap();
        let text = serde_json::to_string(&record_of("one")).unwrap();
        fs::write(run.join("one.json"), text).unwrap();
        fs::write(run.join("one.new"), "half a rec").unwrap();
    };
    leave();
    let entry = registry.find(&name("one")).unwrap();
    assert!(!entry.is_held() && entry.record.is_some());
    let registration = registry.claim(&name("one")).unwrap();
    let predecessor = registration.predecessor.clone().unwrap();
    assert_eq!(predecessor.process.unwrap().pid, 4_194_304);
    assert_eq!(predecessor.record.unwrap().id, "0000");
    let error = registry.forget(&name("one")).unwrap_err();
    assert!(matches!(error, DaemonError::Held { .. }), "{error}");
    registration.write(&record_of("one")).unwrap();
    drop(registration);

    leave();
    assert!(registry.forget(&name("one")).unwrap().is_some());
    assert_eq!(fs::read_dir(&run).unwrap().count(), 0);
    assert_eq!(registry.forget(&name("one")).unwrap(), None);
}

#[test]
fn a_record_that_is_none_is_said_to_be_and_stops_nobody() {
    let home = tempfile::tempdir().unwrap();
    let registry = registry(home.path());
    let path = home.path().join("run/one.json");
    let other = serde_json::to_vec(&record_of("two")).unwrap();
    for garbage in [&b""[..], b"{", b"\0\0\0", b"[1]", &other] {
        fs::write(&path, garbage).unwrap();
        let error = registry.record(&name("one")).unwrap_err();
        assert!(matches!(error, DaemonError::Record { .. }), "{error}");
        let registration = registry.claim(&name("one")).unwrap();
        registration.write(&record_of("one")).unwrap();
        assert!(registry.record(&name("one")).unwrap().is_some());
    }
}

#[test]
fn fields_that_a_later_version_adds_are_no_obstacle() {
    let home = tempfile::tempdir().unwrap();
    let registry = registry(home.path());
    let mut later = serde_json::to_value(record_of("one")).unwrap();
    later["schema_version"] = 2.into();
    later["mood"] = "fine".into();
    fs::write(home.path().join("run/one.json"), later.to_string()).unwrap();
    let found = registry.record(&name("one")).unwrap().unwrap();
    assert_eq!(found.schema_version, 2);
}
