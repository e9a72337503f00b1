use std::os::unix::fs::symlink;

use crate::Here;

fn problems(text: &str) -> Vec<String> {
    Here::new().user(text).problems()
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest_right_one() {
    let cases = [
        (
            "[log]\nlevle = 'debug'",
            "config.toml:2:1: log.levle: there is no such setting; did you mean log.level?",
        ),
        (
            "[logs]\nlevel = 'debug'",
            "config.toml:1:2: there is no section [logs]; did you mean [log]?",
        ),
        (
            "level = 'debug'",
            "config.toml:1:1: level is in no section; did you mean log.level?",
        ),
        (
            "[log]\nmemory_limit = 1",
            "config.toml:2:1: log.memory_limit: there is no such setting; did you mean \
             kernel.memory_limit?",
        ),
        ("[zebra]", "config.toml:1:2: there is no section [zebra]"),
        (
            "[history]\nzzzzzzzzzzz = 1",
            "config.toml:2:1: history.zzzzzzzzzzz: there is no such setting",
        ),
        (
            "log.x = 1",
            "config.toml:1:5: log.x: there is no such setting",
        ),
        (
            "log = 'debug'",
            "config.toml:1:1: log is a section, which is written [log]",
        ),
    ];
    for (text, problem) in cases {
        assert_eq!(problems(text), [problem]);
    }
}

#[test]
fn a_wrong_value_is_refused_with_what_is_expected() {
    let cases = [
        (
            "history.enabled = 'yes'",
            "config.toml:1:19: history.enabled: expected true or false, found \"yes\"",
        ),
        (
            "history.entries = 0",
            "config.toml:1:19: history.entries: expected a whole number from 1 to 1000000000, \
             found the number 0",
        ),
        (
            "history.entries = '5'",
            "config.toml:1:19: history.entries: expected a whole number from 1 to 1000000000, \
             found \"5\"",
        ),
        (
            "history.days = 1.5",
            "config.toml:1:16: history.days: expected a whole number from 1 to 36500, or \"none\", \
             found the number 1.5",
        ),
        (
            "kernel.memory_limit = -1",
            "config.toml:1:23: kernel.memory_limit: expected a size such as \"10MB\" or \"512MiB\", \
             or \"none\", found the number -1",
        ),
        (
            "kernel.memory_limit = '0B'",
            "config.toml:1:23: kernel.memory_limit: expected a size such as \"10MB\" or \"512MiB\", \
             or \"none\", found \"0B\": it is at least 1B",
        ),
        (
            "kernel.transport = 'TCP'",
            "config.toml:1:20: kernel.transport: expected \"tcp\" or \"ipc\", found \"TCP\": did \
             you mean \"tcp\"?",
        ),
        (
            "kernel.ip = 'localhost'",
            "config.toml:1:13: kernel.ip: expected an IP address such as \"127.0.0.1\", found \
             \"localhost\"",
        ),
        (
            "history.file = 'here.db'",
            "config.toml:1:16: history.file: expected a path such as \"/var/lib/it\" or \"~/it\", \
             or \"none\", found \"here.db\": in a file it begins with \"/\" or \"~/\"",
        ),
        (
            "log.level = [1]",
            "config.toml:1:13: log.level: expected error, warn, info, debug, trace or off, also \
             for a part alone as in \"warn,perilune_transport=debug\", or \"none\", found a list",
        ),
    ];
    for (text, problem) in cases {
        assert_eq!(problems(text), [problem]);
    }
    assert!(problems("log.level = 'debgu'")[0].ends_with("; did you mean \"debug\"?"));
}

#[test]
fn columns_count_characters() {
    let found = problems("history = { file = '/ä/ö', enabled = 1 }");
    assert!(
        found[0].starts_with("config.toml:1:38: history.enabled"),
        "{found:?}"
    );
}

#[test]
fn all_that_is_wrong_is_said_at_once_in_the_order_of_the_file() {
    let here = Here::new()
        .user("[log]\nlevel = 1\n[history]\nentries = 'x'\nfiel = ''\n")
        .project("[kernel]\nip = '0.0.0.0'\n")
        .variable("PERILUNE_HISTORY_DAYS", "soon")
        .flag("history.dyas", "3");
    let found = here.problems();
    let places: Vec<&str> = found
        .iter()
        .map(|it| it.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        places,
        [
            "config.toml:2:9",
            "config.toml:4:11",
            "config.toml:5:1",
            "project/perilune.toml:2:1",
            "environment PERILUNE_HISTORY_DAYS",
            "--set history.dyas=3",
        ]
    );
    assert_eq!(
        found[5],
        "--set history.dyas=3: there is no setting \"history.dyas\"; did you mean history.days?"
    );
}

#[test]
fn what_is_no_toml_is_said_with_its_places() {
    let found = problems("[log\nlevel = \n\nx y\n");
    assert!(found.len() >= 2, "not only the first: {found:#?}");
    assert!(found[0].starts_with("config.toml:1:"), "{found:#?}");
    assert!(problems("[log]\nlevel = 'a'\nlevel = 'b'")[0].starts_with("config.toml:3:1: "));
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_place() {
    let here = Here::new();
    std::fs::write(here.path("config.toml"), b"[log]\n# \xff").unwrap();
    assert_eq!(here.problems(), ["config.toml:2:3: it is not UTF-8"]);
}

#[test]
fn what_is_no_file_or_too_long_is_not_read() {
    let here = Here::new();
    std::fs::create_dir(here.path("config.toml")).unwrap();
    assert_eq!(here.problems(), ["config.toml: it is not a file"]);
    let here = Here::new();
    nix::unistd::mkfifo(&here.path("config.toml"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert_eq!(here.problems(), ["config.toml: it is not a file"]);
    let here = Here::new().user(&"# long\n".repeat(200_000));
    assert!(here.problems()[0].contains("longer than 1 MiB"));
    let here = Here::new();
    symlink("/dev/zero", here.path("config.toml")).unwrap();
    assert_eq!(here.problems(), ["config.toml: it is not a file"]);
}

#[test]
fn nothing_in_a_file_acts_on_a_terminal_or_fills_it() {
    let long = "x".repeat(5_000);
    for text in [
        "[\"\\u001b[2J\"]".to_owned(),
        "\"a\\nb\" = 1".to_owned(),
        "[log]\n\"\\u001b\" = 1".to_owned(),
        "log.level = \"\\u001b[2J\"".to_owned(),
        format!("[{long}]"),
        format!("log.{long} = 1"),
        format!("log.level = '{long}'"),
        format!("history.days = {}", "9".repeat(5_000)),
        format!("history.days = {}", "[".repeat(100_000)),
        format!("{}x = 1", "a.".repeat(100_000)),
    ] {
        for problem in problems(&text) {
            assert!(!problem.contains(char::is_control), "{problem:?}");
            assert!(problem.len() < 500, "{problem}");
        }
    }
}

#[test]
fn files_of_other_systems_are_read_too() {
    let here = Here::new().user("\u{feff}[log]\r\nlevel = 'debug'\r\n");
    let level = here.read().settings.log.level.unwrap();
    assert_eq!(level.as_str(), "debug");
    let here = Here::new().user("\u{feff}[log]\r\nlevle = 'debug'\r\n");
    assert!(here.problems()[0].starts_with("config.toml:2:1: log.levle"));
}
