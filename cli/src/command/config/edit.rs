use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;
use perilune_config::Problems;

use super::file::{Choice, SettingsFile};
use crate::exit::Exit;
use crate::standard;

/// `perilune config edit`
#[derive(Debug, Args)]
#[command(after_help = "\
The editor is that of VISUAL, else of EDITOR, else vi. It gets a copy, which takes the file's place
when it is valid: other programs never see half of a change, nor one that is wrong.")]
pub struct Arguments {
    #[command(flatten)]
    choice: Choice,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let file = self.choice.file()?;
        let before = file.text()?;
        let copy = tempfile::Builder::new()
            .prefix("perilune-")
            .suffix(".toml")
            .tempfile()
            .context("making a copy to edit")?;
        let text = match before.as_str() {
            "" => perilune_config::template(file.is_project),
            text => text.to_owned(),
        };
        fs::write(copy.path(), &text).context("writing the copy to edit")?;
        loop {
            open_editor(copy.path())?;
            let edited = fs::read_to_string(copy.path()).context("reading what was edited")?;
            if edited == text {
                standard::say("Nothing was changed");
                return Ok(Exit::Success);
            }
            let problems = file.problems(&edited);
            if problems.is_empty() {
                return finish(&file, &before, &edited, copy);
            }
            // The copy's name says nothing to anybody.
            standard::say(&Problems(problems).to_string());
            if !wants_to_edit_again()? {
                return give_up(copy, &file, "it is not valid");
            }
        }
    }
}

fn finish(
    file: &SettingsFile,
    before: &str,
    edited: &str,
    copy: tempfile::NamedTempFile,
) -> Result<Exit> {
    let is_written = file.update(|now| Ok((now == before).then(|| edited.to_owned())))?;
    if !is_written {
        return give_up(copy, file, "somebody else has changed it meanwhile");
    }
    standard::say(&format!("Changed {}", file.path.display()));
    Ok(Exit::Success)
}

/// Leaves the file as it was, and the copy too, since somebody has worked on it.
fn give_up(copy: tempfile::NamedTempFile, file: &SettingsFile, why: &str) -> Result<Exit> {
    let (_, kept) = copy.keep().context("keeping what was edited")?;
    standard::say(&format!(
        "perilune: {} is left as it was: {why}; what was edited is in {}",
        file.path.display(),
        kept.display()
    ));
    Ok(Exit::Failed)
}

fn open_editor(path: &Path) -> Result<()> {
    let editor = ["VISUAL", "EDITOR"]
        .iter()
        .filter_map(std::env::var_os)
        .find(|editor| !editor.is_empty())
        .unwrap_or_else(|| "vi".into());
    let name = editor.to_string_lossy().into_owned();
    // Through a shell, as git does it: the variable may have arguments.
    let status = Command::new("sh")
        .arg("-c")
        .arg(r#"eval "$EDITOR_OF_PERILUNE \"\$1\"""#)
        .arg("sh")
        .arg(path)
        .env("EDITOR_OF_PERILUNE", editor)
        .status()
        .context("starting a shell for the editor")?;
    if !status.success() {
        bail!("the editor {name:?} failed ({status}); set EDITOR to another one");
    }
    Ok(())
}

fn wants_to_edit_again() -> Result<bool> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(false);
    }
    eprint!("Edit it again? [Y/n] ");
    io::stderr().flush()?;
    let mut answer = String::new();
    let length = io::stdin().lock().read_line(&mut answer)?;
    Ok(length > 0 && !answer.trim().to_lowercase().starts_with('n'))
}
