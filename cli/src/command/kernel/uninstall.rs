use std::io::{self, Write};

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::place::Place;
use crate::exit::Exit;
use crate::jupyter::kernelspec;

/// `perilune kernel uninstall`
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Remove it even if it belongs to another kernel
    #[arg(long)]
    force: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let folder = self.place.kernels_folder()?.join(self.place.name.as_str());
        let removed = kernelspec::uninstall(&folder, self.force)?;

        let mut stdout = io::stdout().lock();
        if self.json {
            let document = json!({
                "schema_version": 1,
                "name": self.place.name.as_str(),
                "path": folder,
                "change": if removed { "removed" } else { "unchanged" },
            });
            writeln!(stdout, "{document}")?;
        } else if removed {
            writeln!(stdout, "Removed the kernelspec in {}", folder.display())?;
        } else {
            writeln!(stdout, "There is no kernelspec in {}", folder.display())?;
        }
        Ok(Exit::Success)
    }
}
