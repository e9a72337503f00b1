use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use perilune_config::{ConfigError, PROJECT_FILE, Problem, Problems, Sources};
use serde_json::{Value, json};

use super::json;
use crate::exit::Exit;
use crate::settings::{self, Flags};
use crate::standard;

/// `perilune config validate`
#[derive(Debug, Args)]
#[command(after_help = "\
Without FILE all that is read here is checked: the user's file, the project's, the environment.

Exit codes: 0 all is valid, 1 something is not, 2 wrong command line.")]
pub struct Arguments {
    /// A file to check, or - for standard input. One that is called perilune.toml is a project's
    file: Option<PathBuf>,
    /// Check it as a project's file, which may set less
    #[arg(long, requires = "file")]
    project: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let sources = settings::sources(Flags::default())?;
        let (files, problems) = match &self.file {
            Some(file) => (vec![file.clone()], self.problems_of(file, &sources)?),
            None => {
                let (user, project) = sources.files();
                let files = user.into_iter().chain(project).collect();
                let problems = match sources.read() {
                    Ok(_) => Vec::new(),
                    Err(ConfigError::Invalid(Problems(problems))) => problems,
                    Err(error) => return Err(error.into()),
                };
                (files, problems)
            }
        };
        if self.json {
            let found: Vec<Value> = problems.iter().map(json::problem).collect();
            let document = json!({
                "schema_version": 1,
                "valid": problems.is_empty(),
                "files": files,
                "problems": found,
            });
            writeln!(io::stdout().lock(), "{document}")?;
        } else {
            tell(&files, &problems)?;
        }
        Ok(match problems.is_empty() {
            true => Exit::Success,
            false => Exit::Failed,
        })
    }

    fn problems_of(&self, file: &Path, sources: &Sources) -> Result<Vec<Problem>> {
        let place = || format!("reading {}", file.display());
        let content = if file == Path::new("-") {
            let mut content = Vec::new();
            io::stdin()
                .read_to_end(&mut content)
                .context("reading standard input")?;
            content
        } else if !fs::metadata(file).with_context(place)?.is_file() {
            bail!("{} is not a file", file.display());
        } else {
            fs::read(file).with_context(place)?
        };
        let is_project = self.project || file.file_name() == Some(PROJECT_FILE.as_ref());
        let checked = if is_project {
            let user = sources.user_alone()?;
            perilune_config::check_project(&user.settings, file, &content)
        } else {
            perilune_config::check(file, &content)
        };
        Ok(checked.map_or_else(|Problems(problems)| problems, |()| Vec::new()))
    }
}

fn tell(files: &[PathBuf], problems: &[Problem]) -> Result<()> {
    // What is wrong is what was asked for, so that it goes where a program would read it.
    let mut stdout = io::stdout().lock();
    for problem in problems {
        writeln!(stdout, "{problem}")?;
    }
    let names: Vec<String> = files.iter().map(|it| it.display().to_string()).collect();
    let what = match names.as_slice() {
        [] => "there is no file, and the environment".to_owned(),
        names => names.join(" and "),
    };
    standard::say(&match problems.len() {
        0 => format!("{what}: all is valid"),
        1 => "1 problem".to_owned(),
        many => format!("{many} problems"),
    });
    Ok(())
}
