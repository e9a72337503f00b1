use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result};

/// Jupyter's folders of one user, by the rules of `jupyter_core.paths`, without Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directories {
    /// What `jupyter --data-dir` prints.
    pub data: PathBuf,
    /// What `jupyter --runtime-dir` prints: where connection files are.
    pub runtime: PathBuf,
}

impl Directories {
    /// Those of whoever runs this process.
    ///
    /// # Errors
    ///
    /// When the user has no home and no variable says where else.
    pub fn of_this_user() -> Result<Self> {
        Self::from_variables(|name| std::env::var_os(name), std::env::home_dir())
            .context("finding Jupyter's folders: HOME is not set; set it, or JUPYTER_DATA_DIR")
    }

    fn from_variables(
        variable: impl Fn(&str) -> Option<OsString>,
        home: Option<PathBuf>,
    ) -> Option<Self> {
        let path = |name| {
            variable(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let data = match path("JUPYTER_DATA_DIR") {
            Some(data) => data,
            None if cfg!(target_os = "macos") => {
                let platform_dirs = variable("JUPYTER_PLATFORM_DIRS").is_some_and(is_true);
                home?.join(if platform_dirs {
                    "Library/Application Support/Jupyter"
                } else {
                    "Library/Jupyter"
                })
            }
            None => user_data(path("XDG_DATA_HOME"), home)?.join("jupyter"),
        };
        let runtime = path("JUPYTER_RUNTIME_DIR").unwrap_or_else(|| data.join("runtime"));
        Some(Self { data, runtime })
    }
}

/// Where programs keep a user's data, by the XDG Base Directory Specification.
///
/// # Errors
///
/// When the user has no home and no variable says where else.
pub fn data_of_this_user() -> Result<PathBuf> {
    let xdg = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    user_data(xdg.filter(|path| path.is_absolute()), std::env::home_dir())
        .context("finding a folder for data: neither XDG_DATA_HOME nor HOME is set")
}

fn user_data(xdg: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    xdg.or_else(|| Some(home?.join(".local/share")))
}

/// What Jupyter takes for yes.
fn is_true(value: OsString) -> bool {
    let value = value.to_string_lossy().to_lowercase();
    !matches!(
        value.as_str(),
        "" | "no" | "n" | "false" | "off" | "0" | "0.0"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directories(variables: &[(&str, &str)], home: Option<&str>) -> Option<Directories> {
        let variable = |name: &str| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.into())
        };
        Directories::from_variables(variable, home.map(PathBuf::from))
    }

    #[test]
    fn the_runtime_folder_is_in_the_data_folder() {
        let found = directories(&[("JUPYTER_DATA_DIR", "/data")], None).unwrap();
        assert_eq!(found.data, PathBuf::from("/data"));
        assert_eq!(found.runtime, PathBuf::from("/data/runtime"));
    }

    #[test]
    fn the_runtime_folder_can_be_elsewhere() {
        let found = directories(&[("JUPYTER_RUNTIME_DIR", "/run/me")], Some("/home/me")).unwrap();
        assert_eq!(found.runtime, PathBuf::from("/run/me"));
    }

    #[cfg(not(target_os = "macos"))]
    #[test]
    fn data_is_where_the_desktop_says_else_in_the_home() {
        let variables = [("XDG_DATA_HOME", "/xdg"), ("JUPYTER_DATA_DIR", "")];
        let found = directories(&variables, Some("/home/me")).unwrap();
        assert_eq!(found.data, PathBuf::from("/xdg/jupyter"));
        let found = directories(&[], Some("/home/me")).unwrap();
        assert_eq!(found.data, PathBuf::from("/home/me/.local/share/jupyter"));
    }

    #[test]
    fn nowhere_is_not_a_guess() {
        assert_eq!(directories(&[], None), None);
    }
}
