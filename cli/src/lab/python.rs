use std::path::PathBuf;

use anyhow::{Result, anyhow};

use super::program::find_on_path;

/// How each system's package manager brings Python with all that a virtual environment needs.
const INSTALLERS: [(&str, &str); 6] = [
    ("apt", "sudo apt install python3 python3-venv"),
    ("dnf", "sudo dnf install python3"),
    ("pacman", "sudo pacman -S python"),
    ("zypper", "sudo zypper install python3"),
    ("apk", "sudo apk add python3"),
    ("brew", "brew install python"),
];

/// The `python3` on PATH.
///
/// # Errors
///
/// When there is none, with how to get it on this system.
pub fn find_python() -> Result<PathBuf> {
    find_on_path("python3").ok_or_else(|| {
        anyhow!(
            "JupyterLab needs Python 3, and there is no python3 on PATH; install it with\n{}\n\
             (`perilune run FILE` runs notebooks without Python)",
            advice()
        )
    })
}

/// The commands that install Python on this system; all known ones where nothing is recognised.
pub fn advice() -> String {
    let present: Vec<&str> = INSTALLERS
        .iter()
        .filter(|(manager, _)| find_on_path(manager).is_some())
        .map(|(_, command)| *command)
        .collect();
    let commands = match present.as_slice() {
        [] => INSTALLERS.iter().map(|(_, command)| *command).collect(),
        _ => present,
    };
    commands
        .iter()
        .map(|command| format!("  {command}"))
        .collect::<Vec<_>>()
        .join("\n")
}
