//! What is in the database, and how older ones become like it.

use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::HistoryError;

/// What is wrong with a database.
#[derive(Debug)]
pub(crate) enum Unfit {
    Newer(i64),
    Foreign,
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Unfit {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Unfit {
    /// The same of the database at this path.
    pub(crate) fn at(self, path: &Path) -> HistoryError {
        let path = path.to_owned();
        match self {
            Self::Newer(found) => HistoryError::Newer {
                path,
                found,
                known: VERSION,
            },
            Self::Foreign => HistoryError::Foreign { path },
            Self::Sqlite(source) => HistoryError::of(&path, source),
        }
    }
}

/// Says in the file's header whose it is: "Peri".
const APPLICATION: i64 = 0x5065_7269;

/// Each step makes of one version the next. A step that was released never changes.
const STEPS: [&str; 1] = ["
    CREATE TABLE session (
        id      INTEGER PRIMARY KEY AUTOINCREMENT,
        kernel  TEXT NOT NULL,
        folder  TEXT NOT NULL,
        started INTEGER NOT NULL, -- times are milliseconds since 1970
        ended   INTEGER           -- nothing while it runs, or when it was killed
    ) STRICT;
    CREATE TABLE entry (
        id      INTEGER PRIMARY KEY AUTOINCREMENT,
        session INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
        line    INTEGER NOT NULL,
        time    INTEGER NOT NULL,
        input   TEXT NOT NULL,
        output  TEXT,
        UNIQUE (session, line)
    ) STRICT;
"];

/// The newest version.
pub(crate) const VERSION: i64 = STEPS.len() as i64;

/// Brings a database to the newest version, all of it or nothing, whoever else tries.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), Unfit> {
    if check(connection)? == VERSION {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have done it while this one waited for the lock.
    let version = check(&transaction)?;
    take_steps(&transaction, version)?;
    transaction.commit()?;
    Ok(())
}

fn take_steps(transaction: &Transaction<'_>, version: i64) -> rusqlite::Result<()> {
    let done = usize::try_from(version).unwrap_or(0);
    for step in STEPS.iter().skip(done) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)
}

/// The version of a database that is ours, or of none yet.
pub(crate) fn check(connection: &Connection) -> Result<i64, Unfit> {
    // One statement, so that nobody makes it a history in between.
    let select = "SELECT
        (SELECT application_id FROM pragma_application_id),
        (SELECT user_version FROM pragma_user_version),
        (SELECT count(*) FROM sqlite_schema)";
    let (application, version, tables) = connection.query_row(select, [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get::<_, i64>(2)?))
    })?;
    if application != APPLICATION && (application, version, tables) != (0, 0, 0) {
        return Err(Unfit::Foreign);
    }
    match version {
        0..=VERSION => Ok(version),
        newer => Err(Unfit::Newer(newer)),
    }
}
