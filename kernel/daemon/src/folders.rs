use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::error::DaemonError;
use crate::name::Name;

/// Where perilune keeps what is a user's, by the XDG Base Directory Specification. Nothing is made
/// until it is used, and then for the user alone (0700).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    state: PathBuf,
    config: PathBuf,
}

impl Folders {
    /// Those of whoever runs this process. Variables that name no absolute path do not count, as the
    /// specification says.
    ///
    /// # Errors
    ///
    /// [`DaemonError::NoHome`] when the user has no home and no variable says where else.
    pub fn of_this_user() -> Result<Self, DaemonError> {
        Self::from_variables(|name| std::env::var_os(name), std::env::home_dir())
    }

    fn from_variables(
        variable: impl Fn(&str) -> Option<OsString>,
        home: Option<PathBuf>,
    ) -> Result<Self, DaemonError> {
        let home = home.filter(|home| home.is_absolute());
        let folder = |name, usual| {
            variable(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
                .or_else(|| Some(home.as_ref()?.join(usual)))
                .map(|folder| folder.join("perilune"))
                .ok_or(DaemonError::NoHome(name))
        };
        Ok(Self {
            state: folder("XDG_STATE_HOME", ".local/state")?,
            config: folder("XDG_CONFIG_HOME", ".config")?,
        })
    }

    /// What outlives a kernel: `$XDG_STATE_HOME/perilune`.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// What the user decided: `$XDG_CONFIG_HOME/perilune`.
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// Where every kernel that lives has its lock and its record. It is not in `$XDG_RUNTIME_DIR`,
    /// which goes with the user's last session, and a daemon does not
    /// (`docs/decisions/0008-where-kernels-are-found.md`).
    pub fn runtime(&self) -> PathBuf {
        self.state.join("run")
    }

    /// What is one kernel's, and outlives it: its log, journal, saved state and dumps.
    pub fn kernel(&self, name: &Name) -> PathBuf {
        self.state.join("kernels").join(name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(variables: &[(&str, &str)], home: Option<&str>) -> Result<Folders, DaemonError> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.into())
        };
        Folders::from_variables(variable, home.map(PathBuf::from))
    }

    #[test]
    fn they_are_in_the_home_unless_a_variable_says_where() {
        let found = folders(&[], Some("/home/me")).unwrap();
        assert_eq!(found.state(), Path::new("/home/me/.local/state/perilune"));
        assert_eq!(found.config(), Path::new("/home/me/.config/perilune"));
        assert_eq!(
            found.runtime(),
            Path::new("/home/me/.local/state/perilune/run")
        );
        let name = "a.b".parse().unwrap();
        let kernel = Path::new("/home/me/.local/state/perilune/kernels/a.b");
        assert_eq!(found.kernel(&name), kernel);

        let variables = [("XDG_STATE_HOME", "/s"), ("XDG_CONFIG_HOME", "relative")];
        let found = folders(&variables, Some("/home/me")).unwrap();
        assert_eq!(found.state(), Path::new("/s/perilune"));
        assert_eq!(found.config(), Path::new("/home/me/.config/perilune"));
    }

    #[test]
    fn without_a_home_nothing_is_guessed() {
        let error = folders(&[("XDG_STATE_HOME", "/s")], None).unwrap_err();
        assert!(error.to_string().contains("XDG_CONFIG_HOME"), "{error}");
        assert!(folders(&[], Some("")).is_err());
    }
}
