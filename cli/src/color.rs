//! Whether what people read has colours: one rule for all commands.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal};

use clap::{Args, ColorChoice};

/// The option of all commands.
#[derive(Debug, Args)]
pub struct ColorOption {
    /// When to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = false
    )]
    color: ColorChoice,
}

impl ColorOption {
    /// Decides for standard output and standard error, which `console` then knows of each. Before
    /// a kernel takes them over.
    pub fn begin(&self) {
        let variable = |name: &str| env::var_os(name);
        let of = |is_terminal| wants_colors(self.color, variable, is_terminal);
        console::set_colors_enabled(of(io::stdout().is_terminal()));
        console::set_colors_enabled_stderr(of(io::stderr().is_terminal()));
    }
}

/// By <https://no-color.org> and <https://bixense.com/clicolors>; the option wins over both.
fn wants_colors(
    choice: ColorChoice,
    variable: impl Fn(&str) -> Option<OsString>,
    is_terminal: bool,
) -> bool {
    let said = |name: &str| variable(name).filter(|value| !value.is_empty());
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if said("NO_COLOR").is_some() => false,
        ColorChoice::Auto if said("CLICOLOR_FORCE").is_some_and(|it| it != "0") => true,
        ColorChoice::Auto => {
            let is_off = said("CLICOLOR").is_some_and(|it| it == "0");
            let is_dumb = said("TERM").is_some_and(|it| it == "dumb");
            is_terminal && !is_off && !is_dumb
        }
    }
}

/// Decides for help and for errors of the command line, which are written before the option is read.
pub fn of_help(arguments: impl Iterator<Item = OsString>) -> ColorChoice {
    let variable = |name: &str| env::var_os(name);
    let choice = said(arguments);
    let on_terminals = io::stdout().is_terminal() && io::stderr().is_terminal();
    match choice {
        ColorChoice::Auto if wants_colors(choice, variable, false) => ColorChoice::Always,
        ColorChoice::Auto if !wants_colors(choice, variable, true) => ColorChoice::Never,
        // clap would take CLICOLOR_FORCE=0 for yes.
        ColorChoice::Auto if variable("CLICOLOR_FORCE").is_some() && !on_terminals => {
            ColorChoice::Never
        }
        choice => choice,
    }
}

/// What the option says.
fn said(arguments: impl Iterator<Item = OsString>) -> ColorChoice {
    let mut arguments = arguments
        .skip(1)
        .take_while(|argument| argument != OsStr::new("--"));
    let mut choice = ColorChoice::Auto;
    while let Some(argument) = arguments.next() {
        let value = match argument.to_str() {
            Some("--color") => arguments.next(),
            Some(argument) => argument.strip_prefix("--color=").map(OsString::from),
            None => None,
        };
        if let Some(value) = value.and_then(|it| it.to_str()?.parse().ok()) {
            choice = value;
        }
    }
    choice
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(choice: ColorChoice, variables: &[(&str, &str)], is_terminal: bool) -> bool {
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name);
        wants_colors(
            choice,
            |name| find(name).map(|(_, it)| it.into()),
            is_terminal,
        )
    }

    #[test]
    fn a_terminal_has_colors_and_a_file_has_none() {
        assert!(wants(ColorChoice::Auto, &[], true));
        assert!(!wants(ColorChoice::Auto, &[], false));
        assert!(!wants(ColorChoice::Auto, &[("TERM", "dumb")], true));
        assert!(!wants(ColorChoice::Auto, &[("CLICOLOR", "0")], true));
    }

    #[test]
    fn the_environment_says_otherwise_unless_it_is_empty() {
        assert!(!wants(
            ColorChoice::Auto,
            &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")],
            true
        ));
        assert!(wants(ColorChoice::Auto, &[("NO_COLOR", "")], true));
        assert!(wants(ColorChoice::Auto, &[("CLICOLOR_FORCE", "1")], false));
        assert!(!wants(ColorChoice::Auto, &[("CLICOLOR_FORCE", "0")], false));
        assert!(!wants(ColorChoice::Auto, &[("CLICOLOR_FORCE", "")], false));
    }

    #[test]
    fn the_option_wins() {
        assert!(wants(ColorChoice::Always, &[("NO_COLOR", "1")], false));
        assert!(!wants(ColorChoice::Never, &[("CLICOLOR_FORCE", "1")], true));
    }

    #[test]
    fn the_option_is_found_wherever_it_is() {
        let of = |line: &str| said(line.split(' ').map(OsString::from));
        assert_eq!(of("perilune run --help"), ColorChoice::Auto);
        assert_eq!(of("perilune --color never run --help"), ColorChoice::Never);
        assert_eq!(of("perilune run --color=always -h"), ColorChoice::Always);
        assert_eq!(of("perilune run x -- --color=always"), ColorChoice::Auto);
        assert_eq!(of("perilune --color"), ColorChoice::Auto);
    }
}
