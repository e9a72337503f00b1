//! One file: read as far as it can be, with all that is wrong in it.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Place, Problem, Problems};
use crate::key::{Bound, Key, ProjectRule};
use crate::nearest::{advice, section_advice, section_named};
use crate::setting::Given;
use crate::settings::{KEYS, Settings};

/// Whose file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    User,
    Project,
}

/// Checks the text of a user's file as if it were the only one.
///
/// # Errors
///
/// All that is wrong with it.
pub fn check(path: &Path, content: &[u8]) -> Result<(), Problems> {
    check_over(&Settings::default(), path, content, Kind::User)
}

/// Checks the text of a project's file, over what the user's file says: a project may not raise
/// what the user has limited.
///
/// # Errors
///
/// All that is wrong with it.
pub fn check_project(user: &Settings, path: &Path, content: &[u8]) -> Result<(), Problems> {
    check_over(user, path, content, Kind::Project)
}

fn check_over(below: &Settings, path: &Path, content: &[u8], kind: Kind) -> Result<(), Problems> {
    let (mut settings, mut problems) = (below.clone(), Vec::new());
    let document = Document {
        path,
        content,
        kind,
    };
    apply(document, &mut settings, &mut problems);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Problems(problems))
    }
}

/// So much of a name is enough to find it.
const MOST_SHOWN: usize = 60;

pub(crate) struct Document<'a> {
    pub path: &'a Path,
    pub content: &'a [u8],
    pub kind: Kind,
}

/// Puts what the file says into `settings`, and what is wrong with it into `problems`. Gives the
/// settings that it has set, each with its line.
pub(crate) fn apply(
    document: Document<'_>,
    settings: &mut Settings,
    problems: &mut Vec<Problem>,
) -> Vec<(&'static Key, usize)> {
    let text = match std::str::from_utf8(document.content) {
        Ok(text) => text,
        Err(error) => {
            let before = &document.content[..error.valid_up_to()];
            let before = String::from_utf8_lossy(before);
            problems.push(Problem {
                place: place(document.path, &before, before.len()),
                key: None,
                message: "it is not UTF-8".to_owned(),
            });
            return Vec::new();
        }
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader {
        document: &document,
        text,
        settings,
        problems: Vec::new(),
        set: Vec::new(),
    };
    for error in &errors {
        let start = error.span().map_or(0, |span| span.start);
        reader.problem(start, None, error.message().to_owned());
    }
    // Of a file that is no TOML only half is known, and what seems to be in it may not be meant.
    if errors.is_empty() {
        reader.read(table.get_ref());
    }
    let (mut found, set) = (reader.problems, reader.set);
    found.sort_by_key(|(start, _)| *start);
    problems.extend(found.into_iter().map(|(_, problem)| problem));
    set
}

struct Reader<'a> {
    document: &'a Document<'a>,
    text: &'a str,
    settings: &'a mut Settings,
    problems: Vec<(usize, Problem)>,
    set: Vec<(&'static Key, usize)>,
}

impl Reader<'_> {
    fn read(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let (start, name) = (name.span().start, name.get_ref().as_ref());
            let shown = shown(name);
            match (section_named(name), value.get_ref().as_table()) {
                (Some(_), Some(table)) => self.section(name, table),
                (Some(_), None) => {
                    let message = format!("{name} is a section, which is written [{name}]");
                    self.problem(start, None, message);
                }
                (None, _) => {
                    let what = match value.get_ref() {
                        DeValue::Table(_) => format!("there is no section [{shown}]"),
                        _ => format!("{shown} is in no section"),
                    };
                    self.problem(start, None, with_advice(what, section_advice(name)));
                }
            }
        }
    }

    fn section(&mut self, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let (start, short) = (name.span().start, name.get_ref());
            let name = format!("{section}.{short}");
            match KEYS.iter().find(|key| key.name == name) {
                Some(key) => self.value(key, start, value),
                None => {
                    let message = with_advice("there is no such setting".to_owned(), advice(&name));
                    let shown = format!("{section}.{}", shown(short));
                    self.problem(start, Some(shown), message);
                }
            }
        }
    }

    fn value(&mut self, key: &'static Key, start: usize, value: &Spanned<DeValue<'_>>) {
        let bound = match (self.document.kind, key.project) {
            (Kind::Project, ProjectRule::No) => {
                let message = "a project may not set this, since it is read by whoever enters the \
                               folder; set it for yourself with `perilune config set`";
                return self.problem(start, Some(key.name.to_owned()), message.to_owned());
            }
            (Kind::Project, ProjectRule::Lower) => Bound::NoMoreThanNow,
            _ => Bound::Free,
        };
        match (key.put)(self.settings, Given::Toml(value.get_ref()), bound) {
            Ok(()) => self.set.push((key, position(self.text, start).0)),
            Err(message) => {
                self.problem(value.span().start, Some(key.name.to_owned()), message);
            }
        }
    }

    fn problem(&mut self, start: usize, key: Option<String>, message: String) {
        let problem = Problem {
            place: place(self.document.path, self.text, start),
            key,
            message,
        };
        self.problems.push((start, problem));
    }
}

fn with_advice(what: String, advice: Option<String>) -> String {
    match advice {
        Some(advice) => format!("{what}; {advice}"),
        None => what,
    }
}

fn place(path: &Path, text: &str, start: usize) -> Place {
    let (line, column) = position(text, start);
    Place::File {
        path: path.to_owned(),
        line,
        column,
    }
}

/// A name as it can be shown: whoever wrote the file may mean a terminal to act on it.
fn shown(name: &str) -> String {
    let is_bare = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '-';
    let short: String = name.chars().take(MOST_SHOWN).collect();
    match name.chars().all(is_bare) && short.len() == name.len() && !name.is_empty() {
        true => short,
        false => format!("{short:?}"),
    }
}

/// The line and the column of a byte, both from 1.
fn position(text: &str, start: usize) -> (usize, usize) {
    let before = text.get(..start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |it| it.chars().count())
        + 1;
    (line, column)
}
