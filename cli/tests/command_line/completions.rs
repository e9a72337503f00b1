use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;

use crate::perilune::{Running, Surroundings, ended};

/// What bash offers when the cursor stands at the end of these words.
fn offered(here: &Surroundings, words: &[&str]) -> Vec<String> {
    let program = Path::new(env!("CARGO_BIN_EXE_perilune"));
    let script = r#"
        source <(perilune completions bash)
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9
        declare -p -F | grep -q _clap_complete_perilune
        complete -p perilune | grep -q _clap_complete_perilune || exit 9
        _clap_complete_perilune perilune "${COMP_WORDS[COMP_CWORD]}" ""
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let given = here.command([""; 0]);
    let mut command = Command::new("bash");
    command.args(["--norc", "--noprofile", "-c", script, "bash"]);
    command
        .args(words)
        .current_dir(given.get_current_dir().unwrap());
    let path = std::env::var("PATH").unwrap();
    let folder = program.parent().unwrap().display();
    command.env_clear().env("HOME", here.home());
    command.env("PATH", format!("{folder}:{path}"));
    command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let ended = ended(command);
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(0), ""),
        "{ended:?}"
    );
    ended
        .stdout
        .lines()
        .map(|line| line.trim().to_owned())
        .collect()
}

#[test]
fn bash_completes_commands_and_options() {
    let here = Surroundings::new();
    assert_eq!(offered(&here, &["perilune", "conf"]), ["config"]);
    let found = offered(&here, &["perilune", "kernel", "start", "--conn"]);
    assert_eq!(found, ["--connection-file"]);
    let found = offered(&here, &["perilune", "kernel", "start", "--transport", ""]);
    assert_eq!(found, ["tcp", "ipc"]);
}

#[test]
fn bash_completes_the_settings_there_are() {
    let here = Surroundings::new();
    let found = offered(&here, &["perilune", "config", "get", "history.en"]);
    assert_eq!(found, ["history.enabled", "history.entries"]);
    let found = offered(&here, &["perilune", "config", "show", "hist"]);
    assert_eq!(found[0], "history");
}

#[test]
fn bash_completes_the_kernels_there_are() {
    let here = Surroundings::new();
    let start = here
        .command(["kernel", "start", "--name", "sums"])
        .spawn()
        .unwrap();
    let kernel = Running::new(start);
    while !kernel.stderr_line().starts_with("To connect") {}
    for command in ["stop", "status", "reload"] {
        assert_eq!(
            offered(&here, &["perilune", "kernel", command, "s"]),
            ["sums"]
        );
    }
    kernel.signal(Signal::SIGTERM);
    assert_eq!(kernel.ended().code, Some(0));
}

#[test]
fn bash_completes_files() {
    let here = Surroundings::new();
    here.write("notebook.ipynb", "");
    let found = offered(&here, &["perilune", "run", "noteb"]);
    assert_eq!(found, ["notebook.ipynb"]);
}

#[test]
fn every_shell_has_a_script() {
    let here = Surroundings::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = here.run(["completions", shell]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        assert!(ended.stdout.contains("perilune"), "{ended:?}");
    }
    assert_eq!(here.run(["completions", "csh"]).code, Some(2));
}
