use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use crate::perilune::{Running, Surroundings, ended};
use crate::terminal::Terminal;

/// A shell in which `perilune` is on PATH.
fn shell(here: &Surroundings, name: &str) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_perilune"));
    let path = std::env::var("PATH").unwrap();
    let folder = program.parent().unwrap().display();
    let mut command = Command::new(name);
    command.current_dir(here.path("")).env_clear();
    command.env("HOME", here.home());
    command.env("PATH", format!("{folder}:{path}"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What bash offers when the cursor stands at the end of these words.
fn offered(here: &Surroundings, words: &[&str]) -> Vec<String> {
    let script = r#"
        source <(perilune completions bash)
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9
        complete -p perilune | grep -q _clap_complete_perilune || exit 9
        _clap_complete_perilune perilune "${COMP_WORDS[COMP_CWORD]}" ""
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let mut command = shell(here, "bash");
    command.args(["--norc", "--noprofile", "-c", script, "bash"]);
    command.args(words);
    let ended = ended(command);
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(0), ""),
        "{ended:?}"
    );
    let trimmed = |line: &str| line.trim().to_owned();
    ended.stdout.lines().map(trimmed).collect()
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
    for command in ["stop", "status", "reload", "exec"] {
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
fn zsh_completes_at_its_prompt() {
    let here = Surroundings::new();
    let mut command = shell(&here, "zsh");
    command.args(["-f", "-i"]).env("PS1", "ready> ");
    let mut zsh = Terminal::of(command);
    zsh.wait_for("ready> ");
    let load = "autoload -Uz compinit; compinit -u; source <(perilune completions zsh)";
    zsh.type_line(&format!("{load}; echo so''urced"));
    zsh.wait_for("sourced");
    zsh.press("perilune config get history.entr\t");
    zsh.wait_for("history.entries");
    zsh.press("\u{15}exit\n");
    assert_eq!(zsh.ended().0, Some(0));
}

#[test]
fn fish_completes() {
    let here = Surroundings::new();
    let complete = |line: &str| {
        let mut command = shell(&here, "fish");
        let script = format!("perilune completions fish | source; complete -C '{line}'");
        command.args(["--no-config", "-c", &script]);
        let ended = ended(command);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let word = |line: &str| line.split('\t').next().unwrap().to_owned();
        ended.stdout.lines().map(word).collect::<Vec<_>>()
    };
    assert_eq!(
        complete("perilune config get history.en"),
        ["history.enabled", "history.entries"]
    );
    assert_eq!(
        complete("perilune kernel start --transport "),
        ["tcp", "ipc"]
    );
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
