use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::name::Name;

/// What a kernel says of itself to whoever looks for it, beside its PID file. It is information: a
/// kernel lives while its lock is held, and is well when it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Which fields there are; those of a later version are read as far as they are known here.
    pub schema_version: u32,
    /// What it is called.
    pub name: Name,
    /// What no other kernel ever is called.
    pub id: String,
    /// The number of its process.
    pub pid: u32,
    /// When it began.
    pub started: DateTime<Utc>,
    /// Which version of perilune it is.
    pub version: String,
    /// How to reach it.
    pub connection_file: PathBuf,
    /// Whether the kernel made that file, so that it goes with the kernel.
    pub owns_connection_file: bool,
    /// Its log, if it writes one.
    pub log: Option<PathBuf>,
    /// Where its journal, its state and its dumps are.
    pub folder: PathBuf,
    /// What `perilune` was started with, to start it anew: all after the program's name.
    pub arguments: Vec<String>,
    /// Where it was started: relative paths in `arguments` are meant from there.
    pub working_folder: PathBuf,
    /// Whether it detached itself from its terminal (`--daemon`).
    pub daemon: bool,
    /// Where its health is asked for, if anywhere.
    #[serde(default)]
    pub health: Option<String>,
    /// The file with the token that whoever asks over TCP needs, unless its user chose one.
    #[serde(default)]
    pub health_token_file: Option<PathBuf>,
}

impl Record {
    /// The fields that this version writes.
    pub const SCHEMA_VERSION: u32 = 1;
}
