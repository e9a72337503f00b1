use std::fs;
use std::io::{self, Write};

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;

use super::Service;
use super::systemctl::Systemctl;
use super::unit::{Present, UnitFile};
use crate::exit::Exit;
use crate::standard;

/// `perilune service uninstall`
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    service: Service,
    /// Print one JSON object about what was done
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let unit = self.service.unit();
        let file = self.service.file()?;
        let place = file.0.display();
        match file.present()? {
            Present::Foreign => return Err(file.refusal()),
            Present::Nothing => {
                standard::say(&format!("There is nothing to remove: no {place}"));
                return self.tell(&file, false);
            }
            Present::Ours(_) => {}
        }
        let systemctl = Systemctl::find();
        match &systemctl {
            Ok(systemctl) => systemctl.run(&["disable", "--now", &unit])?,
            Err(absence) => standard::say(&format!(
                "The user's systemd cannot be reached ({}): a kernel that it runs goes on until \
                 it is stopped (perilune kernel stop {}).",
                absence.0, self.service.name
            )),
        }
        fs::remove_file(&file.0).with_context(|| format!("removing {place}"))?;
        if let Ok(systemctl) = &systemctl {
            systemctl.run(&["daemon-reload"])?;
        }
        standard::say(&format!("Removed: {place}"));
        self.tell(&file, true)
    }

    fn tell(&self, file: &UnitFile, removed: bool) -> Result<Exit> {
        if self.json {
            let document = json!({
                "schema_version": 1,
                "name": self.service.name,
                "unit": self.service.unit(),
                "file": file.0,
                "removed": removed,
            });
            writeln!(io::stdout().lock(), "{document}")?;
        }
        Ok(Exit::Success)
    }
}
