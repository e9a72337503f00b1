use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};

use crate::atomic_file::{self, Access};
use crate::run::Source;

use super::super::session::{End, Session};
use super::{Command, HELP};

impl Session {
    /// Does what a line that begins with a dot asks for.
    pub(crate) async fn obey(&mut self, input: &str) -> Result<Option<End>> {
        let command = match Command::read(input) {
            Ok(command) => command,
            Err(wrong) => {
                self.terminal.say(&format!("perilune: {wrong}"))?;
                return Ok(None);
            }
        };
        match command {
            Command::Help => write!(&self.kept.stdout, "{}", HELP)?,
            Command::Exit => return Ok(Some(End::Left)),
            Command::Clear => write!(&self.kept.stdout, "\x1b[H\x1b[2J")?,
            Command::Vars => return Ok(self.run_aside("%whos").await?.end()),
            Command::Save { file, replaces } => {
                let said = match self.save(&file, replaces) {
                    Ok(cells) => format!("{cells} written to {}", file.display()),
                    Err(error) => format!("perilune: {error:#}"),
                };
                self.terminal.say(&said)?;
            }
            Command::Load(file) => return self.load(&file).await,
        }
        Ok(None)
    }

    /// Writes the cells that ran as a script. Returns how many.
    fn save(&self, file: &Path, replaces: bool) -> Result<String> {
        let mut script = String::new();
        for cell in &self.ran {
            if !script.is_empty() {
                script.push('\n');
            }
            script.push_str("-- %%\n");
            script.push_str(cell.trim_end());
            script.push('\n');
        }
        if replaces {
            atomic_file::replace(file, script.as_bytes(), Access::Shared)
                .with_context(|| format!("writing {}", file.display()))?;
        } else {
            let written = atomic_file::create(file, script.as_bytes(), Access::Shared);
            written.map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => anyhow::anyhow!(
                    "{} is there already; .save! {} replaces it",
                    file.display(),
                    file.display()
                ),
                _ => anyhow::Error::from(error).context(format!("writing {}", file.display())),
            })?;
        }
        Ok(match self.ran.len() {
            1 => "1 cell".to_owned(),
            cells => format!("{cells} cells"),
        })
    }

    /// Runs a script as one cell, or the cells of a notebook until one fails.
    async fn load(&mut self, file: &Path) -> Result<Option<End>> {
        let found = fs::metadata(file).map(|it| it.is_dir());
        let source = match found {
            Ok(true) => Err(anyhow::anyhow!("{} is a folder", file.display())),
            _ => Source::read(file),
        };
        let source = match source {
            Ok(source) => source,
            Err(error) => {
                self.terminal.say(&format!("perilune: {error:#}"))?;
                return Ok(None);
            }
        };
        for cell in source.notebook.code_cells() {
            if cell.source.trim().is_empty() {
                continue;
            }
            let ran = self.run_cell(&cell.source).await?;
            if let Some(end) = ran.end() {
                return Ok(Some(end));
            }
            if ran.has_failed() && !cell.may_fail {
                break;
            }
        }
        Ok(None)
    }
}
