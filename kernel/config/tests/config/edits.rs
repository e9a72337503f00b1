use perilune_config::{key_named, set, unset};

fn with(text: &str, key: &str, value: &str) -> String {
    let key = key_named(key).unwrap();
    set(text, key, &key.parse(value).unwrap()).unwrap()
}

fn without(text: &str, key: &str) -> Option<String> {
    unset(text, key).unwrap()
}

#[test]
fn a_new_setting_makes_its_section() {
    assert_eq!(with("", "log.level", "debug"), "[log]\nlevel = \"debug\"\n");
    assert_eq!(
        with("[log]\nlevel = \"warn\"\n", "history.days", "3"),
        "[log]\nlevel = \"warn\"\n\n[history]\ndays = 3\n"
    );
}

#[test]
fn comments_order_and_spaces_stay() {
    let text = "# mine\n\n[history] # all of it\ndays   =   3 # a few\n# more\nentries = 5\n\n[log]\n# end\n";
    assert_eq!(
        with(text, "history.days", "9"),
        text.replace("=   3", "=   9")
    );
    assert_eq!(
        with(text, "log.level", "info"),
        text.replace("[log]\n", "[log]\nlevel = \"info\"\n")
    );
}

#[test]
fn whatever_way_it_is_written_it_is_the_same_setting() {
    assert_eq!(
        with("log.level = 'warn'\n", "log.level", "info"),
        "log.level = \"info\"\n"
    );
    assert_eq!(
        with("log = { level = 'warn' }\n", "log.level", "info"),
        "log = { level = \"info\" }\n"
    );
}

#[test]
fn what_is_unset_is_gone_and_the_rest_stays() {
    let text = "[history]\n# how long\ndays = 3\nentries = 5\n";
    assert_eq!(
        without(text, "history.entries").unwrap(),
        "[history]\n# how long\ndays = 3\n"
    );
    assert_eq!(without(text, "log.level"), None);
    assert_eq!(without(text, "history.file"), None);
    assert_eq!(without("log.level = 'warn'\n", "log.level").unwrap(), "");
}

#[test]
fn what_should_never_have_been_there_can_be_taken_out() {
    assert_eq!(without("log = 1\n", "log.level"), None);
    assert_eq!(without("log = 1\n", "log").unwrap(), "");
    assert_eq!(
        without("[lgo]\nlevel = 1\n", "lgo.level").unwrap(),
        "[lgo]\n"
    );
    assert_eq!(without("level = 1\n", "level").unwrap(), "");
    assert_eq!(without("level = 1\n", ""), None);
}

#[test]
fn what_is_no_toml_is_left_alone() {
    let key = key_named("log.level").unwrap();
    let value = key.parse("info").unwrap();
    assert!(set("[log", key, &value).is_err());
    assert!(set("log = 1", key, &value).is_err());
    assert!(unset("[log", "log.level").is_err());
}
