use std::collections::BTreeSet;

use perilune_config::{KEYS, SECTIONS, Settings, Value};

#[test]
fn every_default_is_a_value_that_can_be_set() {
    for key in KEYS {
        let default = (key.default)();
        assert_eq!(
            key.parse(&default.to_string()).unwrap(),
            default,
            "{}",
            key.name
        );
        assert_eq!(key.value_in(&Settings::default()), default, "{}", key.name);
    }
}

#[test]
fn every_variable_is_the_settings_name_but_two_that_are_older() {
    for key in KEYS {
        let usual = format!("PERILUNE_{}", key.name.replace('.', "_").to_uppercase());
        let older = match key.name {
            "log.level" => Some("PERILUNE_LOG"),
            "history.file" => Some("PERILUNE_HISTORY"),
            _ => None,
        };
        assert_eq!(key.variable, older.unwrap_or(&usual));
    }
    let variables: BTreeSet<_> = KEYS.iter().map(|key| key.variable).collect();
    assert_eq!(variables.len(), KEYS.len());
}

#[test]
fn every_setting_and_section_says_what_it_is() {
    for key in KEYS {
        let words = key.description();
        assert!(
            words.len() > 10 && words.ends_with('.'),
            "{}: {words}",
            key.name
        );
        assert!(SECTIONS.iter().any(|it| it.name == key.section()));
    }
    for section in SECTIONS {
        let words = section.description();
        assert!(words.ends_with('.'), "{words}");
    }
}

#[test]
fn values_are_shown_in_the_unit_that_says_them_whole() {
    let shown = |key: &str, text: &str| {
        let key = perilune_config::key_named(key).unwrap();
        key.parse(text).unwrap()
    };
    let text = |text: &str| Value::Text(text.to_owned());
    for (given, then) in [
        ("10MB", "10MB"),
        ("10 mb", "10MB"),
        ("512MiB", "512MiB"),
        ("1024KiB", "1MiB"),
        ("1500000", "1500kB"),
        ("1025", "1025B"),
        ("1.5GiB", "1536MiB"),
    ] {
        assert_eq!(shown("kernel.memory_limit", given), text(then));
    }
}

#[test]
fn the_manual_says_what_the_table_says() {
    let manual = include_str!("../../../../docs/configuration.md");
    let (_, rest) = manual
        .split_once("<!-- perilune config info --markdown -->\n\n")
        .unwrap();
    let (table, _) = rest.split_once("\n<!-- end -->").unwrap();
    assert!(
        table == perilune_config::markdown(),
        "docs/configuration.md needs what `perilune config info --markdown` prints"
    );
}

#[test]
fn the_template_of_a_file_sets_nothing_and_is_valid_also_without_its_comments() {
    for is_project in [false, true] {
        let template = perilune_config::template(is_project);
        let check = |text: &str| match is_project {
            true => {
                perilune_config::check_project(&Settings::default(), "x".as_ref(), text.as_bytes())
            }
            false => perilune_config::check("x".as_ref(), text.as_bytes()),
        };
        assert_eq!(check(&template), Ok(()));
        // What is behind `#` at once is a setting, and behind a space words.
        let set: Vec<&str> = template
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(setting) if !setting.starts_with(' ') => setting,
                _ => line,
            })
            .collect();
        assert_eq!(check(&set.join("\n")), Ok(()));
    }
}
