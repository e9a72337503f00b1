use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde_json::{Value, json};

/// How a client writes the paths of files that it reaches by links.
///
/// The debugger knows a file by its canonical path. An editor that is told that one opens another file
/// beside the one that it shows, without its breakpoints.
#[derive(Debug, Default)]
pub struct Spelling {
    /// What a client writes for a canonical path, and for all below it.
    written: BTreeMap<PathBuf, PathBuf>,
}

impl Spelling {
    /// Notes how the client writes a path.
    pub fn note(&mut self, written: &Path) {
        let goes_up = written.components().any(|it| it == Component::ParentDir);
        if !written.is_absolute() || goes_up {
            return;
        }
        let Ok(canonical) = written.canonicalize() else {
            return;
        };
        if self.of(&canonical) == written {
            return;
        }
        let (mut from, mut to) = (&*canonical, written);
        // What is the same at the end is below the link, as other files are.
        while let (Some(outer_from), Some(outer_to)) = (from.parent(), to.parent())
            && from.file_name() == to.file_name()
        {
            (from, to) = (outer_from, outer_to);
        }
        if canonical != written {
            self.written.insert(from.to_owned(), to.to_owned());
        }
        if self.of(&canonical) != written {
            self.written.insert(canonical, written.to_owned());
        }
    }

    /// A canonical path as the client writes it.
    fn of(&self, canonical: &Path) -> PathBuf {
        let found = canonical.ancestors().find_map(|outer| {
            let written = self.written.get(outer)?;
            let rest = canonical.strip_prefix(outer).ok()?;
            let has_rest = rest.components().next().is_some();
            Some(if has_rest {
                written.join(rest)
            } else {
                written.clone()
            })
        });
        found
            // A link below may lead elsewhere.
            .filter(|path| path.canonicalize().is_ok_and(|it| it == canonical))
            .unwrap_or_else(|| canonical.to_owned())
    }

    /// Writes the paths of sources and modules, wherever they are in what the client is told, as it
    /// does.
    pub fn apply(&self, told: &mut Value) {
        if self.written.is_empty() {
            return;
        }
        match told {
            Value::Array(list) => list.iter_mut().for_each(|it| self.apply(it)),
            Value::Object(fields) => {
                if let Some(path) = fields.get("path").and_then(Value::as_str) {
                    let path = self.of(Path::new(path));
                    fields.insert("path".to_owned(), json!(path.to_string_lossy()));
                }
                fields.values_mut().for_each(|it| self.apply(it));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_path_is_told_as_it_was_written() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().canonicalize().unwrap();
        let place = |path: &str| home.join(path);
        fs::create_dir_all(place("real/sub")).unwrap();
        for file in ["real/a.lua", "real/sub/b.lua", "real/c.lua", "other.lua"] {
            fs::write(place(file), "").unwrap();
        }
        symlink("real", place("link")).unwrap();
        symlink("../other.lua", place("real/elsewhere.lua")).unwrap();

        let mut spelling = Spelling::default();
        assert_eq!(spelling.of(&place("real/a.lua")), place("real/a.lua"));
        spelling.note(&place("link/a.lua"));
        assert_eq!(spelling.of(&place("real/a.lua")), place("link/a.lua"));
        // So are those beside it.
        assert_eq!(
            spelling.of(&place("real/sub/b.lua")),
            place("link/sub/b.lua")
        );
        assert_eq!(spelling.of(&place("other.lua")), place("other.lua"));
        // Unless the client writes one of them otherwise.
        spelling.note(&place("real/c.lua"));
        assert_eq!(spelling.of(&place("real/c.lua")), place("real/c.lua"));
        assert_eq!(spelling.of(&place("real/a.lua")), place("link/a.lua"));
        spelling.note(&place("link/elsewhere.lua"));
        assert_eq!(
            spelling.of(&place("other.lua")),
            place("link/elsewhere.lua")
        );
        // What is no path of a file stays.
        for path in ["real/gone.lua", "cell"] {
            assert_eq!(spelling.of(&place(path)), place(path));
        }
        assert_eq!(spelling.of(Path::new("gen")), Path::new("gen"));
    }

    #[test]
    fn sources_and_modules_are_found_where_they_are() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().canonicalize().unwrap();
        fs::create_dir(home.join("real")).unwrap();
        fs::write(home.join("real/a.lua"), "").unwrap();
        symlink("real", home.join("link")).unwrap();
        let mut spelling = Spelling::default();
        spelling.note(&home.join("link/a.lua"));
        let mut told = json!({"stackFrames": [{"source": {"path": home.join("real/a.lua")}}]});
        spelling.apply(&mut told);
        let path = &told["stackFrames"][0]["source"]["path"];
        assert_eq!(*path, json!(home.join("link/a.lua")));
    }
}
