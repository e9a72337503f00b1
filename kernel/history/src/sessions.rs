use std::path::PathBuf;
use std::time::SystemTime;

use crate::entry::Session;
use crate::error::HistoryError;
use crate::store::{Store, from_milliseconds};

/// A session, and how much is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSummary {
    /// Its number.
    pub number: i64,
    /// Whose life it was.
    pub session: Session,
    /// When it ended; nothing while it runs, or when it was killed.
    pub ended: Option<SystemTime>,
    /// How many entries there are of it.
    pub entries: u64,
}

impl Store {
    /// All sessions, oldest first.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Sqlite`].
    pub fn sessions(&self) -> Result<Vec<SessionSummary>, HistoryError> {
        let select = "
            SELECT id, kernel, folder, started, ended,
                (SELECT count(*) FROM entry WHERE entry.session = session.id)
            FROM session ORDER BY id";
        let mut statement = self
            .connection
            .prepare(select)
            .map_err(|source| self.failed(source))?;
        let summaries = statement.query_map([], |row| {
            Ok(SessionSummary {
                number: row.get(0)?,
                session: Session {
                    kernel: row.get(1)?,
                    folder: PathBuf::from(row.get::<_, String>(2)?),
                    started: from_milliseconds(row.get(3)?),
                },
                ended: row.get::<_, Option<i64>>(4)?.map(from_milliseconds),
                entries: row.get(5)?,
            })
        });
        summaries
            .and_then(Iterator::collect)
            .map_err(|source| self.failed(source))
    }
}
