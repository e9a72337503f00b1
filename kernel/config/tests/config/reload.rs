use perilune_config::{Applies, KEYS, key_named};

use crate::Here;

#[test]
fn what_changed_is_told_with_old_and_new() {
    let here = Here::new().user("history.entries = 5\nkernel.memory_limit = '1GB'");
    let old = here.read();
    let new = here.user("history.entries = 6").read();
    let changes = old.changes(&new);
    let told: Vec<_> = changes
        .iter()
        .map(|it| (it.key, it.old.to_string(), it.new.to_string()))
        .collect();
    let of = |key, old: &str, new: &str| (key, old.to_owned(), new.to_owned());
    assert_eq!(
        told,
        [
            of("kernel.memory_limit", "1GB", "none"),
            of("history.entries", "5", "6")
        ]
    );
    assert!(
        changes
            .iter()
            .all(|it| it.applies == key_named(it.key).unwrap().applies)
    );
}

#[test]
fn what_is_taken_over_is_no_change_any_more() {
    let here = Here::new();
    let mut running = here.read();
    let new = here
        .user("history.entries = 6\nkernel.memory_limit = '1GB'")
        .read();
    let changes = running.changes(&new);
    assert_eq!(changes.len(), 2);
    running.take_over(&new, &changes[1]);
    assert_eq!(running.changes(&new), &changes[..1]);
}

#[test]
fn a_file_loses_to_the_command_line_still() {
    let here = Here::new().flag("history.entries", "7");
    let old = here.read();
    let new = here.user("history.entries = 6").read();
    assert_eq!(old.changes(&new), []);
}

#[test]
fn what_only_commands_read_is_no_matter_for_a_kernel() {
    for key in KEYS.iter().filter(|key| key.applies == Applies::Command) {
        assert!(!key.name.starts_with("kernel."), "{}", key.name);
    }
}
