use std::io::{self, Write};

use anyhow::{Context, Result};
use bytesize::ByteSize;
use clap::Args;
use serde_json::json;

use super::place::Place;
use crate::exit::Exit;
use crate::jupyter::{Change, Kernelspec, Variable};

/// `perilune kernel install`
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    place: Place,
    /// What front ends show
    #[arg(long, default_value = "Lua")]
    display_name: String,
    /// How much memory Lua may use, such as 512MiB or 2GiB
    #[arg(long, value_name = "SIZE")]
    memory_limit: Option<ByteSize>,
    /// Set an environment variable for the kernel (repeatable)
    #[arg(long = "env", value_name = "NAME=VALUE")]
    env: Vec<Variable>,
    /// Replace a kernelspec of the same name that belongs to another kernel
    #[arg(long)]
    force: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let kernelspec = Kernelspec {
            program: std::env::current_exe().context("finding the path of this program")?,
            display_name: self.display_name,
            memory_limit: self.memory_limit,
            env: self.env,
        };
        let folder = self.place.kernels_folder()?.join(self.place.name.as_str());
        let change = kernelspec.install(&folder, self.force)?;

        let mut stdout = io::stdout().lock();
        if self.json {
            let document = json!({
                "schema_version": 1,
                "name": self.place.name.as_str(),
                "path": folder,
                "change": change.name(),
                "argv": kernelspec.argv(),
            });
            writeln!(stdout, "{document}")?;
        } else {
            let done = match change {
                Change::Created => "Installed the kernelspec in",
                Change::Updated => "Updated the kernelspec in",
                Change::Unchanged => "The kernelspec is up to date in",
            };
            writeln!(stdout, "{done} {}", folder.display())?;
        }
        Ok(Exit::Success)
    }
}
