use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};

use anyhow::{Context, Result};
use clap::{Args, Parser};
use serde_json::json;

use super::Service;
use super::systemctl::{Absence, Systemctl};
use super::unit::{Present, Unit, UnitFile};
use crate::atomic_file::{self, Access};
use crate::command::kernel::StartArguments;
use crate::exit::Exit;
use crate::standard;

/// `perilune service install`
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    service: Service,
    /// Start it at once too
    #[arg(long)]
    now: bool,
    /// Print the unit, and do nothing
    #[arg(long, conflicts_with_all = ["now", "json"])]
    print: bool,
    /// Print one JSON object about what was done
    #[arg(long)]
    json: bool,
    /// More options of `perilune kernel start`, such as -- --project ~/work
    #[arg(last = true, value_name = "OPTIONS")]
    options: Vec<String>,
}

/// What `kernel start` takes, to see what is wrong before systemd does.
#[derive(Debug, Parser)]
#[command(name = "perilune service install --", no_binary_name = true)]
struct Start {
    #[command(flatten)]
    _arguments: StartArguments,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let name = &self.service.name;
        let fixed = ["--foreground", "--name", name.as_str()].map(OsString::from);
        let options = self.options.iter().map(OsString::from);
        if let Err(error) = Start::try_parse_from(fixed.into_iter().chain(options)) {
            error.print().context("saying what is wrong")?;
            return Ok(Exit::Usage);
        }
        let program = std::env::current_exe().context("finding this program")?;
        let unit = Unit {
            name,
            program: &program,
            options: &self.options,
            environment: Unit::environment_of_this_process()?,
        };
        let text = unit.text()?;
        if self.print {
            io::stdout().lock().write_all(text.as_bytes())?;
            return Ok(Exit::Success);
        }
        let file = self.service.file()?;
        let changes = match file.present()? {
            Present::Foreign => return Err(file.refusal()),
            Present::Ours(present) => present != text,
            Present::Nothing => true,
        };
        let done = self.put(&file, &text, changes)?;
        if self.json {
            let document = json!({
                "schema_version": 1,
                "name": name,
                "unit": self.service.unit(),
                "file": file.0,
                "changed": changes,
                "enabled": done.is_ok(),
                "started": done.is_ok() && self.now,
                "systemd_error": done.err().map(|absence| absence.0),
            });
            writeln!(io::stdout().lock(), "{document}")?;
        }
        Ok(Exit::Success)
    }

    /// Writes the unit, and has systemd know it, if it is there.
    fn put(&self, file: &UnitFile, text: &str, changes: bool) -> Result<Result<(), Absence>> {
        let place = file.0.display();
        if changes {
            let folder = atomic_file::folder_of(&file.0);
            fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
            atomic_file::replace(&file.0, text.as_bytes(), Access::Shared)
                .with_context(|| format!("writing {place}"))?;
            standard::say(&format!("Written: {place}"));
        } else {
            standard::say(&format!("It is there already: {place}"));
        }
        self.enable()
    }

    fn enable(&self) -> Result<Result<(), Absence>> {
        let unit = self.service.unit();
        let systemctl = match Systemctl::find() {
            Ok(systemctl) => systemctl,
            Err(absence) => {
                standard::say(&format!(
                    "The user's systemd cannot be reached ({}). Once it can, run:\n  \
                     systemctl --user daemon-reload\n  systemctl --user enable --now {unit}",
                    absence.0
                ));
                return Ok(Err(absence));
            }
        };
        systemctl.run(&["daemon-reload"])?;
        if self.now {
            systemctl.run(&["enable", "--now", &unit])?;
            standard::say(&format!("Enabled and started: {unit}"));
        } else {
            systemctl.run(&["enable", &unit])?;
            standard::say(&format!(
                "Enabled: {unit}. To start it now: systemctl --user start {unit}"
            ));
        }
        standard::say(
            "It starts with your session and ends with it; loginctl enable-linger lets it start \
             with the machine and stay.",
        );
        Ok(Ok(()))
    }
}
