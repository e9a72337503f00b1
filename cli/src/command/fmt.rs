use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use console::Style;
use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use crate::atomic_file::{self, Access};
use crate::exit::Exit;
use crate::format::{self, Change, Files, FormatError, Formatted, Styles};
use crate::standard;

/// `perilune fmt`
#[derive(Debug, Args)]
#[command(after_help = "\
The style is that of StyLua: by the nearest stylua.toml above a file, else by .editorconfig, else
StyLua's own. In folders, .gitignore and .styluaignore exclude files. In notebooks nothing changes
but code: magics, commands and questions, outputs and the file's layout stay as they are.

Exit codes: 0 all is formatted; 1 something would change, with --check or --diff; 2 something could
not be formatted, and was left as it is.")]
pub struct Arguments {
    /// Lua files, notebooks, folders of them, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Change nothing; say which files would
    #[arg(long)]
    check: bool,
    /// Change nothing; show what would
    #[arg(long)]
    diff: bool,
    /// Print one JSON object
    #[arg(long, conflicts_with = "diff")]
    json: bool,
    /// What standard input would be called: by that it is a notebook or not, and has a style
    #[arg(long, value_name = "FILE")]
    stdin_filepath: Option<PathBuf>,
}

/// What became of a file.
struct Outcome {
    path: PathBuf,
    result: Result<Formatted>,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let mut styles = Styles::default();
        if self.files.iter().any(|file| file == Path::new("-")) {
            if self.files.len() > 1 {
                bail!("standard input (-) is formatted alone");
            }
            return self.run_stdin(&mut styles);
        }
        let mut outcomes = Vec::new();
        let files = match Files::find(&self.files) {
            Ok(files) => files,
            Err(error) => {
                standard::say(&format!("perilune: {error:#}"));
                return Ok(Exit::Unformattable);
            }
        };
        for (path, is_named) in files.found {
            let result = format_file(&path, &mut styles);
            // Whoever names a folder means what is in Lua there.
            if !is_named && result.as_ref().is_err_and(is_of_another_language) {
                continue;
            }
            let result = result.and_then(|formatted| {
                if !self.only_looks() && !formatted.changes.is_empty() {
                    atomic_file::replace(&path, formatted.text.as_bytes(), Access::Shared)
                        .context("writing it")?;
                }
                Ok(formatted)
            });
            outcomes.push(Outcome { path, result });
        }
        self.report(&outcomes)
    }

    fn run_stdin(&self, styles: &mut Styles) -> Result<Exit> {
        let mut content = Vec::new();
        io::stdin()
            .read_to_end(&mut content)
            .context("reading standard input")?;
        let path = match &self.stdin_filepath {
            Some(path) => path.clone(),
            None => PathBuf::from("stdin.lua"),
        };
        let style = styles.of(&path)?;
        let result = format::format(format::kind_of(&path), &content, style);
        if let (Ok(formatted), false) = (&result, self.only_looks() || self.json) {
            io::stdout().lock().write_all(formatted.text.as_bytes())?;
            return Ok(Exit::Success);
        }
        let path = self.stdin_filepath.clone();
        self.report(&[Outcome {
            path: path.unwrap_or_else(|| PathBuf::from("-")),
            result: result.map_err(anyhow::Error::from),
        }])
    }

    fn only_looks(&self) -> bool {
        self.check || self.diff
    }

    fn report(&self, outcomes: &[Outcome]) -> Result<Exit> {
        let (mut changed, mut failed) = (0, 0);
        for outcome in outcomes {
            match &outcome.result {
                Ok(formatted) if formatted.changes.is_empty() => {}
                Ok(_) => changed += 1,
                Err(_) => failed += 1,
            }
        }
        if self.json {
            let files: Vec<Value> = outcomes.iter().map(|it| self.to_json(it)).collect();
            let document = json!({"schema_version": 1, "files": files});
            writeln!(io::stdout().lock(), "{document}")?;
        } else {
            for outcome in outcomes {
                self.tell(outcome)?;
            }
            standard::say(&self.summary(outcomes.len(), changed, failed));
        }
        Ok(if failed > 0 {
            Exit::Unformattable
        } else if changed > 0 && self.only_looks() {
            Exit::Failed
        } else {
            Exit::Success
        })
    }

    fn tell(&self, outcome: &Outcome) -> Result<()> {
        let path = outcome.path.display();
        match &outcome.result {
            Err(error) => standard::say(&format!("perilune: {path}: {error:#}")),
            Ok(formatted) if formatted.changes.is_empty() => {}
            Ok(formatted) if self.diff => {
                let mut stdout = io::stdout().lock();
                for change in &formatted.changes {
                    write_diff(&mut stdout, &outcome.path, change)?;
                }
            }
            Ok(_) if self.check => standard::say(&format!("Would format {path}")),
            Ok(_) => standard::say(&format!("Formatted {path}")),
        }
        Ok(())
    }

    fn summary(&self, files: usize, changed: usize, failed: usize) -> String {
        let counted = |count: usize| match count {
            1 => "1 file".to_owned(),
            count => format!("{count} files"),
        };
        let verb = if self.only_looks() {
            "would be formatted"
        } else {
            "formatted"
        };
        let mut summary = format!("{} {verb}", counted(changed));
        summary += &format!(", {} as it should be", files - changed - failed);
        if failed > 0 {
            summary += &format!(", {failed} could not be formatted");
        }
        summary
    }

    fn to_json(&self, outcome: &Outcome) -> Value {
        match &outcome.result {
            Err(error) => json!({
                "path": outcome.path,
                "change": "failed",
                "error": format!("{error:#}"),
            }),
            Ok(formatted) => {
                let change = match (formatted.changes.is_empty(), self.only_looks()) {
                    (true, _) => "unchanged",
                    (false, true) => "would format",
                    (false, false) => "formatted",
                };
                let cells: Vec<usize> = formatted.changes.iter().filter_map(|it| it.cell).collect();
                json!({"path": outcome.path, "change": change, "cells": cells})
            }
        }
    }
}

fn format_file(path: &Path, styles: &mut Styles) -> Result<Formatted> {
    let content = fs::read(path).context("reading it")?;
    let style = styles.of(path)?;
    Ok(format::format(format::kind_of(path), &content, style)?)
}

fn is_of_another_language(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref::<FormatError>(),
        Some(FormatError::Language(_))
    )
}

/// A change as `diff -u` shows it.
fn write_diff(to: &mut impl Write, path: &Path, change: &Change) -> io::Result<()> {
    let name = match change.cell {
        Some(index) => format!("{}:cells[{index}]", path.display()),
        None => path.display().to_string(),
    };
    let bold = Style::new().bold();
    writeln!(to, "{}", bold.apply_to(format!("--- {name}")))?;
    writeln!(to, "{}", bold.apply_to(format!("+++ {name}")))?;
    let diff = TextDiff::from_lines(&change.before, &change.after);
    for hunk in diff.unified_diff().iter_hunks() {
        writeln!(to, "{}", Style::new().cyan().apply_to(hunk.header()))?;
        for line in hunk.iter_changes() {
            let (sign, style) = match line.tag() {
                ChangeTag::Delete => ('-', Style::new().red()),
                ChangeTag::Insert => ('+', Style::new().green()),
                ChangeTag::Equal => (' ', Style::new()),
            };
            let text = line.value().trim_end_matches('\n');
            writeln!(to, "{}", style.apply_to(format!("{sign}{text}")))?;
        }
    }
    Ok(())
}
