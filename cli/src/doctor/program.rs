use std::env;
use std::fs;
use std::path::Path;

use perilune_config::Configuration;

use super::Findings;
use crate::lab::find_on_path;

/// Whether what the user calls `perilune` is this.
pub fn check(_: &Configuration, findings: &mut Findings) {
    let version = env!("CARGO_PKG_VERSION");
    let own = match env::current_exe() {
        Ok(own) => own,
        Err(error) => {
            let advice = "install perilune again";
            return findings.problem(
                format!("this program does not find itself: {error}"),
                advice,
            );
        }
    };
    findings.ok(format!("perilune {version} at {}", own.display()));
    match find_on_path("perilune") {
        None => findings.warning(
            "perilune is not on PATH",
            format!("add {} to PATH", folder(&own).display()),
        ),
        Some(other) if !is_same(&other, &own) => findings.warning(
            format!("`perilune` means another one, {}", other.display()),
            format!(
                "put {} before it in PATH, or remove it",
                folder(&own).display()
            ),
        ),
        Some(_) => {}
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// Whether two paths lead to one file.
pub fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    real(one).is_some() && real(one) == real(other)
}
