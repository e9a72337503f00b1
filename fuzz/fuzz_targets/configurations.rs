//! Configurations: what is wrong is told, and a change of what is right leaves it right.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use perilune_config::{KEYS, Settings, check, check_project, key_named, set, unset};

fuzz_target!(|input: (u8, &[u8])| {
    let (chosen, bytes) = input;
    let path = Path::new("config.toml");
    let checked = check(path, bytes);
    let _ = check_project(&Settings::default(), path, bytes);
    if let Err(problems) = &checked {
        assert!(!problems.0.is_empty());
        assert!(
            problems
                .0
                .iter()
                .all(|problem| !problem.to_string().is_empty())
        );
    }
    let Ok(text) = str::from_utf8(bytes) else {
        assert!(checked.is_err());
        return;
    };
    let _ = key_named(text);
    let key = &KEYS[usize::from(chosen) % KEYS.len()];
    let changed = set(text, key, &(key.default)());
    if checked.is_ok() {
        let changed = changed.unwrap();
        check(path, changed.as_bytes())
            .unwrap_or_else(|problems| panic!("{problems:?}\n{changed}"));
        let without = unset(&changed, key.name).unwrap();
        if let Some(without) = without {
            check(path, without.as_bytes()).unwrap();
        }
    }
});
