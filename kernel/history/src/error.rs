use std::path::PathBuf;

/// Why the history cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Its folder or the file cannot be made, or not be used.
    #[error("the history {path} cannot be used: {source}")]
    File {
        /// The database.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A later version of this program has changed it.
    #[error(
        "the history {path} was written by a newer perilune (its schema is {found}, this program \
         knows {known}); update perilune, or name another file in PERILUNE_HISTORY"
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema's number.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// It is a database of something else.
    #[error(
        "{path} is a database, but not a history of perilune's; name another file in \
         PERILUNE_HISTORY"
    )]
    Foreign {
        /// The database.
        path: PathBuf,
    },
    /// It is damaged, or no database at all.
    #[error(
        "the history {path} is damaged ({source}); move it away, and a new one begins with the \
         next kernel"
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// Reading or writing it failed: the disk is full, or it stayed locked.
    #[error("the history {path} cannot be read or written: {source}")]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

impl HistoryError {
    /// What an error of SQLite's means for the database at this path.
    pub(crate) fn of(path: &std::path::Path, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { path, source }
            }
            _ => Self::Sqlite { path, source },
        }
    }
}
