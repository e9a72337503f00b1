use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use perilune_daemon::{DaemonError, Folders, Name, Record, Registration, Registry};
use perilune_wire::{ConnectionFile, Endpoints};

/// What is to be cleared away.
#[derive(Debug, Clone, Copy)]
pub struct Pruning {
    /// Only say what would be.
    pub dry_run: bool,
    /// Since when nobody has written to a log or journal that may go.
    pub older_than: Duration,
}

/// What kernels left that live no more.
#[derive(Debug, Default)]
pub struct Left {
    /// The kernels that ended without a word.
    pub kernels: Vec<Name>,
    /// What was theirs, or is old.
    pub files: Vec<PathBuf>,
    /// How large that is.
    pub bytes: u64,
}

impl Pruning {
    /// Clears away what dead kernels left, and what is old. Of a kernel that lives nothing is
    /// touched, and neither is a saved state.
    ///
    /// # Errors
    ///
    /// When the folders cannot be read, or something cannot be removed.
    pub fn run(self) -> Result<Left> {
        let folders = Folders::of_this_user()?;
        let registry = Registry::open(&folders)?;
        let mut left = Left::default();
        for entry in registry.entries()? {
            if !entry.is_held() {
                self.prune_dead(&registry, &folders, &entry.name, &mut left)?;
            }
        }
        for name in folders_of_kernels(&folders)? {
            if registry.find(&name)?.is_held() {
                continue;
            }
            let Some(_kept) = self.keep_away(&registry, &name)? else {
                continue;
            };
            self.prune_old(&folders.kernel(&name), &mut left)?;
        }
        Ok(left)
    }

    /// Takes the name, so that nobody starts under it meanwhile; `None` where somebody has.
    fn keep_away(self, registry: &Registry, name: &Name) -> Result<Option<Option<Registration>>> {
        if self.dry_run {
            return Ok(Some(None));
        }
        match registry.claim(name) {
            Ok(registration) => Ok(Some(Some(registration))),
            Err(DaemonError::Held { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn prune_dead(
        self,
        registry: &Registry,
        folders: &Folders,
        name: &Name,
        left: &mut Left,
    ) -> Result<()> {
        let record = registry.record(name).ok().flatten();
        let Some(_kept) = self.keep_away(registry, name)? else {
            return Ok(());
        };
        left.kernels.push(name.clone());
        let run = folders.runtime();
        // These two go with the name, when we give it back.
        left.files.push(run.join(format!("{name}.pid")));
        if let Some(record) = record {
            left.files.push(run.join(format!("{name}.json")));
            for path in its_files(&record, registry)? {
                self.remove(path, left)?;
            }
        }
        Ok(())
    }

    /// Logs, journals and dumps that nobody has written to for long.
    fn prune_old(self, folder: &Path, left: &mut Left) -> Result<()> {
        let is_old = |path: &Path| {
            let modified = fs::symlink_metadata(path).and_then(|it| it.modified());
            modified.is_ok_and(|modified| {
                SystemTime::now()
                    .duration_since(modified)
                    .is_ok_and(|age| age > self.older_than)
            })
        };
        for file in files_in(folder)? {
            if is_log(&file) && is_old(&file) {
                self.remove(file, left)?;
            }
        }
        for part in ["journal", "dumps"] {
            let part = folder.join(part);
            let files = files_in(&part)?;
            // A journal is whole or gone.
            if files.is_empty() || !files.iter().all(|file| is_old(file)) {
                continue;
            }
            for file in files {
                self.remove(file, left)?;
            }
            if !self.dry_run {
                // What else is in there is not ours, and stays.
                let _ = fs::remove_dir(&part);
            }
        }
        if !self.dry_run {
            // Unless something is left, as a saved state is.
            let _ = fs::remove_dir(folder);
        }
        Ok(())
    }

    fn remove(self, path: PathBuf, left: &mut Left) -> Result<()> {
        let Ok(metadata) = fs::symlink_metadata(&path) else {
            return Ok(());
        };
        if !self.dry_run {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("removing {}", path.display()));
                }
                _ => {}
            }
        }
        left.bytes += metadata.len();
        left.files.push(path);
        Ok(())
    }
}

/// Clears away what one kernel left that was killed. Nothing where another has its name already.
///
/// # Errors
///
/// When something cannot be removed.
pub fn clear(name: &Name) -> Result<()> {
    let folders = Folders::of_this_user()?;
    let registry = Registry::open(&folders)?;
    let entry = registry.find(name)?;
    if entry.is_held() {
        return Ok(());
    }
    let pruning = Pruning {
        dry_run: false,
        older_than: Duration::MAX,
    };
    pruning.prune_dead(&registry, &folders, name, &mut Left::default())
}

/// Clears away what a killed kernel left whose name another has taken over now, but for `kept`, the
/// file that the new one writes itself. What cannot be removed stays: it stops nobody.
pub fn clear_before(record: &Record, kept: &Path) {
    let files = Folders::of_this_user()
        .and_then(|folders| Registry::open(&folders))
        .map_err(anyhow::Error::from)
        .and_then(|registry| its_files(record, &registry));
    for file in files.into_iter().flatten().filter(|file| file != kept) {
        let _ = fs::remove_file(file);
    }
}

/// The connection file and the sockets of a kernel that is dead, where they are its own.
fn its_files(record: &Record, registry: &Registry) -> Result<Vec<PathBuf>> {
    let path = &record.connection_file;
    let is_anothers = registry.entries()?.iter().any(|entry| {
        entry.name != record.name
            && entry
                .record
                .as_ref()
                .is_some_and(|other| other.connection_file == *path)
    });
    // Not a named pipe, which would hold us up for ever.
    if !fs::symlink_metadata(path).is_ok_and(|it| it.is_file()) {
        return Ok(Vec::new());
    }
    let Ok(text) = fs::read(path) else {
        return Ok(Vec::new());
    };
    let Ok(file) = ConnectionFile::parse(&text) else {
        return Ok(Vec::new());
    };
    if is_anothers {
        return Ok(Vec::new());
    }
    let mut files = sockets(&file);
    if record.owns_connection_file {
        files.push(path.clone());
    }
    Ok(files)
}

/// Unix sockets where nobody listens any more.
fn sockets(file: &ConnectionFile) -> Vec<PathBuf> {
    let Ok(Endpoints::Ipc(prefix, ports)) = file.endpoints() else {
        return Vec::new();
    };
    [
        ports.shell,
        ports.iopub,
        ports.stdin,
        ports.control,
        ports.hb,
    ]
    .into_iter()
    .map(|port| PathBuf::from(format!("{prefix}-{port}")))
    .filter(|path| {
        let is_socket = fs::symlink_metadata(path).is_ok_and(|it| it.file_type().is_socket());
        is_socket
            && UnixStream::connect(path)
                .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    })
    .collect()
}

fn is_log(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("kernel.log"))
}

/// The names of all who ever kept something.
fn folders_of_kernels(folders: &Folders) -> Result<Vec<Name>> {
    let folder = folders.state().join("kernels");
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("reading {}", folder.display()))?,
    };
    let mut names: Vec<Name> = entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|it| it.is_dir()))
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    names.sort();
    Ok(names)
}

/// The plain files in a folder, in order; none where there is no folder.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("reading {}", folder.display()))?,
    };
    let mut files: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|it| it.is_file()))
        .map(|entry| entry.path())
        .collect();
    files.sort();
    Ok(files)
}
