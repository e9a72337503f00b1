use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::atomic_file::{self, Access};
use crate::jupyter::directories;

/// The tour, for those who have the program but not its source.
const TOUR: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../docs/gallery/tour.ipynb"
));

/// The tour notebook: the source tree's own when the user stands in it, else a copy of the user's
/// own, which is written once and never again, because the user may have changed it.
///
/// # Errors
///
/// When the copy cannot be written.
pub fn tour() -> Result<PathBuf> {
    let here = std::env::current_dir().context("finding the current folder")?;
    if let Some(tour) = in_source_tree(&here) {
        return Ok(tour);
    }
    let folder = directories::data_of_this_user()?.join("perilune/gallery");
    let path = folder.join("tour.ipynb");
    write_once(&path, TOUR).with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

fn in_source_tree(folder: &Path) -> Option<PathBuf> {
    folder
        .ancestors()
        .filter(|root| root.join("cli/Cargo.toml").is_file())
        .map(|root| root.join("docs/gallery/tour.ipynb"))
        .find(|tour| tour.is_file())
}

fn write_once(path: &Path, text: &str) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    fs::create_dir_all(atomic_file::folder_of(path))?;
    match atomic_file::create(path, text.as_bytes(), Access::Shared) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_users_changes_survive() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gallery/tour.ipynb");
        write_once(&path, "ours").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "ours");
        fs::write(&path, "mine").unwrap();
        write_once(&path, "ours").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn the_tour_of_the_source_tree_is_found_from_any_folder_in_it() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let tour = in_source_tree(&folder).unwrap();
        assert_eq!(fs::read_to_string(tour).unwrap(), TOUR);
        assert_eq!(in_source_tree(Path::new("/")), None);
    }
}
