//! Which magics there are.

use super::call::{Answer, Call};
use super::options::Flag;
use super::source::Code;
use super::{earlier, environment, files, help, names, rich, rocks, shell, timing};

/// A magic.
pub(super) struct Magic {
    pub(super) name: &'static str,
    pub(super) form: Form,
    /// What may stand behind the name, `[-a] FILE`.
    pub(super) usage: &'static str,
    /// What it does, in one line.
    pub(super) summary: &'static str,
    /// All that there is to know, in Markdown.
    pub(super) help: &'static str,
    pub(super) options: &'static [Flag],
    pub(super) code: Code,
    /// Whether words that begin with `-` are no options of its own.
    pub(super) takes_all_words: bool,
    pub(super) run: fn(&Call<'_>) -> Answer,
}

/// Where a magic may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// On a line of Lua code.
    Line,
    /// At the beginning of a cell, which is its own.
    Cell,
    /// Both.
    Both,
}

impl Form {
    /// What is typed before the name.
    pub(super) fn signs(self) -> &'static [&'static str] {
        match self {
            Self::Line => &["%"],
            Self::Cell => &["%%"],
            Self::Both => &["%", "%%"],
        }
    }
}

/// All magics, by group.
pub(super) fn all() -> impl Iterator<Item = &'static Magic> {
    [
        timing::MAGICS,
        names::MAGICS,
        files::MAGICS,
        environment::MAGICS,
        shell::MAGICS,
        rich::MAGICS,
        earlier::MAGICS,
        rocks::MAGICS,
        help::MAGICS,
    ]
    .into_iter()
    .flatten()
}

pub(super) fn find(name: &str) -> Option<&'static Magic> {
    all().find(|magic| magic.name == name)
}

/// What a magic does with the Lua code that it is given.
pub(super) fn code_of(name: &str) -> Option<Code> {
    find(name).map(|magic| magic.code)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_magic_has_a_name_of_its_own_and_help() {
        let mut names = HashSet::new();
        for magic in all() {
            assert!(names.insert(magic.name), "{}", magic.name);
            assert!(magic.summary.ends_with('.'), "{}", magic.name);
            assert!(magic.summary.len() <= 60, "{}", magic.name);
            assert!(!magic.help.is_empty(), "{}", magic.name);
            for flag in magic.options {
                assert!(magic.usage.contains(&flag.sign()), "{}", magic.name);
            }
        }
    }
}
