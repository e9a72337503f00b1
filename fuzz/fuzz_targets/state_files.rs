//! Saved states: whatever is in the file, it is refused in words, or is what was written; nothing
//! of it is read before its checksum is right.
#![no_main]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

#[path = "../memory.rs"]
mod memory;

#[path = "../../kernel/engine/src/state/file.rs"]
#[allow(dead_code)]
mod file;

#[path = "../../kernel/lua/src/state/record.rs"]
#[allow(dead_code)]
mod record;

use record::{Reader, Record, Step, Value};

/// Reads as restoring does, without a Lua to fill.
fn read(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    while !reader.is_empty() {
        let passed = match reader.take::<Record>() {
            Some(Record::Function { cells, .. }) => {
                (0..cells).all(|_| reader.take::<u32>().is_some())
            }
            Some(Record::Library { steps }) => (0..steps).all(|_| reader.take::<Step>().is_some()),
            Some(Record::Entries { count, .. }) => {
                (0..count).all(|_| reader.take::<(Value, Value)>().is_some())
            }
            Some(Record::Source { pieces, .. }) => {
                (0..pieces).all(|_| reader.take::<[u64; 3]>().is_some())
            }
            other => other.is_some(),
        };
        if !passed {
            return;
        }
    }
}

fuzz_target!(|input: (bool, Vec<u8>)| {
    let (is_summed, content) = input;
    let home = memory::folder();
    let path = home.path().join("state");
    let mut bytes = content.clone();
    if is_summed {
        bytes.splice(..0, *b"perilune state 1\n");
        let sum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&sum);
    }
    fs::write(&path, &bytes).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    if let Ok(state) = file::read(&path, "Lua", "5.4") {
        assert!(is_summed, "a checksum was guessed");
        assert!(
            bytes
                .windows(state.body().len().max(1))
                .any(|it| it == state.body())
                || state.body().is_empty()
        );
    }
    read(&content);

    // What is written is read, whatever was there.
    let description = || file::Description {
        language: "Lua".to_owned(),
        language_version: "5.4".to_owned(),
        ..file::Description::default()
    };
    file::write(&path, true, |to| {
        to.write_all(&content)?;
        Ok(description())
    })
    .unwrap();
    let state = file::read(&path, "Lua", "5.4").unwrap_or_else(|error| panic!("{error}"));
    assert!(state.body() == content && state.description == description());
});
