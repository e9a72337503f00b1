use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use perilune_daemon::Name;

/// A unit of systemd that runs one kernel.
#[derive(Debug)]
pub struct Unit<'a> {
    /// The kernel's name.
    pub name: &'a Name,
    /// This program; absolute.
    pub program: &'a Path,
    /// More options of `kernel start`.
    pub options: &'a [String],
    /// Variables of the user who installs it that say where things are.
    pub environment: Vec<(&'static str, String)>,
}

/// The file of a unit.
#[derive(Debug)]
pub struct UnitFile(pub PathBuf);

/// What is in the place of a unit's file.
#[derive(Debug, PartialEq, Eq)]
pub enum Present {
    /// Nothing.
    Nothing,
    /// What we wrote.
    Ours(String),
    /// What somebody else wrote.
    Foreign,
}

/// By this first line a unit is known to be ours.
const MARK: &str = "# Written by `perilune service install`;";
/// Variables that say where things are. A service does not have what a shell's start files set.
const VARIABLES: [&str; 11] = [
    "JUPYTER_DATA_DIR",
    "JUPYTER_PLATFORM_DIRS",
    "JUPYTER_RUNTIME_DIR",
    "LUA_CPATH",
    "LUA_CPATH_5_4",
    "LUA_PATH",
    "LUA_PATH_5_4",
    "PERILUNE_HISTORY",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
];

impl Unit<'_> {
    /// Those of this process's variables that a service must know too.
    ///
    /// # Errors
    ///
    /// When one of them is not UTF-8.
    pub fn environment_of_this_process() -> Result<Vec<(&'static str, String)>> {
        VARIABLES
            .into_iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?)))
            .map(|(name, value)| match value.into_string() {
                Ok(value) => Ok((name, value)),
                Err(value) => bail!("{name} is not UTF-8: {}", value.display()),
            })
            .collect()
    }

    /// The unit's text.
    ///
    /// # Errors
    ///
    /// When a word of it cannot be written down: systemd reads lines of UTF-8.
    pub fn text(&self) -> Result<String> {
        let mut command = vec![quoted(self.program, Dollar::Itself)?];
        for word in [
            "kernel",
            "start",
            "--foreground",
            "--name",
            self.name.as_str(),
        ] {
            command.push(word.to_owned());
        }
        for option in self.options {
            command.push(quoted(option, Dollar::Doubled)?);
        }
        let command = command.join(" ");
        let name = self.name;
        let mut environment = String::new();
        for (name, value) in &self.environment {
            let assignment = quoted(format!("{name}={value}"), Dollar::Itself)?;
            environment += &format!("Environment={assignment}\n");
        }
        Ok(format!(
            "\
{MARK} `perilune service uninstall --name {name}` removes it.
# What you want otherwise belongs beside it: systemctl --user edit perilune-{name}

[Unit]
Description=Perilune, Lua kernel \"{name}\"
StartLimitIntervalSec=60
StartLimitBurst=5

[Service]
Type=notify
NotifyAccess=main
ExecStart={command}
ExecReload=kill -USR1 $MAINPID
{environment}WorkingDirectory=~
UMask=0027
StandardInput=null
StandardOutput=journal
StandardError=journal
Restart=on-failure
RestartSec=1
# Wrong usage, and a kernel of this name that runs already, do not mend themselves.
RestartPreventExitStatus=2 5
TimeoutStartSec=60
# More than the kernel's own deadlines at its end (shutdown.*) together.
TimeoutStopSec=60
WatchdogSec=30
# The kernel ends its children itself; what it leaves is killed.
KillMode=mixed

# A kernel runs code, but none of it needs to gain rights, or to change the system.
NoNewPrivileges=yes
# Without it systemd before 255 ignores what follows in a user's own units.
PrivateUsers=yes
PrivateTmp=yes
ProtectSystem=full
ProtectKernelModules=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=~@clock @cpu-emulation @module @mount @obsolete @raw-io @reboot @swap
SystemCallErrorNumber=EPERM

[Install]
WantedBy=default.target
"
        ))
    }
}

/// Whether systemd replaces what follows a dollar, as it does in arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dollar {
    Itself,
    Doubled,
}

/// A word in the quotes of systemd.syntax(7), whose `%` (systemd.unit(5), "Specifiers") mean
/// themselves.
fn quoted(word: impl AsRef<OsStr>, dollar: Dollar) -> Result<String> {
    let word = word.as_ref();
    let Some(text) = word.to_str() else {
        bail!(
            "{} is not UTF-8, which a unit is written in",
            word.display()
        );
    };
    if let Some(control) = text.chars().find(|c| c.is_control()) {
        bail!("{text:?} has {control:?} in it, which cannot be written into a unit");
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.push('\\'),
            '%' => quoted.push('%'),
            '$' if dollar == Dollar::Doubled => quoted.push('$'),
            _ => {}
        }
        quoted.push(c);
    }
    quoted.push('"');
    Ok(quoted)
}

impl UnitFile {
    /// What is there now.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn present(&self) -> Result<Present> {
        match fs::symlink_metadata(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Present::Nothing),
            Ok(metadata) if !metadata.is_file() => return Ok(Present::Foreign),
            _ => {}
        }
        let text = fs::read(&self.0).with_context(|| format!("reading {}", self.0.display()))?;
        Ok(match String::from_utf8(text) {
            Ok(text) if text.starts_with(MARK) => Present::Ours(text),
            _ => Present::Foreign,
        })
    }

    /// What to say of one that is not ours.
    pub fn refusal(&self) -> anyhow::Error {
        anyhow::anyhow!(
            "{} is there, and not written by `perilune service install`; move it away, or take \
             another --name",
            self.0.display()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_themselves_to_systemd() {
        let cases = [
            ("plain", "\"plain\""),
            ("a b", "\"a b\""),
            ("100%", "\"100%%\""),
            ("%h\\\"x\"", "\"%%h\\\\\\\"x\\\"\""),
            ("$HOME;x", "\"$$HOME;x\""),
            ("'ä'", "\"'ä'\""),
        ];
        for (word, written) in cases {
            assert_eq!(quoted(word, Dollar::Doubled).unwrap(), written);
        }
        assert_eq!(quoted("/a$b", Dollar::Itself).unwrap(), "\"/a$b\"");
        for word in ["a\nExecStartPre=/bin/false", "\0", "\u{1b}[1m"] {
            assert!(quoted(word, Dollar::Doubled).is_err());
        }
    }
}
