use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use perilune_history::Found;

use super::selection::Selection;
use crate::atomic_file::{self, Access};
use crate::exit::Exit;
use crate::notebook::Notebook;
use crate::standard;

/// `perilune history export`
#[derive(Debug, Args)]
#[command(after_help = "\
A script has each cell below a line `-- %%`, as jupytext and editors know it.")]
pub struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// Each input once, the newest
    #[arg(long, short)]
    unique: bool,
    /// Write it there: a notebook if the name ends in .ipynb, else a script; without this option
    /// a script goes to standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let (path, store) = super::open()?;
        let mut query = self.selection.query();
        query.unique = self.unique;
        let found = match &store {
            Some(store) => store.select(&query, None)?,
            None => Vec::new(),
        };
        if found.is_empty() {
            standard::say(&format!("There is no such entry in {}", path.display()));
        }
        match self.output {
            Some(output) => write(&output, &found)?,
            None => io::stdout().lock().write_all(script(&found).as_bytes())?,
        }
        Ok(Exit::Success)
    }
}

fn write(output: &Path, found: &[Found]) -> Result<()> {
    let text = if output.extension().is_some_and(|it| it == "ipynb") {
        let inputs = found.iter().map(|found| found.entry.input.as_str());
        Notebook::of_cells(inputs)
            .to_json()
            .context("writing the notebook as JSON")?
    } else {
        script(found).into_bytes()
    };
    atomic_file::replace(output, &text, Access::Shared)
        .with_context(|| format!("writing {}", output.display()))
}

fn script(found: &[Found]) -> String {
    let mut script = String::new();
    for Found { entry, .. } in found {
        if !script.is_empty() {
            script.push('\n');
        }
        script.push_str("-- %%\n");
        script.push_str(entry.input.trim_end());
        script.push('\n');
    }
    script
}
