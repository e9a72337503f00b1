use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::jupyter::{Directories, KernelName};

/// Where a kernelspec is: the same flags for `install` and `uninstall`.
#[derive(Debug, Args)]
pub struct Place {
    /// For this user (the default)
    #[arg(long, group = "place")]
    user: bool,
    /// For the active virtual or conda environment, else for the python3 on PATH
    #[arg(long, group = "place")]
    sys_prefix: bool,
    /// Under this prefix: PREFIX/share/jupyter/kernels
    #[arg(long, group = "place", value_name = "PREFIX")]
    prefix: Option<PathBuf>,
    /// What the kernelspec is called in `jupyter --kernel NAME`
    #[arg(long, default_value = "lua")]
    pub name: KernelName,
}

impl Place {
    /// The folder that holds kernelspecs.
    pub fn kernels_folder(&self) -> Result<PathBuf> {
        let prefix = match &self.prefix {
            Some(prefix) => prefix.clone(),
            None if self.sys_prefix => sys_prefix()?,
            None => return Ok(Directories::of_this_user()?.data.join("kernels")),
        };
        let prefix = std::path::absolute(&prefix)
            .with_context(|| format!("finding the absolute path of {}", prefix.display()))?;
        Ok(prefix.join("share/jupyter/kernels"))
    }
}

/// What Python calls `sys.prefix`, of the environment the user is in.
fn sys_prefix() -> Result<PathBuf> {
    let active = ["VIRTUAL_ENV", "CONDA_PREFIX"]
        .into_iter()
        .filter_map(std::env::var_os)
        .find(|prefix: &OsString| !prefix.is_empty());
    if let Some(prefix) = active {
        return Ok(prefix.into());
    }
    let advice = "activate an environment, or say where with --prefix";
    let output = Command::new("python3")
        .args(["-c", "import sys; print(sys.prefix)"])
        .output()
        .with_context(|| format!("asking python3 for its prefix; {advice}"))?;
    let prefix = String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned();
    if !output.status.success() || prefix.is_empty() {
        bail!(
            "python3 did not tell its prefix: {}; {advice}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(prefix.into())
}
