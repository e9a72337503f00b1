use crate::perilune::{Ended, Surroundings, ended};

/// What these arguments write, with these variables, and nothing of it on a terminal.
fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let here = Surroundings::new();
    here.write("bad.lua", "x  =  1\n");
    here.write("fails.lua", "error('no')\n");
    let mut command = here.command(arguments);
    command.envs(variables.iter().copied());
    ended(command)
}

/// Commands that have colours, each in another way.
const COLOURED: [&[&str]; 4] = [
    &["--help"],
    &["fmt", "--diff", "bad.lua"],
    &["config", "info"],
    &["run", "fails.lua"],
];

fn has_colours(arguments: &[&str], variables: &[(&str, &str)]) -> bool {
    let ended = run(arguments, variables);
    (ended.stdout + &ended.stderr).contains("\u{1b}[")
}

#[test]
fn what_is_no_terminal_has_no_colours_unless_they_are_forced() {
    for arguments in COLOURED {
        assert!(!has_colours(arguments, &[]), "{arguments:?}");
        assert!(
            has_colours(arguments, &[("CLICOLOR_FORCE", "1")]),
            "{arguments:?}"
        );
        assert!(
            !has_colours(arguments, &[("CLICOLOR_FORCE", "0")]),
            "{arguments:?}"
        );
    }
}

#[test]
fn no_color_wins_over_force() {
    for arguments in COLOURED {
        let variables = [("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")];
        assert!(!has_colours(arguments, &variables), "{arguments:?}");
        let variables = [("CLICOLOR_FORCE", "1"), ("NO_COLOR", "")];
        assert!(has_colours(arguments, &variables), "{arguments:?}");
    }
}

#[test]
fn the_option_wins_over_the_environment_wherever_it_stands() {
    for arguments in COLOURED {
        let variables = [("CLICOLOR_FORCE", "1")];
        let never = [&["--color=never"], arguments].concat();
        assert!(!has_colours(&never, &variables), "{never:?}");
        let always = [arguments, &["--color", "always"]].concat();
        assert!(has_colours(&always, &[("NO_COLOR", "1")]), "{always:?}");
    }
}

#[test]
fn documents_for_programs_never_have_colours() {
    for arguments in [
        &["config", "info", "--json"][..],
        &["version", "--json", "--color=always"],
    ] {
        let ended = run(arguments, &[("CLICOLOR_FORCE", "1")]);
        assert!(!ended.stdout.contains('\u{1b}'), "{ended:?}");
    }
}
