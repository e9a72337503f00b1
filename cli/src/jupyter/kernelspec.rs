use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use bytesize::ByteSize;
use serde_json::{Map, Value, json};

use crate::atomic_file::{self, Access};

/// The kernelspec of the wheel, which every other one is made from.
const TEMPLATE: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../kernelspec/wheel/data/share/jupyter/kernels/lua/kernel.json"
));

macro_rules! file {
    ($name:literal) => {
        (
            $name,
            include_bytes!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../kernelspec/wheel/data/share/jupyter/kernels/lua/",
                $name
            ))
            .as_slice(),
        )
    };
}

/// What goes beside `kernel.json`.
const FILES: [(&str, &[u8]); 4] = [
    file!("logo-32x32.png"),
    file!("logo-64x64.png"),
    file!("logo-svg.svg"),
    // Quarto looks for it there.
    file!("quarto_setup_cell"),
];

/// What `metadata.perilune.installer` says in a kernelspec that this program wrote.
const INSTALLER: &str = "perilune";

/// A kernelspec's name: ASCII letters, digits, `.`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelName(String);

impl KernelName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KernelName {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        // Jupyter would take `..` for a name too, and it would be a path.
        if name.is_empty() || name.starts_with('.') || !name.chars().all(allowed) {
            return Err(
                "a kernel's name has only letters, digits, '.', '_' and '-', \
                        and does not start with '.'",
            );
        }
        // Jupyter finds kernelspecs by their names in lower case.
        Ok(Self(name.to_ascii_lowercase()))
    }
}

/// An environment variable and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    name: String,
    value: String,
}

impl FromStr for Variable {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Self {
                name: name.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("expected NAME=VALUE"),
        }
    }
}

/// What Jupyter is told about this kernel.
#[derive(Debug, Clone)]
pub struct Kernelspec {
    /// The program that is the kernel: an absolute path.
    pub program: PathBuf,
    /// What front ends show.
    pub display_name: String,
    /// How much memory Lua may use.
    pub memory_limit: Option<ByteSize>,
    /// What the kernel's environment has beside the front end's.
    pub env: Vec<Variable>,
}

/// What an installation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// There was nothing.
    Created,
    /// There was something else.
    Updated,
    /// It was there already.
    Unchanged,
}

impl Change {
    /// What `--json` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }
}

impl Kernelspec {
    /// The command line that starts the kernel.
    pub fn argv(&self) -> Vec<String> {
        let mut argv = vec![self.program.to_string_lossy().into_owned()];
        argv.extend(["kernel", "start"].map(str::to_owned));
        if let Some(limit) = self.memory_limit {
            argv.extend(["--memory-limit".to_owned(), limit.as_u64().to_string()]);
        }
        // On its own, because some front ends replace only a whole element.
        argv.extend(["--connection-file", "{connection_file}"].map(str::to_owned));
        argv
    }

    /// The text of `kernel.json`.
    fn to_json(&self) -> Result<String> {
        let mut document: Map<String, Value> =
            serde_json::from_str(TEMPLATE).context("reading the built-in kernelspec")?;
        document["argv"] = json!(self.argv());
        document["display_name"] = json!(self.display_name);
        document["metadata"]["perilune"] = json!({"installer": INSTALLER});
        if !self.env.is_empty() {
            let env: Map<String, Value> = self
                .env
                .iter()
                .map(|variable| (variable.name.clone(), json!(variable.value)))
                .collect();
            document.insert("env".to_owned(), Value::Object(env));
        }
        Ok(serde_json::to_string_pretty(&document)? + "\n")
    }

    /// Writes the kernelspec's files into `folder`, `kernel.json` last, so that Jupyter never
    /// sees half of it. `force` replaces the kernelspec of another kernel.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written, or holds another kernel's kernelspec.
    pub fn install(&self, folder: &Path, force: bool) -> Result<Change> {
        let kernel_json = self.to_json()?;
        let owner = Owner::of(folder)?;
        if owner == Owner::Other && !force {
            bail!(
                "{} is the kernelspec of another kernel; choose another name with --name, \
                 or replace it with --force",
                folder.display()
            );
        }
        let files = FILES
            .into_iter()
            .chain([("kernel.json", kernel_json.as_bytes())]);
        let mut written = false;
        for (name, content) in files {
            let path = folder.join(name);
            if fs::read(&path).is_ok_and(|present| present == content) {
                continue;
            }
            fs::create_dir_all(folder)
                .and_then(|()| atomic_file::replace(&path, content, Access::Shared))
                .with_context(|| format!("writing {}", path.display()))?;
            written = true;
        }
        Ok(match owner {
            Owner::Nobody => Change::Created,
            _ if written => Change::Updated,
            _ => Change::Unchanged,
        })
    }
}

/// Deletes the kernelspec in `folder`; false when there is none. `force` deletes the kernelspec
/// of another kernel too.
///
/// # Errors
///
/// When the folder is not a kernelspec that this program wrote, or cannot be deleted.
pub fn uninstall(folder: &Path, force: bool) -> Result<bool> {
    match Owner::of(folder)? {
        Owner::Nobody if !folder.is_dir() => return Ok(false),
        Owner::Nobody => bail!(
            "{} has no kernel.json, so it is not a kernelspec; delete it yourself if it is not \
             needed",
            folder.display()
        ),
        Owner::Wheel if !force => bail!(
            "{} belongs to the Python package; remove it with `pip uninstall perilune`",
            folder.display()
        ),
        Owner::Other if !force => bail!(
            "{} is the kernelspec of another kernel; delete it all the same with --force",
            folder.display()
        ),
        Owner::Ours | Owner::Wheel | Owner::Other => {}
    }
    let is_link = fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.is_symlink());
    let removed = if is_link {
        fs::remove_file(folder)
    } else {
        fs::remove_dir_all(folder)
    };
    removed.with_context(|| format!("deleting {}", folder.display()))?;
    Ok(true)
}

/// Whose kernelspec a folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Nobody,
    Ours,
    Wheel,
    Other,
}

impl Owner {
    fn of(folder: &Path) -> Result<Self> {
        let path = folder.join("kernel.json");
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::Nobody),
            Err(error) => {
                return Err(error).with_context(|| format!("reading {}", path.display()));
            }
        };
        let document: Value = serde_json::from_slice(&text).unwrap_or_default();
        Ok(
            match document
                .pointer("/metadata/perilune/installer")
                .and_then(Value::as_str)
            {
                Some(INSTALLER) => Self::Ours,
                Some(_) => Self::Wheel,
                None => Self::Other,
            },
        )
    }
}
