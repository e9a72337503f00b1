//! What may be amiss with a setup, one check for each, and what to do about it.

mod clock;
mod configuration;
mod disk;
mod folders;
mod history;
mod jupyter;
mod kernels;
mod lua;
mod network;
mod program;

use perilune_config::Configuration;
use serde::Serialize;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, but perhaps not as it is meant to.
    Warning,
    /// Something does not work.
    Problem,
}

/// What a check has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check, in a word.
    pub check: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was found, in a sentence.
    pub message: String,
    /// What to do next, if anything.
    pub advice: Option<String>,
}

/// The findings of one check, as they come.
pub struct Findings {
    check: &'static str,
    found: Vec<Finding>,
}

impl Findings {
    fn ok(&mut self, message: impl Into<String>) {
        self.add(Verdict::Ok, message.into(), None);
    }

    fn warning(&mut self, message: impl Into<String>, advice: impl Into<String>) {
        self.add(Verdict::Warning, message.into(), Some(advice.into()));
    }

    fn problem(&mut self, message: impl Into<String>, advice: impl Into<String>) {
        self.add(Verdict::Problem, message.into(), Some(advice.into()));
    }

    fn add(&mut self, verdict: Verdict, message: String, advice: Option<String>) {
        self.found.push(Finding {
            check: self.check,
            verdict,
            message,
            advice,
        });
    }
}

type Check = fn(&Configuration, &mut Findings);

/// Every check, in the order of what depends on what.
const CHECKS: &[(&str, Check)] = &[
    ("program", program::check),
    ("configuration", configuration::check),
    ("folders", folders::check),
    ("kernelspec", jupyter::check_kernelspec),
    ("jupyter", jupyter::check),
    ("lua", lua::check),
    ("luarocks", lua::check_luarocks),
    ("kernels", kernels::check),
    ("history", history::check),
    ("log", folders::check_log),
    ("disk", disk::check),
    ("descriptors", disk::check_descriptors),
    ("network", network::check),
    ("clock", clock::check),
];

/// Makes every check.
pub fn examine() -> Vec<Finding> {
    // What is wrong with the settings is a finding of its own; the rest goes by the defaults then.
    let configuration = configuration::read().unwrap_or_else(|_| Configuration::of_defaults());
    let examine = |(check, run): &(&'static str, Check)| {
        let mut findings = Findings {
            check,
            found: Vec::new(),
        };
        run(&configuration, &mut findings);
        findings.found
    };
    CHECKS.iter().flat_map(examine).collect()
}
