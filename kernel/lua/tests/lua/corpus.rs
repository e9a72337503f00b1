//! Completion and inspection, case by case: `tests/corpus`.
//!
//! In the code of a case `¦` is the cursor and `‹` where what is replaced begins. A match is written
//! as its text, its kind and its signature. `{files}` is the folder `tests/corpus/files`.

use std::fs;
use std::path::{Path, PathBuf};

use perilune_language::{Completion, Detail, Language, MimeBundle};
use serde::Deserialize;

use crate::notebook::Notebook;

/// A file of the corpus: cells that are run, and then cases.
#[derive(Deserialize)]
struct Topic {
    cells: Vec<String>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    code: String,
    /// All matches in their order.
    matches: Option<Vec<String>>,
    /// Some of many.
    includes: Option<Vec<String>>,
    #[serde(default)]
    excludes: Vec<String>,
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn with_files(text: &str) -> String {
    text.replace("{files}", corpus().join("files").to_str().unwrap())
}

/// The topics by their names.
fn topics() -> Vec<(String, Topic)> {
    let folder = fs::read_dir(corpus().join("completion")).unwrap();
    let mut topics: Vec<_> = folder
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let topic = toml::from_str(&fs::read_to_string(&path).unwrap());
            (
                name,
                topic.unwrap_or_else(|error| panic!("{path:?}: {error}")),
            )
        })
        .collect();
    topics.sort_by(|(one, _), (other, _)| one.cmp(other));
    topics
}

/// The code without its marks, the cursor, and where what is replaced begins.
fn marked(code: &str) -> (String, usize, usize) {
    let code = with_files(code);
    let position = |mark| {
        code.chars()
            .filter(|c| !"‹¦".contains(*c) || *c == mark)
            .position(|c| c == mark)
    };
    let cursor = position('¦').unwrap();
    let start = position('‹').unwrap_or(cursor);
    (code.replace(['‹', '¦'], ""), cursor, start)
}

fn written(completion: &Completion) -> Vec<String> {
    let matches = completion.matches.iter();
    matches
        .map(|found| {
            let mut text = format!("{} {}", found.text, found.kind);
            if let Some(signature) = &found.signature {
                text.push(' ');
                text.push_str(signature);
            }
            text
        })
        .collect()
}

impl Case {
    /// What is wrong with an answer.
    fn wrong(&self, completion: &Completion, cursor: usize, start: usize) -> Vec<String> {
        let mut wrong = Vec::new();
        if (completion.start, completion.end) != (start, cursor) {
            wrong.push(format!(
                "from {} to {}, and not from {start} to {cursor}",
                completion.start, completion.end
            ));
        }
        let found = written(completion);
        if let Some(expected) = &self.matches
            && *expected != found
        {
            wrong.push(format!("{found:?}\n   and not {expected:?}"));
        }
        for included in self.includes.iter().flatten() {
            if !found.contains(included) {
                wrong.push(format!("{included:?} is not in {found:?}"));
            }
        }
        for excluded in &self.excludes {
            if completion
                .matches
                .iter()
                .any(|found| found.text == *excluded)
            {
                wrong.push(format!("{excluded:?} is in {found:?}"));
            }
        }
        if self.matches.is_none() && self.includes.is_none() {
            wrong.push("the case expects nothing".to_owned());
        }
        wrong
    }
}

/// Asks each case of `complete`, which is made for each topic when its cells have run.
fn check(ask: impl Fn(&mut Notebook) -> Box<dyn FnMut(&mut Notebook, &str, usize) -> Completion>) {
    let mut all = Vec::new();
    for (topic, Topic { cells, case: cases }) in topics() {
        let mut notebook = Notebook::new();
        for cell in &cells {
            notebook.run(&with_files(cell));
        }
        let mut complete = ask(&mut notebook);
        for case in &cases {
            let (code, cursor, start) = marked(&case.code);
            let completion = complete(&mut notebook, &code, cursor);
            for wrong in case.wrong(&completion, cursor, start) {
                all.push(format!("{topic}, {}: {wrong}", case.name));
            }
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn the_interpreter_completes_every_case() {
    check(|_| Box::new(|notebook, code, cursor| notebook.lua.complete(code, cursor)));
}

#[test]
fn a_snapshot_completes_every_case() {
    check(|notebook| {
        let snapshot = notebook.lua.snapshot();
        Box::new(move |_, code, cursor| snapshot.complete(code, cursor))
    });
}

#[test]
fn what_fits_does_not_depend_on_what_follows() {
    let mut notebook = Notebook::new();
    for (_, topic) in topics() {
        for case in topic.case {
            let (code, cursor, _) = marked(&case.code);
            let until: String = code.chars().take(cursor).collect();
            assert_eq!(
                notebook
                    .lua
                    .complete(&format!("{until} )) end 😀 ]]"), cursor),
                notebook.lua.complete(&until, cursor),
                "{code}"
            );
        }
    }
}

/// The cases of `tests/corpus/inspection.toml`.
#[derive(Deserialize)]
struct Inspections {
    cells: Vec<String>,
    case: Vec<Inspection>,
}

#[derive(Deserialize)]
struct Inspection {
    name: String,
    code: String,
    /// Whether the source is asked for too, as `name??` does.
    #[serde(default)]
    source: bool,
    /// What a terminal shows, without colours; nothing if nothing is known.
    text: Option<String>,
}

fn inspections() -> Inspections {
    let text = fs::read_to_string(corpus().join("inspection.toml")).unwrap();
    toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_case_of_inspection_is_answered() {
    let Inspections { cells, case: cases } = inspections();
    let mut notebook = Notebook::new();
    for cell in &cells {
        notebook.run(&with_files(cell));
    }
    let mut wrong = Vec::new();
    for case in &cases {
        let (code, cursor, _) = marked(&case.code);
        let detail = if case.source {
            Detail::Full
        } else {
            Detail::Brief
        };
        let bundle = notebook.lua.inspect(&code, cursor, detail);
        let text = bundle
            .as_ref()
            .and_then(MimeBundle::text)
            .map(|text| text.replace(corpus().join("files").to_str().unwrap(), "{files}"));
        if text != case.text {
            wrong.push(format!(
                "{}: {text:?}\n  and not {:?}",
                case.name, case.text
            ));
        }
        let markdown = bundle
            .as_ref()
            .and_then(|bundle| bundle.data.get("text/markdown"));
        assert_eq!(markdown.is_some(), text.is_some(), "{}", case.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        notebook.value("ran").as_deref(),
        Some("nil"),
        "a metamethod ran"
    );
}
