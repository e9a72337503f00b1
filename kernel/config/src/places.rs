use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What a project's file is called.
pub const PROJECT_FILE: &str = "perilune.toml";

/// The user's file: `perilune/config.toml` in `$XDG_CONFIG_HOME`, else in `~/.config`, by the XDG
/// Base Directory Specification. None if the user has no home.
pub fn user_file() -> Option<PathBuf> {
    let config = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        // The specification has relative paths ignored.
        .filter(|path| path.is_absolute())
        .or_else(|| Some(std::env::home_dir()?.join(".config")))?;
    Some(config.join("perilune/config.toml"))
}

/// Where a project's file is sought: in a folder, and in those above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectSearch {
    /// The folder to begin with, an absolute path.
    pub folder: PathBuf,
    /// The folder to end with, which is the user's home as a rule: what lies above it is not theirs.
    pub last: Option<PathBuf>,
}

impl ProjectSearch {
    /// From this folder up to the home of the user.
    pub fn from(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            // The working folder is told without links, and a home may be one.
            last: std::env::home_dir().map(|home| home.canonicalize().unwrap_or(home)),
        }
    }

    /// The nearest file, and whether it belongs to the user (or to root), so that it is believed.
    /// The search ends at `last`, and where another file system begins.
    pub(crate) fn find(&self) -> Option<(PathBuf, bool)> {
        let device = self.folder.metadata().ok()?.dev();
        for folder in self.folder.ancestors() {
            if folder.metadata().map(|it| it.dev()).ok() != Some(device) {
                return None;
            }
            let path = folder.join(PROJECT_FILE);
            if let Ok(found) = path.symlink_metadata() {
                let user = nix::unistd::geteuid().as_raw();
                let is_ours = [0, user].contains(&found.uid());
                return Some((path, is_ours));
            }
            if self.last.as_deref() == Some(folder) {
                return None;
            }
        }
        None
    }
}
