use crate::{Here, value};

const KEY: &str = "history.entries";

#[test]
fn what_nobody_sets_has_its_default() {
    let here = Here::new();
    assert_eq!(value(&here.read(), KEY), ("100000".to_owned(), "default"));
}

#[test]
fn each_layer_wins_over_those_below() {
    let of = |value_: &str, layer| (value_.to_owned(), layer);
    let key = "kernel.memory_limit";
    let here = Here::new().user("[kernel]\nmemory_limit = '4GiB'");
    assert_eq!(value(&here.read(), key), of("4GiB", "user"));
    let here = here.project("[kernel]\nmemory_limit = '3GiB'");
    assert_eq!(value(&here.read(), key), of("3GiB", "project"));
    let here = here.variable("PERILUNE_KERNEL_MEMORY_LIMIT", "5GiB");
    assert_eq!(value(&here.read(), key), of("5GiB", "environment"));
    let here = here.flag(key, "6GiB");
    assert_eq!(value(&here.read(), key), of("6GiB", "flag"));
    let here = here.flag(key, "7GiB");
    assert_eq!(value(&here.read(), key), of("7GiB", "flag"));
}

#[test]
fn the_origin_names_file_and_line() {
    let here = Here::new().user("# mine\n\nhistory.days = 3\n\n[log]\nlevel = 'debug'\n");
    let configuration = here.read();
    let origin = |key: &str| {
        let key = perilune_config::key_named(key).unwrap();
        configuration.origin(key).to_string()
    };
    let path = here.path("config.toml");
    assert_eq!(origin("log.level"), format!("{}:6", path.display()));
    assert_eq!(origin("history.days"), format!("{}:3", path.display()));
    assert_eq!(origin("history.file"), "default");
    let here = here
        .variable("PERILUNE_LOG", "trace")
        .flag("history.days", "4");
    let configuration = here.read();
    let origin = |key: &str| {
        let key = perilune_config::key_named(key).unwrap();
        configuration.origin(key).to_string()
    };
    assert_eq!(origin("log.level"), "environment PERILUNE_LOG");
    assert_eq!(origin("history.days"), "--set history.days=4");
}

#[test]
fn none_takes_back_what_a_lower_layer_says() {
    let here = Here::new()
        .user("history.days = 3")
        .flag("history.days", "none");
    assert_eq!(here.read().settings.history.days, None);
    let here = Here::new().user("history.days = 'none'");
    assert_eq!(here.read().settings.history.days, None);
}

#[test]
fn an_empty_variable_is_none_but_where_emptiness_says_something() {
    let here = Here::new()
        .variable("PERILUNE_LOG", "")
        .variable("PERILUNE_HISTORY", "");
    let configuration = here.read();
    assert_eq!(value(&configuration, "log.level").1, "default");
    assert_eq!(value(&configuration, "history.file").1, "environment");
}

#[test]
fn the_same_is_said_in_many_ways() {
    for text in [
        "[kernel]\nmemory_limit = 536870912",
        "[kernel]\nmemory_limit = '512MiB'",
        "kernel.memory_limit = \"524288 KiB\"",
        "kernel = { memory_limit = 0x2000_0000 }",
    ] {
        let here = Here::new().user(text);
        let size = here.read().settings.kernel.memory_limit.unwrap();
        assert_eq!(
            (size.bytes(), size.to_string().as_str()),
            (512 << 20, "512MiB")
        );
    }
    for yes in ["true", "yes", "ON", "1"] {
        let here = Here::new()
            .user("lua.project = false")
            .variable("PERILUNE_LUA_PROJECT", yes);
        assert!(here.read().settings.lua.project);
    }
}
