//! What the file system has to offer: names of files, and of modules on a path.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// How many entries of a folder are looked at.
const MOST_ENTRIES: usize = 5_000;
/// How deep modules are looked for below a template's folder.
const DEPTH: usize = 3;

/// The entries of the folder that a path leads to which begin as its last part does; folders end in
/// a slash.
pub(super) fn matching(path: &str) -> BTreeSet<String> {
    let (folder, begin) = match path.rfind('/') {
        Some(slash) => path.split_at(slash + 1),
        None => ("", path),
    };
    let place = match folder.strip_prefix("~/") {
        Some(rest) => match std::env::home_dir() {
            Some(home) => home.join(rest),
            None => return BTreeSet::new(),
        },
        None if folder.is_empty() => PathBuf::from("."),
        None => PathBuf::from(folder),
    };
    let names = entries(&place)
        .filter(|(name, _)| {
            name.starts_with(begin) && (begin.starts_with('.') || !name.starts_with('.'))
        })
        .map(|(name, is_folder)| if is_folder { name + "/" } else { name });
    names.collect()
}

/// The entries of a folder that have a name in UTF-8, and whether they are folders.
fn entries(folder: &Path) -> impl Iterator<Item = (String, bool)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.take(MOST_ENTRIES).filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let is_folder = fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_dir());
        Some((name, is_folder))
    })
}

/// The modules whose names begin as `written` does, by templates such as `/usr/share/lua/5.4/?.lua`.
pub(super) fn modules(paths: &[String], written: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for template in paths.iter().flat_map(|path| path.split(';')) {
        // `?` twice, or within a folder's name, is nobody's.
        let Some((before, after)) = template.split_once('?') else {
            continue;
        };
        if after.contains('?') || !(before.is_empty() || before.ends_with('/')) {
            continue;
        }
        let folder = match before {
            "" => Path::new("."),
            before => Path::new(before),
        };
        Search {
            after,
            written,
            // A working directory can hold anything.
            is_wide: folder.is_absolute(),
            entries: MOST_ENTRIES,
            found: &mut found,
        }
        .within(folder, "", DEPTH);
    }
    found
}

/// A search below the folder of one template.
struct Search<'a> {
    /// What stands behind the module's name: `.lua`, `/init.lua`.
    after: &'a str,
    written: &'a str,
    /// Whether folders are searched that are not written yet.
    is_wide: bool,
    /// How many entries may still be looked at.
    entries: usize,
    found: &'a mut BTreeSet<String>,
}

impl Search<'_> {
    fn within(&mut self, folder: &Path, prefix: &str, depth: usize) {
        for (name, is_folder) in entries(folder) {
            if self.entries == 0 {
                return;
            }
            self.entries -= 1;
            if is_folder {
                self.folder(&folder.join(&name), &format!("{prefix}{name}"), depth);
            } else if let Some(stem) = name.strip_suffix(self.after)
                && !stem.contains('.')
                && stem != "init"
            {
                self.add(format!("{prefix}{stem}"));
            }
        }
    }

    fn folder(&mut self, folder: &Path, module: &str, depth: usize) {
        if module.rsplit('.').next().is_none_or(str::is_empty) {
            return;
        }
        if let Some(inner) = self.after.strip_prefix('/')
            && folder.join(inner).is_file()
        {
            self.add(module.to_owned());
        }
        let within = format!("{module}.");
        let leads_on =
            self.written.starts_with(&within) || self.is_wide && within.starts_with(self.written);
        if depth > 1 && leads_on {
            self.within(folder, &within, depth - 1);
        }
    }

    fn add(&mut self, module: String) {
        if module.starts_with(self.written) {
            self.found.insert(module);
        }
    }
}
