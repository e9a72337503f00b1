use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// Where the history is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In memory, for as long as the kernel lives.
    Memory,
    /// In this file.
    File(PathBuf),
}

impl Place {
    /// The environment's name for the place where the user wants it; empty for none on disk.
    pub const VARIABLE: &str = "PERILUNE_HISTORY";

    /// Where this user's history is: the file that was `chosen`, in memory if that is empty, and
    /// without a choice `$XDG_STATE_HOME/perilune/history.sqlite` by the XDG Base Directory
    /// Specification. In memory too if the user has no home.
    pub fn of_this_user(chosen: Option<&OsStr>) -> Self {
        Self::from(
            chosen,
            std::env::var_os("XDG_STATE_HOME"),
            std::env::home_dir(),
        )
    }

    fn from(chosen: Option<&OsStr>, state: Option<OsString>, home: Option<PathBuf>) -> Self {
        match chosen {
            Some(path) if path.is_empty() => return Self::Memory,
            // Whoever chose it meant the folder that they were in.
            Some(path) => {
                let absolute = std::path::absolute(path);
                return Self::File(absolute.unwrap_or_else(|_| PathBuf::from(path)));
            }
            None => {}
        }
        let state = state
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| Some(home?.join(".local/state")));
        match state {
            Some(state) => Self::File(state.join("perilune/history.sqlite")),
            None => Self::Memory,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Option<&str> = Some("/home/me");

    fn place(chosen: Option<&str>, state: Option<&str>, home: Option<&str>) -> Place {
        Place::from(
            chosen.map(OsStr::new),
            state.map(OsString::from),
            home.map(PathBuf::from),
        )
    }

    fn file(path: &str) -> Place {
        Place::File(PathBuf::from(path))
    }

    #[test]
    fn it_is_in_the_users_state() {
        let in_home = file("/home/me/.local/state/perilune/history.sqlite");
        assert_eq!(place(None, None, HOME), in_home);
        assert_eq!(
            place(None, Some("/state"), HOME),
            file("/state/perilune/history.sqlite")
        );
        // The specification has relative paths ignored.
        assert_eq!(place(None, Some("state"), HOME), in_home);
    }

    #[test]
    fn the_user_can_choose_another_file_or_none() {
        assert_eq!(place(Some("/else/where"), None, HOME), file("/else/where"));
        assert_eq!(place(Some(""), None, HOME), Place::Memory);
    }

    #[test]
    fn without_a_home_nothing_is_written() {
        assert_eq!(place(None, None, None), Place::Memory);
    }
}
