use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::perilune::{Surroundings, ended};

fn pages(here: &Surroundings) -> Vec<PathBuf> {
    let folder = here.path("man");
    let ended = here.run(["man", "--output", folder.to_str().unwrap()]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// What a reader of the page sees; nothing may be amiss with it.
fn read(page: &std::path::Path) -> String {
    let mut command = Command::new("man");
    command.args(["--warnings=w", "-l"]).arg(page);
    command
        .env("MANWIDTH", "100")
        .env("LC_ALL", "C.UTF-8")
        .env("MANPAGER", "cat");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let ended = ended(command);
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(0), ""),
        "{}",
        page.display()
    );
    ended.stdout
}

#[test]
fn every_command_has_a_page_that_groff_has_no_complaint_about() {
    let here = Surroundings::new();
    let pages = pages(&here);
    assert!(pages.len() > 25, "{pages:?}");
    for page in pages {
        let text = read(&page);
        for section in [
            "NAME",
            "SYNOPSIS",
            "OPTIONS",
            "EXIT STATUS",
            "ENVIRONMENT",
            "FILES",
        ] {
            let found = text.lines().any(|line| line == section);
            assert!(found, "{section} of {}:\n{text}", page.display());
        }
    }
}

#[test]
fn a_page_says_which_variables_count() {
    let here = Surroundings::new();
    let ended = here.run(["man", "kernel", "start"]);
    let page = here.write("page.1", ended.stdout);
    let text = read(&page);
    assert!(
        text.contains("PERILUNE_LOG\n") && text.contains("--memory-limit"),
        "{text}"
    );
    assert!(text.contains("0    all went well"), "{text}");
}

#[test]
fn a_command_that_there_is_not_has_no_page() {
    let here = Surroundings::new();
    let ended = here.run(["man", "kernel", "strat"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(
        ended
            .stderr
            .contains("there is no command \"kernel strat\""),
        "{ended:?}"
    );
}
