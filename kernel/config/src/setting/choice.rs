use super::Setting;
use crate::value::Value;

/// One of a few words.
pub trait Choice: Copy + PartialEq + 'static {
    /// All of them, each with its word.
    const ALL: &'static [(&'static str, Self)];
}

impl<T: Choice> Setting for T {
    fn expected() -> String {
        let words: Vec<String> = T::ALL.iter().map(|(word, _)| format!("{word:?}")).collect();
        match words.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            _ => words.concat(),
        }
    }

    fn from_text(text: &str) -> Result<Self, String> {
        let found = T::ALL.iter().find(|(word, _)| *word == text);
        found.map(|(_, choice)| *choice).ok_or_else(|| {
            match nearest(T::ALL.iter().map(|(word, _)| *word), text) {
                Some(word) => format!("did you mean {word:?}?"),
                None => String::new(),
            }
        })
    }

    fn value(&self) -> Value {
        let word = T::ALL.iter().find(|(_, choice)| choice == self);
        Value::Text(word.map_or("", |(word, _)| *word).to_owned())
    }
}

use crate::nearest::nearest;

/// Declares an enum that is one of a few words.
macro_rules! choices {
    ($(#[$attribute:meta])* $name:ident { $($(#[$variant_attribute:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_attribute])* $variant,)+ }

        impl $crate::setting::Choice for $name {
            const ALL: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),+];
        }
    };
}
pub(crate) use choices;
