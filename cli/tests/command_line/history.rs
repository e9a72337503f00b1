use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use perilune_history::{Entry, Limits, Options, Place, Recorder, Session};
use serde_json::{Value, json};

use crate::perilune::{Ended, Surroundings, ended};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn path(here: &Surroundings) -> PathBuf {
    here.home().join(".local/state/perilune/history.sqlite")
}

/// What a kernel leaves that ran these cells, so many days ago.
fn ran(here: &Surroundings, days: u32, cells: &[(&str, Option<&str>)]) {
    let time = SystemTime::now() - days * DAY;
    let recorder = Recorder::new(Options {
        place: Place::File(path(here)),
        limits: Limits::default().shared(),
        session: Session {
            kernel: "lua".to_owned(),
            folder: PathBuf::from("/home/selene"),
            started: time,
        },
    });
    for (line, (input, output)) in (1..).zip(cells) {
        recorder.add(Entry {
            line,
            time,
            input: (*input).to_owned(),
            output: output.map(str::to_owned),
        });
    }
    recorder.end(Duration::from_secs(30));
}

/// Two kernels' cells.
fn surroundings() -> Surroundings {
    let here = Surroundings::new();
    ran(&here, 9, &[("a = 1", None), ("t[1]", Some("'x'"))]);
    ran(
        &here,
        0,
        &[("for i = 1, 3 do\n  print(i)\nend", None), ("a = 1", None)],
    );
    here
}

fn history(here: &Surroundings, arguments: &[&str]) -> Ended {
    here.run([&["history"], arguments].concat())
}

/// The inputs that a listing finds.
fn inputs(here: &Surroundings, arguments: &[&str]) -> Vec<String> {
    let ended = history(here, &[arguments, &["--json"]].concat());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    let entries = document["entries"].as_array().unwrap();
    let input = |entry: &Value| entry["input"].as_str().unwrap().to_owned();
    entries.iter().map(input).collect()
}

#[test]
fn the_newest_come_last_each_with_its_place() {
    let here = surroundings();
    let ended = history(&here, &[]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(lines.len(), 6, "{lines:#?}");
    assert!(lines[0].starts_with("1/1  20") && lines[0].ends_with("  a = 1"));
    assert!(lines[2].starts_with("2/1  20") && lines[2].ends_with("  for i = 1, 3 do"));
    assert_eq!(lines[3], format!("{}  print(i)", " ".repeat(23)));
    assert!(
        !ended.stdout.contains('\u{1b}'),
        "no colour but on a terminal"
    );
}

#[test]
fn values_are_shown_when_they_are_wanted() {
    let here = surroundings();
    assert!(!history(&here, &[]).stdout.contains("'x'"));
    let ended = history(&here, &["--output", "t["]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let ended = history(&here, &["--output", "--fixed", "t["]);
    assert_eq!(ended.stdout.lines().nth(1).unwrap().trim(), "'x'");
}

#[test]
fn it_can_be_narrowed_down() {
    let here = surroundings();
    assert_eq!(inputs(&here, &["a ="]), ["a = 1", "a = 1"]);
    assert_eq!(inputs(&here, &["a =", "--unique"]), ["a = 1"]);
    assert_eq!(inputs(&here, &["for*print"]).len(), 1);
    assert_eq!(inputs(&here, &["-F", "t[1]"]), ["t[1]"]);
    assert_eq!(inputs(&here, &["t[1]"]), Vec::<String>::new());
    assert_eq!(inputs(&here, &["-n", "1"]), ["a = 1"]);
    assert_eq!(inputs(&here, &["--session", "1"]), ["a = 1", "t[1]"]);
    assert_eq!(inputs(&here, &["--session", "-2"]), ["a = 1", "t[1]"]);
    assert_eq!(inputs(&here, &["--session", "-1", "-n", "1"]), ["a = 1"]);
    assert_eq!(inputs(&here, &["--session", "9"]), Vec::<String>::new());
    assert_eq!(inputs(&here, &["--all"]).len(), 4);
}

#[test]
fn programs_get_all_there_is() {
    let here = surroundings();
    let ended = history(&here, &["--json", "-F", "t["]);
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(document["schema_version"], 1);
    assert_eq!(document["path"], json!(path(&here)));
    let entry = &document["entries"][0];
    assert_eq!((&entry["session"], &entry["line"]), (&json!(1), &json!(2)));
    assert_eq!(entry["output"], "'x'");
    assert!(entry["time"].as_str().unwrap().ends_with('Z'));

    let ended = history(&here, &["sessions", "--json"]);
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    let session = &document["sessions"][1];
    assert_eq!(
        (&session["session"], &session["entries"], &session["folder"]),
        (&json!(2), &json!(2), &json!("/home/selene"))
    );
    assert!(session["ended"].is_string(), "{session}");
}

#[test]
fn where_there_is_no_history_that_is_no_failure_and_none_is_made() {
    let here = Surroundings::new();
    let ended = history(&here, &[]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
    assert!(ended.stderr.contains("no history yet"), "{ended:?}");
    assert_eq!(inputs(&here, &[]), Vec::<String>::new());
    assert_eq!(
        history(&here, &["delete", "--all", "--yes"]).stdout,
        "Deleted 0 entries\n"
    );
    assert!(!path(&here).exists());
}

#[test]
fn the_path_is_what_the_environment_says() {
    let here = Surroundings::new();
    let ended = history(&here, &["path"]);
    assert_eq!(ended.stdout, format!("{}\n", path(&here).display()));
    let with = |value: &str| {
        let mut command = here.command(["history", "path"]);
        command.env("PERILUNE_HISTORY", value);
        crate::perilune::ended(command)
    };
    assert_eq!(
        with("here.db").stdout,
        format!("{}\n", here.path("here.db").display())
    );
    let none = with("");
    assert_eq!(none.code, Some(1));
    assert!(none.stderr.contains("no history is kept"), "{none:?}");
}

#[test]
fn deleting_needs_to_be_told_what_and_a_yes() {
    let here = surroundings();
    assert_eq!(history(&here, &["delete"]).code, Some(2));
    let ended = history(&here, &["delete", "--all"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("--yes"), "{ended:?}");
    assert_eq!(inputs(&here, &[]).len(), 4);

    let ended = history(&here, &["delete", "for", "--yes"]);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), "Deleted 1 entry\n")
    );
    assert_eq!(inputs(&here, &[]).len(), 3);
    let ended = history(&here, &["delete", "--session", "1", "--yes", "--json"]);
    assert_eq!(
        serde_json::from_str::<Value>(&ended.stdout).unwrap(),
        json!({"schema_version": 1, "deleted": 2})
    );
    assert_eq!(inputs(&here, &[]), ["a = 1"]);
    history(&here, &["delete", "--all", "--yes"]);
    assert_eq!(inputs(&here, &[]), Vec::<String>::new());
}

#[test]
fn what_is_old_can_be_deleted() {
    let here = surroundings();
    assert_eq!(
        history(&here, &["delete", "--before", "yesterday"]).code,
        Some(2)
    );
    let yesterday = chrono::Local::now() - chrono::TimeDelta::days(1);
    let day = yesterday.format("%Y-%m-%d").to_string();
    let ended = history(&here, &["delete", "--before", &day, "--yes"]);
    assert_eq!(ended.stdout, "Deleted 2 entries\n", "{ended:?}");
    assert_eq!(inputs(&here, &[]).len(), 2);
}

#[test]
fn it_is_exported_as_a_script_and_as_a_notebook() {
    let here = surroundings();
    let ended = history(&here, &["export", "--session", "-1"]);
    assert_eq!(
        ended.stdout,
        "-- %%\nfor i = 1, 3 do\n  print(i)\nend\n\n-- %%\na = 1\n"
    );
    let ended = history(&here, &["export", "--unique", "--output", "h.ipynb"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let notebook: Value = serde_json::from_str(&here.read("h.ipynb")).unwrap();
    assert_eq!(notebook["cells"].as_array().unwrap().len(), 3);
    assert_eq!(notebook["cells"][1]["source"][1], "  print(i)\n");
    assert_eq!(here.run(["run", "--allow-errors", "h.ipynb"]).code, Some(0));
}

#[test]
fn what_is_run_without_a_kernel_for_it_is_not_remembered() {
    let here = Surroundings::new();
    here.write("s.lua", "print(1)");
    assert_eq!(here.run(["run", "s.lua"]).code, Some(0));
    assert!(!path(&here).exists());
}

#[test]
fn a_file_that_is_no_history_is_named_and_left_alone() {
    let here = Surroundings::new();
    let letter = "a letter to a friend".repeat(100);
    let file = here.write("letter", &letter);
    let mut command = here.command(["history"]);
    command.env("PERILUNE_HISTORY", &file).stdin(Stdio::null());
    let ended = ended(command);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("is damaged") && ended.stderr.contains("move it away"));
    assert_eq!(here.read("letter"), letter);
}
