use std::fs;
use std::os::unix::fs::chown;

use perilune_config::{KEYS, ProjectRule, Settings, Value, check, check_project};

use crate::{Here, value};

#[test]
fn the_file_is_found_in_the_folder_or_above_but_not_above_the_home() {
    let mut here = Here::new().project("history.enabled = false");
    let search = here.sources.project.as_mut().unwrap();
    let project = search.folder.clone();
    search.folder = project.join("a/b");
    fs::create_dir_all(&search.folder).unwrap();
    assert_eq!(value(&here.read(), "history.enabled").1, "project");

    let search = here.sources.project.as_mut().unwrap();
    search.last = Some(project.join("a"));
    assert_eq!(value(&here.read(), "history.enabled").1, "default");
}

#[test]
fn the_nearest_file_is_the_only_one() {
    let mut here = Here::new().project("history.enabled = false");
    let search = here.sources.project.as_mut().unwrap();
    search.folder = search.folder.join("inner");
    fs::create_dir(&search.folder).unwrap();
    fs::write(search.folder.join("perilune.toml"), "").unwrap();
    assert_eq!(value(&here.read(), "history.enabled").1, "default");
}

#[test]
fn a_project_sets_nothing_that_listens_writes_elsewhere_or_raises_a_limit() {
    for key in KEYS.iter().filter(|key| key.project == ProjectRule::No) {
        let here = Here::new().project(&format!("{} = 'none'", key.name));
        let found = here.problems();
        assert!(
            found[0].contains(&format!("{}: a project may not set this", key.name))
                && found[0].contains("perilune config set"),
            "{found:?}"
        );
    }
    for prefix in [
        "kernel.ip",
        "kernel.transport",
        "log.",
        "health.",
        "shutdown.",
        "state.",
        "journal.",
    ] {
        for key in KEYS.iter().filter(|key| key.name.starts_with(prefix)) {
            assert_eq!(key.project, ProjectRule::No, "{}", key.name);
        }
    }
    for key in KEYS.iter().filter(|key| (key.expected)().contains("path")) {
        assert_eq!(key.project, ProjectRule::No, "{}", key.name);
    }
}

#[test]
fn a_project_may_lower_a_limit_and_not_raise_it() {
    let here = Here::new().project("kernel.memory_limit = '1GiB'");
    assert_eq!(value(&here.read(), "kernel.memory_limit").0, "1GiB");
    let here = here.user("kernel.memory_limit = '512MiB'");
    assert_eq!(
        here.problems(),
        [
            "project/perilune.toml:1:23: kernel.memory_limit: a project may only set less than the \
          user has, which is 512MiB"
        ]
    );
    let here = here.project("kernel.memory_limit = 'none'");
    assert_eq!(here.problems().len(), 1);
    let here = here.project("kernel.memory_limit = '256MiB'");
    assert_eq!(value(&here.read(), "kernel.memory_limit").0, "256MiB");
}

#[test]
fn a_project_may_turn_off_and_not_on() {
    let here = Here::new()
        .user("history.enabled = false")
        .project("history.enabled = true");
    assert_eq!(here.problems().len(), 1);
    let here = Here::new().project("history.enabled = false");
    assert!(!here.read().settings.history.enabled);
}

#[test]
fn a_file_of_somebody_else_is_not_read() {
    // Only root can make one; whoever else runs this cannot be fooled that way either.
    let here = Here::new().project("kernel.ip = 'would be an error'");
    if chown(here.path("project/perilune.toml"), Some(12345), None).is_err() {
        assert_eq!(here.problems().len(), 1);
        return;
    }
    let configuration = here.read();
    assert_eq!(
        configuration.foreign,
        Some(here.path("project/perilune.toml"))
    );
    let key = perilune_config::key_named("kernel.ip").unwrap();
    assert_eq!(
        configuration.value(key),
        Value::Text("127.0.0.1".to_owned())
    );
}

#[test]
fn a_file_may_be_checked_as_a_projects() {
    let path = "x.toml".as_ref();
    assert!(check(path, b"kernel.ip = '::1'").is_ok());
    assert!(check_project(&Settings::default(), path, b"kernel.ip = '::1'").is_err());
    let user = Here::new()
        .user("kernel.memory_limit = '1GB'")
        .read()
        .settings;
    assert!(check_project(&user, path, b"kernel.memory_limit = '2GB'").is_err());
    assert!(check_project(&user, path, b"kernel.memory_limit = '1GB'").is_ok());
}
