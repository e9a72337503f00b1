use std::io;
use std::process::Command;

use anyhow::{Result, bail};

/// The user's service manager, if there is one to talk to.
#[derive(Debug, Clone, Copy)]
pub struct Systemctl(());

/// Why nobody is there to talk to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence(pub String);

impl Systemctl {
    /// Looks whether the user's service manager answers.
    pub fn find() -> Result<Self, Absence> {
        match run(&["show", "--property=Version"]) {
            Ok(said) if said.success => Ok(Self(())),
            Ok(said) => Err(Absence(format!("it says: {}", said.errors))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(Absence("there is no systemctl here".to_owned()))
            }
            Err(error) => Err(Absence(error.to_string())),
        }
    }

    /// Has something done.
    ///
    /// # Errors
    ///
    /// With what systemctl says when it fails.
    pub fn run(self, arguments: &[&str]) -> Result<()> {
        let said = run(arguments)?;
        if !said.success {
            bail!("systemctl --user {}: {}", arguments.join(" "), said.errors);
        }
        Ok(())
    }

    /// A property of a unit; empty if it has none.
    ///
    /// # Errors
    ///
    /// When systemctl cannot be run.
    pub fn property(self, unit: &str, property: &str) -> Result<String> {
        Ok(run(&["show", "--value", "--property", property, unit])?.output)
    }
}

struct Said {
    success: bool,
    output: String,
    errors: String,
}

fn run(arguments: &[&str]) -> io::Result<Said> {
    let output = Command::new("systemctl")
        .arg("--user")
        .arg("--no-pager")
        .args(arguments)
        .output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    Ok(Said {
        success: output.status.success(),
        output: text(&output.stdout),
        errors: text(&output.stderr),
    })
}
