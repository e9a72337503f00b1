use crate::key::{Key, Section};
use crate::settings::{KEYS, SECTIONS};

/// The word that is like `text`, if any is.
pub(crate) fn nearest<'a>(words: impl Iterator<Item = &'a str>, text: &str) -> Option<&'a str> {
    // What is longer than this is no slip of the hand, and costs time.
    if text.len() > 100 {
        return None;
    }
    let text = text.to_lowercase();
    words
        .map(|word| (strsim::normalized_damerau_levenshtein(word, &text), word))
        .filter(|(likeness, _)| *likeness >= 0.5)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, word)| word)
}

/// The setting of this name.
///
/// # Errors
///
/// When there is none: the words for that, with the nearest name.
pub fn key_named(name: &str) -> Result<&'static Key, String> {
    if let Some(key) = KEYS.iter().find(|key| key.name == name) {
        return Ok(key);
    }
    Err(match advice(name) {
        Some(advice) => format!("there is no setting {name:?}; {advice}"),
        None => format!("there is no setting {name:?}"),
    })
}

/// What may have been meant with the name of a setting that there is not.
pub(crate) fn advice(name: &str) -> Option<String> {
    if let Some(section) = section_named(name) {
        let names: Vec<&str> = keys_of(section).map(|key| key.name).collect();
        return Some(format!("that is a section, with {}", names.join(", ")));
    }
    let short = name.rsplit('.').next().unwrap_or(name);
    let (section, names) = (
        name.split('.').next().unwrap_or(name),
        KEYS.iter().map(|key| key.name),
    );
    // The right name in a wrong section, or in none, says more than letters that are alike.
    let same: Vec<&str> = KEYS
        .iter()
        .filter(|key| key.short_name() == short)
        .map(|key| key.name)
        .collect();
    let in_section = section_named(section).and_then(|section| {
        let names = keys_of(section).map(Key::short_name);
        let found = nearest(names, short)?;
        keys_of(section).find(|key| key.short_name() == found)
    });
    let found = match (same.as_slice(), in_section) {
        ([only], _) => Some(*only),
        (_, Some(key)) => Some(key.name),
        // What is right of the section would count for what is wrong of the name.
        _ if section_named(section).is_some() => None,
        _ => nearest(names, name),
    };
    found.map(|found| format!("did you mean {found}?"))
}

/// What may have been meant with the name of a section that there is not.
pub(crate) fn section_advice(name: &str) -> Option<String> {
    let found = nearest(SECTIONS.iter().map(|section| section.name), name);
    let key = KEYS.iter().find(|key| key.short_name() == name);
    match (key, found) {
        (Some(key), _) => Some(format!("did you mean {}?", key.name)),
        (None, Some(found)) => Some(format!("did you mean [{found}]?")),
        (None, None) => None,
    }
}

pub(crate) fn section_named(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}

fn keys_of(section: &'static Section) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.section() == section.name)
}
