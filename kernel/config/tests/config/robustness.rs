use std::path::Path;

use perilune_config::{KEYS, Key, Settings, check, check_project, key_named, set, unset};
use proptest::prelude::*;

/// Files that are nearly right.
fn nearly() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        prop::sample::select(KEYS).prop_map(|key| key.name.to_owned()),
        prop::sample::select(KEYS).prop_map(|key| format!(
            "[{}]\n{}",
            key.section(),
            key.short_name()
        )),
        Just("[log".to_owned()),
        Just("[[log]]".to_owned()),
        "[a-z._\\-\"']{1,8}",
    ];
    let value = prop_oneof![
        Just("'none'".to_owned()),
        Just("1979-05-27".to_owned()),
        Just("[[[{a = 1}]]]".to_owned()),
        Just("-9999999999999999999".to_owned()),
        Just("'1e999 EiB'".to_owned()),
        Just("'-1MB'".to_owned()),
        Just("'NaN MB'".to_owned()),
        Just("'99999999999999999999y'".to_owned()),
        "[0-9]{1,25}",
        "'[ -~]{0,12}'",
        "\\PC{0,6}",
    ];
    prop::collection::vec((word, value), 0..6).prop_map(|lines| {
        let line = |(name, value): (String, String)| format!("{name} = {value}\n");
        lines.into_iter().map(line).collect()
    })
}

/// Files that are right, with settings in any way of writing.
fn right() -> impl Strategy<Value = String> {
    prop::sample::subsequence(KEYS.to_vec(), 0..6).prop_map(|keys| {
        let line = |key: &Key| format!("# {0}\n{0} = {1}\n", key.name, (key.default)().to_toml());
        keys.iter().map(line).collect()
    })
}

proptest! {
    #[test]
    fn no_bytes_are_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = check(Path::new("x"), &bytes);
        let _ = check_project(&Settings::default(), Path::new("x"), &bytes);
    }

    #[test]
    fn no_file_is_a_panic_and_every_problem_has_its_place(text in nearly()) {
        if let Err(problems) = check(Path::new("x"), text.as_bytes()) {
            prop_assert!(!problems.0.is_empty());
            for problem in problems.0 {
                let line = problem.to_string();
                let place = line.split(": ").next().unwrap().to_owned();
                let numbers: Vec<usize> = place.split(':').skip(1).map(|it| it.parse().unwrap()).collect();
                prop_assert!(numbers.len() == 2 && numbers[0] <= text.lines().count() + 1, "{line}");
            }
        }
    }

    #[test]
    fn what_is_set_is_read_back(key in prop::sample::select(KEYS), text in "\\PC{0,12}|[0-9]{1,5}(MB|d|s|ms|)|info|none|true|/x") {
        if let Ok(value) = key.parse(&text) {
            let file = set("# here\n", &key, &value);
            let relative = check(Path::new("x"), file.unwrap().as_bytes());
            // A path of a file is absolute, and one of a command line need not be.
            prop_assert!(relative.is_ok() || (key.expected)().contains("a path"), "{relative:?}");
            prop_assert_eq!(key.parse(&value.to_string()).unwrap(), value);
        }
    }

    #[test]
    fn a_change_keeps_what_is_valid_valid(text in right(), key in prop::sample::select(KEYS)) {
        prop_assert!(check(Path::new("x"), text.as_bytes()).is_ok(), "{text}");
        let value = (key.default)();
        let changed = set(&text, &key, &value).unwrap();
        prop_assert!(check(Path::new("x"), changed.as_bytes()).is_ok(), "{changed}");
        let gone = unset(&changed, key.name).unwrap().unwrap();
        prop_assert!(check(Path::new("x"), gone.as_bytes()).is_ok(), "{gone}");
        prop_assert_eq!(unset(&gone, key.name).unwrap(), None);
    }

    #[test]
    fn no_name_is_a_panic(name in "\\PC{0,40}") {
        let _ = key_named(&name);
        let _ = unset("[log]\nlevel = 1", &name);
    }
}
