//! What errors look like: `tests/tracebacks` has notebooks and, beside each, what a person reads.
//!
//! `PERILUNE_WRITE_TRACEBACKS=1` writes them anew.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

use perilune_language::Failure;

use crate::notebook::{Notebook, plain};

/// What the failing cells of a notebook say.
fn failures(code: &str) -> Vec<Failure> {
    let mut notebook = Notebook::new();
    notebook.run("package.path = 'tests/tracebacks/modules/?.lua;' .. package.path");
    code.split("-- %%\n")
        .filter_map(|cell| notebook.try_run(cell.trim_end_matches('\n')).err())
        .collect()
}

/// `0x7fd7a0022488` is another one each time.
fn without_addresses(text: &str) -> String {
    let mut parts = text.split("0x");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |done, part| {
        done + "0x…" + part.trim_start_matches(|c: char| c.is_ascii_hexdigit())
    })
}

#[test]
fn tracebacks_read_as_they_are_kept() {
    let folder = Path::new("tests/tracebacks");
    let rewrites = env::var_os("PERILUNE_WRITE_TRACEBACKS").is_some();
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "lua"))
        .collect();
    names.sort();
    assert!(names.len() >= 25, "there are only {}", names.len());
    let mut different = Vec::new();
    for path in names {
        let failures = failures(&fs::read_to_string(&path).unwrap());
        assert!(!failures.is_empty(), "nothing fails in {}", path.display());
        let mut text = String::new();
        let mut coloured = String::new();
        for failure in &failures {
            writeln!(text, "{}\n", without_addresses(&plain(failure))).unwrap();
            let lines = failure.traceback.join("\n").replace('\x1b', "␛");
            writeln!(coloured, "{lines}\n").unwrap();
        }
        let mut kept = vec![(path.with_extension("txt"), text)];
        // Enough to see which colour is where.
        if path
            .file_stem()
            .is_some_and(|stem| stem == "02_nil_field_among_several")
        {
            kept.push((path.with_extension("colour.txt"), coloured));
        }
        for (path, text) in kept {
            if rewrites {
                fs::write(&path, text).unwrap();
            } else if fs::read_to_string(&path).unwrap_or_default() != text {
                different.push(format!("{}:\n{text}", path.display()));
            }
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}
