//! What users write into files, variables and command lines, and what becomes of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod edits;
mod layers;
mod problems;
mod projects;
mod reload;
mod robustness;
mod table;

use std::fs;
use std::path::PathBuf;

use perilune_config::{Configuration, Flag, ProjectSearch, Sources, key_named};
use tempfile::TempDir;

/// A user's folder and a project's, with nothing in them.
struct Here {
    folder: TempDir,
    /// Where the settings are read from.
    pub sources: Sources,
}

impl Here {
    /// Nothing is set.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("project");
        fs::create_dir(&project).unwrap();
        let sources = Sources {
            user: Some(folder.path().join("config.toml")),
            project: Some(ProjectSearch {
                folder: project,
                last: Some(folder.path().to_owned()),
            }),
            variables: [].into(),
            flags: Vec::new(),
        };
        Self { folder, sources }
    }

    /// A path in the folder above both.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// With this in the user's file.
    pub fn user(self, text: &str) -> Self {
        fs::write(self.path("config.toml"), text).unwrap();
        self
    }

    /// With this in the project's file.
    pub fn project(self, text: &str) -> Self {
        fs::write(self.path("project/perilune.toml"), text).unwrap();
        self
    }

    /// With this variable.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.sources.variables.insert(name.into(), value.into());
        self
    }

    /// With this on the command line.
    pub fn flag(mut self, key: &str, value: &str) -> Self {
        self.sources.flags.push(Flag {
            flag: format!("--set {key}={value}"),
            key: key.to_owned(),
            value: value.to_owned(),
        });
        self
    }

    /// What all of it says.
    pub fn read(&self) -> Configuration {
        self.sources.read().unwrap()
    }

    /// What is wrong, with the folder's own name left out.
    pub fn problems(&self) -> Vec<String> {
        let error = self.sources.read().unwrap_err().to_string();
        let folder = format!("{}/", self.folder.path().display());
        error.lines().map(|it| it.replace(&folder, "")).collect()
    }
}

/// A value, and where it comes from.
fn value(configuration: &Configuration, key: &str) -> (String, &'static str) {
    let key = key_named(key).unwrap();
    (
        configuration.value(key).to_string(),
        configuration.origin(key).layer(),
    )
}
