use std::io::{self, Write};

use anyhow::Result;
use clap::Args;
use console::Style;
use serde_json::json;

use crate::doctor::{self, Finding, Verdict};
use crate::exit::Exit;

/// `perilune doctor`
#[derive(Debug, Args)]
#[command(after_help = "\
Nothing is changed: what to do next is told.

Exit codes: 0 all works (there may be warnings), 1 there is a problem, 2 wrong command line.")]
pub struct Arguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let findings = doctor::examine();
        let count = |verdict| findings.iter().filter(|it| it.verdict == verdict).count();
        let (problems, warnings) = (count(Verdict::Problem), count(Verdict::Warning));
        let mut stdout = io::stdout().lock();
        if self.json {
            let document = json!({
                "schema_version": 1,
                "version": env!("CARGO_PKG_VERSION"),
                "problems": problems,
                "warnings": warnings,
                "findings": findings,
            });
            writeln!(stdout, "{document}")?;
        } else {
            for finding in &findings {
                tell(&mut stdout, finding)?;
            }
            let many = |count, what| match count {
                1 => format!("1 {what}"),
                count => format!("{count} {what}s"),
            };
            let (problems, warnings) = (many(problems, "problem"), many(warnings, "warning"));
            writeln!(stdout, "\n{problems}, {warnings}")?;
        }
        Ok(match problems {
            0 => Exit::Success,
            _ => Exit::Failed,
        })
    }
}

fn tell(to: &mut impl Write, finding: &Finding) -> io::Result<()> {
    let (word, style) = match finding.verdict {
        Verdict::Ok => ("ok", Style::new().green()),
        Verdict::Warning => ("warning", Style::new().yellow()),
        Verdict::Problem => ("problem", Style::new().red()),
    };
    let word = style.apply_to(format!("{word:<8}"));
    writeln!(to, "{word} {:<14} {}", finding.check, finding.message)?;
    match &finding.advice {
        Some(advice) => writeln!(to, "{:24}-> {advice}", ""),
        None => Ok(()),
    }
}
