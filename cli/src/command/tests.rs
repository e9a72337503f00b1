use clap::{Command, CommandFactory};

/// What prints no data for programs, and why.
const WITHOUT_JSON: &[(&str, &str)] = &[
    ("completions", "it prints what a shell reads"),
    (
        "debuggee",
        "`dap` starts it, and hears of it by the kernel that it is",
    ),
    ("config edit", "it is for a person with an editor"),
    (
        "history export",
        "it writes a notebook, which is JSON, or a script",
    ),
    ("lab", "it becomes JupyterLab"),
    ("man", "it prints what man reads"),
    (
        "repl",
        "it is for a person at a prompt; `run` and `kernel exec` are for programs",
    ),
];

/// Every command that can be run, with its whole name.
fn commands() -> Vec<(String, Command)> {
    fn walk(name: &str, command: &Command, into: &mut Vec<(String, Command)>) {
        let is_runnable = !command.is_subcommand_required_set();
        if is_runnable && !name.is_empty() {
            into.push((name.to_owned(), command.clone()));
        }
        for inner in command.get_subcommands() {
            let name = format!("{name} {}", inner.get_name());
            walk(name.trim_start(), inner, into);
        }
    }
    let mut root = crate::Arguments::command().disable_help_subcommand(true);
    root.build();
    let mut found = Vec::new();
    walk("", &root, &mut found);
    found
}

fn has_option(command: &Command, name: &str) -> bool {
    command
        .get_arguments()
        .any(|it| it.get_long() == Some(name))
}

#[test]
fn every_command_has_json_or_a_reason_to_have_none() {
    for (name, command) in commands() {
        let reason = WITHOUT_JSON.iter().find(|(of, _)| *of == name);
        match (has_option(&command, "json"), reason) {
            (true, Some(_)) => panic!("{name} has --json by now: take it off the list"),
            (false, None) => panic!("{name} has no --json: add it, or list it with a reason"),
            _ => {}
        }
    }
}

#[test]
fn every_reason_is_of_a_command_that_there_is() {
    let commands = commands();
    for (name, _) in WITHOUT_JSON {
        assert!(commands.iter().any(|(of, _)| of == name), "{name}");
    }
}

#[test]
fn every_command_has_the_option_for_colours() {
    for (name, command) in commands() {
        assert!(has_option(&command, "color"), "{name}");
    }
}

#[test]
fn every_command_and_option_says_what_it_is_for() {
    for (name, command) in commands() {
        assert!(command.get_about().is_some(), "{name}");
        for argument in command.get_arguments() {
            assert!(
                argument.get_help().is_some(),
                "{name}: {}",
                argument.get_id()
            );
        }
    }
}

#[test]
fn no_option_hides_the_layers_below_it() {
    // What the environment sets is read with the settings, so that it has its place among them.
    for (name, command) in commands() {
        for argument in command.get_arguments() {
            let variable = argument.get_env();
            assert_eq!(variable, None, "{name}: {}", argument.get_id());
        }
    }
}

#[test]
fn the_command_line_is_sound() {
    crate::Arguments::command().debug_assert();
}
