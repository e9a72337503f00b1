use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::builder::StyledStr;
use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use perilune_config::KEYS;

use crate::atomic_file::{self, Access};
use crate::exit::{self, Exit};
use crate::standard;

/// `perilune man`
#[derive(Debug, Args)]
#[command(after_help = "\
To read a page: perilune man kernel start | man -l -
To have all of them: perilune man --output ~/.local/share/man/man1")]
pub struct Arguments {
    /// The command, as in `kernel start`
    #[arg(conflicts_with = "output")]
    command: Vec<String>,
    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let mut root = crate::Arguments::command().disable_help_subcommand(true);
        root.build();
        if let Some(folder) = &self.output {
            fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
            write_all(&root, folder)?;
            return Ok(Exit::Success);
        }
        let mut command = &root;
        for name in &self.command {
            let Some(found) = command.find_subcommand(name) else {
                let whole = self.command.join(" ");
                standard::say(&format!("perilune: there is no command {whole:?}"));
                return Ok(Exit::Usage);
            };
            command = found;
        }
        io::stdout().lock().write_all(&page(command)?)?;
        Ok(Exit::Success)
    }
}

fn write_all(command: &Command, folder: &Path) -> Result<()> {
    let path = folder.join(Man::new(command.clone()).get_filename());
    atomic_file::replace(&path, &page(command)?, Access::Shared)
        .with_context(|| format!("writing {}", path.display()))?;
    let commands = command.get_subcommands().filter(|it| !it.is_hide_set());
    for command in commands {
        write_all(command, folder)?;
    }
    Ok(())
}

/// The page of a command, in roff.
fn page(command: &Command) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    let man = Man::new(command.clone())
        .source(format!("perilune {}", env!("CARGO_PKG_VERSION")))
        .manual("perilune");
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    if command.get_arguments().any(|it| !it.is_hide_set()) {
        man.render_options_section(&mut text)?;
    }
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    let mut roff = Roff::default();
    notes(&mut roff, command);
    environment(&mut roff, command);
    files(&mut roff);
    roff.to_writer(&mut text)?;
    Ok(text)
}

/// What stands below the options, with the exit codes apart.
fn notes(roff: &mut Roff, command: &Command) {
    let help = command
        .get_after_long_help()
        .or(command.get_after_help())
        .map(StyledStr::to_string)
        .unwrap_or_default();
    let is_exit = |text: &&str| text.starts_with("Exit codes:");
    let rest: Vec<&str> = help.split("\n\n").filter(|it| !is_exit(it)).collect();
    if rest.iter().any(|text| !text.is_empty()) {
        roff.control("SH", ["NOTES"]);
        rest.iter().for_each(|text| paragraph(roff, text));
    }
    roff.control("SH", ["EXIT STATUS"]);
    let own = help.split("\n\n").find(is_exit);
    // Those of the program are true of all its commands.
    let codes = own.unwrap_or(exit::HELP);
    paragraph(
        roff,
        codes
            .trim_start_matches("Exit codes:")
            .trim_start_matches('\n'),
    );
}

/// Text whose lines stay where they are if they are indented, as in a table.
fn paragraph(roff: &mut Roff, text: &str) {
    roff.control("PP", []);
    let is_table = text.lines().any(|line| line.starts_with("  "));
    if is_table {
        roff.control("nf", []);
    }
    for line in text.lines() {
        roff.text([roman(line)]);
    }
    if is_table {
        roff.control("fi", []);
    }
}

fn environment(roff: &mut Roff, command: &Command) {
    roff.control("SH", ["ENVIRONMENT"]);
    let is_root = command.get_name() == "perilune";
    let takes_settings = command.get_arguments().any(|it| it.get_id() == "set");
    if is_root || takes_settings {
        for key in KEYS {
            entry(
                roff,
                key.variable,
                &format!("Sets {}. {}", key.name, key.description()),
            );
        }
    }
    entry(roff, "NO_COLOR", "No colours, if it is set and not empty.");
    entry(
        roff,
        "CLICOLOR_FORCE",
        "Colours also where nothing is a terminal, if it is set and neither empty nor 0.",
    );
}

fn files(roff: &mut Roff) {
    roff.control("SH", ["FILES"]);
    entry(
        roff,
        "$XDG_CONFIG_HOME/perilune/config.toml",
        "What the user has set; ~/.config is used where the variable is not set.",
    );
    entry(roff, "perilune.toml", "What a project sets, in its folder.");
    entry(
        roff,
        "$XDG_STATE_HOME/perilune",
        "The history and the kernels' logs and journals; ~/.local/state is used where the \
         variable is not set.",
    );
}

fn entry(roff: &mut Roff, name: &str, text: &str) {
    roff.control("TP", []);
    roff.text([bold(name)]);
    roff.text([roman(text)]);
}
