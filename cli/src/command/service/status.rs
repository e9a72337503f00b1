use std::io::{self, Write};

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::Service;
use super::systemctl::Systemctl;
use super::unit::Present;
use crate::exit::Exit;

/// `perilune service status`
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    service: Service,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    /// Ends with 0 when the service runs, and with 3 when it does not, as `systemctl status` does.
    pub fn run(self) -> Result<Exit> {
        let unit = self.service.unit();
        let file = self.service.file()?;
        let installed = match file.present()? {
            Present::Nothing => "no",
            Present::Ours(_) => "yes",
            Present::Foreign => "foreign",
        };
        let manager = Systemctl::find();
        let property = |name| match &manager {
            Ok(systemctl) => systemctl.property(&unit, name).map(Some),
            Err(_) => Ok(None),
        };
        let active = property("ActiveState")?;
        let enabled = property("UnitFileState")?;
        let says = property("StatusText")?.filter(|text| !text.is_empty());
        let pid =
            property("MainPID")?.and_then(|pid| pid.parse().ok().filter(|pid: &u32| *pid > 0));
        let absence = manager.as_ref().err().map(|absence| &absence.0);
        let mut stdout = io::stdout().lock();
        if self.json {
            let document = json!({
                "schema_version": 1,
                "name": self.service.name,
                "unit": unit,
                "file": file.0,
                "installed": installed,
                "active": active,
                "enabled": enabled,
                "pid": pid,
                "status": says,
                "systemd_error": absence,
            });
            writeln!(stdout, "{document}")?;
        } else {
            let unknown = || "unknown".to_owned();
            writeln!(stdout, "{unit}")?;
            writeln!(stdout, "  installed  {installed} ({})", file.0.display())?;
            writeln!(
                stdout,
                "  enabled    {}",
                enabled.clone().unwrap_or_else(unknown)
            )?;
            writeln!(
                stdout,
                "  active     {}",
                active.clone().unwrap_or_else(unknown)
            )?;
            if let Some(pid) = pid {
                writeln!(stdout, "  process    {pid}")?;
            }
            if let Some(says) = &says {
                writeln!(stdout, "  says       {says}")?;
            }
            if let Some(absence) = absence {
                writeln!(stdout, "  The user's systemd cannot be reached: {absence}")?;
            }
        }
        Ok(match active.as_deref() {
            Some("active" | "reloading") => Exit::Success,
            _ => Exit::NotRunning,
        })
    }
}
