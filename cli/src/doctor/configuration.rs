use std::env;
use std::os::unix::fs::MetadataExt;

use anyhow::Result;
use nix::unistd::geteuid;
use perilune_config::{Configuration, KEYS, SECTIONS};

use super::Findings;
use crate::settings::{self, Flags};

/// What is set here.
pub fn read() -> Result<Configuration> {
    settings::read(&settings::sources(Flags::default())?)
}

/// Whether what is set is valid, and read.
pub fn check(_: &Configuration, findings: &mut Findings) {
    match read() {
        Err(error) => {
            for line in error.to_string().lines() {
                findings.problem(line, "correct it with `perilune config edit`");
            }
        }
        Ok(configuration) => {
            if let Some(foreign) = &configuration.foreign {
                findings.warning(
                    format!(
                        "{} is not read: it belongs to somebody else",
                        foreign.display()
                    ),
                    "make it yours with chown if you trust what it says",
                );
            }
            let is_set = |key| configuration.origin(key).layer() != "default";
            let set = KEYS.iter().filter(|key| is_set(key)).count();
            findings.ok(format!(
                "what is set is valid ({set} of {} settings)",
                KEYS.len()
            ));
        }
    }
    if let Some(path) = perilune_config::user_file()
        && let Ok(metadata) = path.metadata()
        && (metadata.mode() & 0o022 != 0 || ![0, geteuid().as_raw()].contains(&metadata.uid()))
    {
        let path = path.display();
        findings.problem(
            format!("others may write to {path}, and with it say what your kernels do"),
            format!("chown {} {path} && chmod 600 {path}", geteuid()),
        );
    }
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if let Some(advice) = meant(&name) {
            findings.warning(format!("the variable {name} sets nothing"), advice);
        }
    }
}

/// What may have been meant with a variable that looks like one of ours.
fn meant(name: &str) -> Option<String> {
    let rest = name.strip_prefix("PERILUNE_")?.to_lowercase();
    if KEYS.iter().any(|key| key.variable == name) {
        return None;
    }
    let (section, key) = rest.split_once('_')?;
    // Others may have variables of that name too, for programs around this one.
    if !SECTIONS.iter().any(|it| it.name == section) {
        return None;
    }
    let why = perilune_config::key_named(&format!("{section}.{key}"));
    let why = why.err().unwrap_or_default();
    Some(format!("unset it, or set the right one: {why}"))
}
