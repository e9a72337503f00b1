//! Every command that prints JSON: one document with a version, or a line for each event; and on
//! standard error whatever is logged, however much that is.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::perilune::{Ended, Surroundings, ended};

/// A command line, its exit code, and how often it prints an object.
struct Case(&'static str, i32, Prints);

#[derive(PartialEq)]
enum Prints {
    Document,
    Lines,
}
use Prints::{Document, Lines};

/// In an order in which each finds what it needs. `@` stands for what the test knows.
const CASES: &[Case] = &[
    Case("version", 0, Document),
    Case("doctor", 1, Document),
    Case("config set history.days 3", 0, Document),
    Case("config get history.days", 0, Document),
    Case("config show", 0, Document),
    Case("config info", 0, Document),
    Case("config path", 0, Document),
    Case("config validate", 0, Document),
    Case("config unset history.days", 0, Document),
    Case("fmt script.lua", 0, Document),
    Case("library", 0, Document),
    Case("run script.lua", 0, Lines),
    Case("kernel install", 0, Document),
    Case("kernel start --daemon --name sums", 0, Document),
    Case("kernel wait sums", 0, Document),
    Case("kernel list", 0, Document),
    Case("kernel status sums", 0, Document),
    Case("kernel exec sums script.lua", 0, Lines),
    Case("kernel output --kernel sums last", 0, Lines),
    Case("kernel attach sums --no-follow", 0, Lines),
    Case("kernel logs sums", 0, Lines),
    Case("kernel interrupt sums", 0, Document),
    Case("kernel reload sums", 0, Document),
    Case("kernel save sums", 0, Document),
    Case("kernel restart sums", 0, Document),
    Case("kernel stop sums", 0, Document),
    Case("kernel prune", 0, Document),
    Case("kernel uninstall", 0, Document),
    Case("history", 0, Document),
    Case("history sessions", 0, Document),
    Case("history path", 0, Document),
    Case("history delete --all --yes", 0, Document),
    Case("service install", 0, Document),
    Case("service status", 3, Document),
    Case("service uninstall", 0, Document),
];

/// The commands that have `--json`, as their pages tell.
fn commands(here: &Surroundings) -> BTreeSet<String> {
    let folder = here.path("man");
    here.run(["man", "--output", folder.to_str().unwrap()]);
    let pages = fs::read_dir(folder)
        .unwrap()
        .map(|page| page.unwrap().path());
    pages
        .filter(|page| {
            fs::read_to_string(page)
                .unwrap()
                .contains(r"\fB\-\-json\fR")
        })
        .map(|page| {
            let name = page
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .replace('-', " ");
            name.trim_start_matches("perilune ").to_owned()
        })
        .collect()
}

#[test]
fn every_document_is_all_of_standard_output_whatever_is_logged() {
    let here = Surroundings::new();
    here.write("script.lua", "print(6 * 7)\n");
    let mut untested = commands(&here);
    // It goes on until it is told to end: `dap.rs`.
    assert!(untested.remove("dap"));
    assert!(untested.len() > 25, "{untested:?}");
    let mut failures = Vec::new();
    for Case(line, code, prints) in CASES {
        untested.retain(|command| *line != command && !line.starts_with(&format!("{command} ")));
        let arguments = line.split(' ').chain(["--json"]);
        let mut command = here.command(arguments);
        command
            .env("PERILUNE_LOG", "trace")
            .env("CLICOLOR_FORCE", "1");
        let ended = ended(command);
        if let Err(why) = check(&ended, *code, prints) {
            failures.push(format!("{line}: {why}: {ended:#?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(untested.is_empty(), "add a case for each: {untested:?}");
}

fn check(ended: &Ended, code: i32, prints: &Prints) -> Result<(), String> {
    let objects: Vec<Value> = ended
        .stdout
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("not JSON: {error}"))?;
    if *prints == Document && objects.len() != 1 {
        return Err(format!("{} documents", objects.len()));
    }
    match objects.first() {
        Some(first) if first["schema_version"] == 1 => {}
        _ => return Err("no schema_version in the first object".to_owned()),
    }
    match ended.code {
        Some(it) if it == code => Ok(()),
        other => Err(format!("the exit code is {other:?}, not {code}")),
    }
}
