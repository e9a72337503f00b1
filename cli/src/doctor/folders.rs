use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access, geteuid};
use perilune_config::Configuration;
use perilune_daemon::Folders;

use super::Findings;
use crate::jupyter::Directories;

/// Whether the folders that hold what is the user's alone are that.
pub fn check(_: &Configuration, findings: &mut Findings) {
    match Folders::of_this_user() {
        Err(error) => findings.problem(error.to_string(), "set HOME to a folder of yours"),
        Ok(folders) => {
            look(findings, "the state folder", folders.state());
            look(
                findings,
                "the folder of running kernels",
                &folders.runtime(),
            );
            look(findings, "the configuration folder", folders.config());
        }
    }
    if let Ok(directories) = Directories::of_this_user() {
        look(findings, "Jupyter's runtime folder", &directories.runtime);
    }
}

/// Whether the log can be written where it shall be.
pub fn check_log(configuration: &Configuration, findings: &mut Findings) {
    let file = configuration.settings.log.file.as_ref();
    let Some(path) = file.filter(|file| !file.is_empty()).map(|file| file.path()) else {
        return findings.ok("kernels log to standard error, and daemons into their folders");
    };
    let place = path.display();
    let folder = path.parent().unwrap_or(Path::new("/"));
    match writable(&path).or_else(|| writable(folder)) {
        Some(Ok(())) => findings.ok(format!("the log goes to {place}")),
        Some(Err(why)) => findings.problem(
            format!("the log cannot be written to {place}: {why}"),
            "choose another file with `perilune config set log.file`",
        ),
        None => findings.problem(
            format!("the log cannot be written to {place}: its folder is not there"),
            format!("make it with `mkdir -p {}`", folder.display()),
        ),
    }
}

fn look(findings: &mut Findings, what: &str, path: &Path) {
    let place = path.display();
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => match can_be_made(path) {
            Ok(()) => findings.ok(format!("{what} {place} is not there yet")),
            Err((above, why)) => findings.problem(
                format!("{what} {place} cannot be made: {} {why}", above.display()),
                format!("see to {} with `ls -ld`", above.display()),
            ),
        },
        Err(error) => findings.problem(
            format!("{what} {place} cannot be read: {error}"),
            "see to it with `namei -l`",
        ),
        Ok(metadata) => match fault(path, &metadata) {
            None => findings.ok(format!("{what} {place} is yours alone to write to")),
            Some((why, advice)) => findings.problem(format!("{what} {place} {why}"), advice),
        },
    }
}

/// What is wrong with a folder that there is, and what to do.
fn fault(path: &Path, metadata: &Metadata) -> Option<(String, String)> {
    let place = path.display();
    let user = geteuid();
    if !metadata.is_dir() {
        let advice = format!("move it away: mv {place} {place}.old");
        return Some(("is not a folder".to_owned(), advice));
    }
    if metadata.uid() != user.as_raw() {
        let why = format!("belongs to user {}, not to you", metadata.uid());
        return Some((why, format!("sudo chown -R {user} {place}")));
    }
    if metadata.mode() & 0o022 != 0 {
        let why = format!(
            "may be written to by others (mode {:o})",
            metadata.mode() & 0o777
        );
        return Some((why, format!("chmod 700 {place}")));
    }
    match writable(path) {
        Some(Err(why)) => Some((why, format!("chmod u+rwx {place}"))),
        _ => None,
    }
}

/// Whether this user may write to what is there.
fn writable(path: &Path) -> Option<Result<(), String>> {
    if !path.exists() {
        return None;
    }
    let allowed = access(path, AccessFlags::W_OK);
    Some(allowed.map_err(|errno| format!("cannot be written to: {}", errno.desc())))
}

/// Whether a folder could be made, or what above it prevents that, and why.
fn can_be_made(path: &Path) -> Result<(), (PathBuf, String)> {
    let above = path.ancestors().skip(1).find(|folder| folder.exists());
    let above = above.unwrap_or(Path::new("/"));
    if !above.is_dir() {
        return Err((above.to_owned(), "is not a folder".to_owned()));
    }
    match writable(above) {
        Some(Err(why)) => Err((above.to_owned(), why)),
        _ => Ok(()),
    }
}
