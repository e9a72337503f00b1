use std::collections::HashSet;
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::limits::Limit;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params, params_from_iter};

use crate::entry::{Entry, Found, Session};
use crate::error::HistoryError;
use crate::limits::Limits;
use crate::query::{Query, SessionChoice};
use crate::schema;

/// The database.
pub struct Store {
    pub(crate) connection: Connection,
    path: PathBuf,
    /// Which file it was when it was opened; none in memory.
    identity: Option<(u64, u64)>,
}

/// How long to wait for others who write.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long not to be in one another's way when several processes make the database at once, which
/// SQLite's own waiting does not cover.
const STEP_ASIDE: Duration = Duration::from_millis(20);
/// An answer holds at most so many entries and so much text: the newest.
const MOST_FOUND: usize = 100_000;
const MOST_TEXT: usize = 16 << 20;
/// In bytes. It takes stack to compare them.
const LONGEST_PATTERN: i32 = 4_096;
/// So many entries are deleted at once, so that nobody waits long for the lock.
const DELETED_AT_ONCE: i64 = 500;

impl Store {
    /// Opens the database, makes it where there is none, for this user alone, and brings an older
    /// one up to date.
    ///
    /// # Errors
    ///
    /// See [`HistoryError`].
    pub fn open(path: &Path) -> Result<Self, HistoryError> {
        make_private(path).map_err(|source| HistoryError::File {
            path: path.to_owned(),
            source,
        })?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match Self::try_open(path) {
                Err(HistoryError::Sqlite { source, .. })
                    if is_busy(&source) && Instant::now() < deadline =>
                {
                    thread::sleep(STEP_ASIDE);
                }
                opened => return opened,
            }
        }
    }

    /// A database that is nowhere but in memory.
    pub(crate) fn in_memory() -> Result<Self, HistoryError> {
        let path = PathBuf::from("in memory");
        let connection =
            Connection::open_in_memory().map_err(|source| HistoryError::of(&path, source))?;
        Self::prepare(connection, path)
    }

    fn try_open(path: &Path) -> Result<Self, HistoryError> {
        let failed = |source| HistoryError::of(path, source);
        let connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        // Nothing is done to what is not ours.
        schema::check(&connection).map_err(|unfit| unfit.at(path))?;
        // Readers and the writer don't wait for each other. Where the file system cannot do it,
        // SQLite says so by staying with what it has, which is slower and as safe.
        connection
            .pragma_update(None, "journal_mode", "wal")
            .map_err(failed)?;
        Self::prepare(connection, path.to_owned())
    }

    fn prepare(mut connection: Connection, path: PathBuf) -> Result<Self, HistoryError> {
        // For a temporary file SQLite would read the environment, which the kernel's other thread may
        // be changing.
        let pragmas = "
            PRAGMA synchronous = normal;
            PRAGMA secure_delete = on;
            PRAGMA temp_store = memory;
            PRAGMA cache_size = -256;
            PRAGMA journal_size_limit = 1048576;
            PRAGMA wal_autocheckpoint = 256;
        ";
        connection
            .execute_batch(pragmas)
            .map_err(|source| HistoryError::of(&path, source))?;
        connection
            .set_limit(Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, LONGEST_PATTERN)
            .map_err(|source| HistoryError::of(&path, source))?;
        schema::migrate(&mut connection).map_err(|unfit| unfit.at(&path))?;
        Ok(Self {
            connection,
            identity: identity(&path),
            path,
        })
    }

    /// Whether the file is still where it was opened, and not deleted or replaced.
    pub(crate) fn is_in_place(&self) -> bool {
        self.identity == identity(&self.path)
    }

    /// Adds entries of a session, all or none. Returns the session's number, which it has from its
    /// first entry on.
    pub(crate) fn append(
        &mut self,
        session: &Session,
        number: Option<i64>,
        entries: &[Entry],
    ) -> Result<i64, HistoryError> {
        let add = |connection: &mut Connection| -> rusqlite::Result<i64> {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            // Somebody may have deleted the session meanwhile, with all that was in it.
            let number = match number {
                Some(number) if is_there(&transaction, number)? => number,
                number => begin(&transaction, session, number)?,
            };
            let mut insert = transaction.prepare(
                "INSERT OR REPLACE INTO entry (session, line, time, input, output) VALUES (?, ?, ?, ?, ?)",
            )?;
            for entry in entries {
                insert.execute(params![
                    number,
                    i64::try_from(entry.line).unwrap_or(i64::MAX),
                    to_milliseconds(entry.time),
                    entry.input,
                    entry.output,
                ])?;
            }
            drop(insert);
            transaction.commit()?;
            Ok(number)
        };
        add(&mut self.connection).map_err(|source| HistoryError::of(&self.path, source))
    }

    /// Notes that a session has ended.
    pub(crate) fn end(&self, number: i64, ended: SystemTime) -> Result<(), HistoryError> {
        let update = "UPDATE session SET ended = ? WHERE id = ?";
        self.connection
            .execute(update, params![to_milliseconds(ended), number])
            .map(drop)
            .map_err(|source| self.failed(source))
    }

    /// The number that a session would get which began now.
    pub(crate) fn next_session(&self) -> Result<i64, HistoryError> {
        let newest = "SELECT seq FROM sqlite_sequence WHERE name = 'session'";
        self.connection
            .query_row(newest, [], |row| row.get::<_, i64>(0))
            .optional()
            .map(|newest| newest.unwrap_or(0) + 1)
            .map_err(|source| self.failed(source))
    }

    /// The entries that are wanted, oldest first, as the session `current` sees them. At most
    /// 100,000, and 16 MiB of text: the newest.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Sqlite`], also for a pattern of more than 4,096 bytes.
    pub fn select(&self, query: &Query, current: Option<i64>) -> Result<Vec<Found>, HistoryError> {
        self.try_select(query, current)
            .map_err(|source| self.failed(source))
    }

    /// How many entries fit a query, however often each is there.
    ///
    /// # Errors
    ///
    /// As [`Store::select`].
    pub fn count(&self, query: &Query) -> Result<u64, HistoryError> {
        let count = || -> rusqlite::Result<u64> {
            let Some((conditions, values)) = conditions(&self.connection, query, None)? else {
                return Ok(0);
            };
            let count = format!("SELECT count(*) FROM entry WHERE {conditions}");
            self.connection
                .query_row(&count, params_from_iter(values), |row| row.get(0))
        };
        count().map_err(|source| self.failed(source))
    }

    fn try_select(&self, query: &Query, current: Option<i64>) -> rusqlite::Result<Vec<Found>> {
        let Some((conditions, values)) = conditions(&self.connection, query, current)? else {
            return Ok(Vec::new());
        };
        let select = format!(
            "SELECT session, line, time, input, output FROM entry WHERE {conditions}
             ORDER BY id DESC"
        );
        let mut statement = self.connection.prepare(&select)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let newest = query.newest.unwrap_or(MOST_FOUND).min(MOST_FOUND);
        let (mut found, mut text, mut seen) = (Vec::new(), 0, HashSet::new());
        while found.len() < newest
            && let Some(row) = rows.next()?
        {
            let row = found_in(row)?;
            if query.unique && !seen.insert(row.entry.input.clone()) {
                continue;
            }
            text += row.entry.size();
            if text > MOST_TEXT {
                break;
            }
            found.push(row);
        }
        found.reverse();
        Ok(found)
    }

    /// Deletes the entries that a query finds, and sessions that are empty then. Nothing of them
    /// stays in the file. Returns how many it were.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Sqlite`]; what was deleted before it is deleted.
    pub fn delete(&mut self, query: &Query) -> Result<u64, HistoryError> {
        let delete = |connection: &mut Connection| -> rusqlite::Result<u64> {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let Some((conditions, values)) = conditions(&transaction, query, None)? else {
                return Ok(0);
            };
            let delete = format!("DELETE FROM entry WHERE {conditions}");
            let deleted = transaction.execute(&delete, params_from_iter(values))?;
            forget_empty_sessions(&transaction)?;
            transaction.commit()?;
            // Else it could be read in the log that SQLite writes before the database.
            connection.query_row("PRAGMA wal_checkpoint(truncate)", [], |_| Ok(()))?;
            Ok(deleted as u64)
        };
        delete(&mut self.connection).map_err(|source| HistoryError::of(&self.path, source))
    }

    /// Deletes a part of what is beyond the limits. Returns whether there is more.
    pub(crate) fn trim(&mut self, limits: &Limits, now: SystemTime) -> Result<bool, HistoryError> {
        let trim = |connection: &mut Connection| -> rusqlite::Result<bool> {
            let Some(last) = last_to_go(connection, limits, now)? else {
                return Ok(false);
            };
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let oldest = "DELETE FROM entry WHERE id IN
                (SELECT id FROM entry WHERE id <= ? ORDER BY id LIMIT ?)";
            let deleted = transaction.execute(oldest, params![last, DELETED_AT_ONCE])?;
            forget_empty_sessions(&transaction)?;
            transaction.commit()?;
            Ok(deleted > 0)
        };
        trim(&mut self.connection).map_err(|source| HistoryError::of(&self.path, source))
    }

    pub(crate) fn failed(&self, source: rusqlite::Error) -> HistoryError {
        HistoryError::of(&self.path, source)
    }
}

/// A query's conditions as SQL and its parameters; nothing when there is no such session.
fn conditions(
    connection: &Connection,
    query: &Query,
    current: Option<i64>,
) -> rusqlite::Result<Option<(String, Vec<Value>)>> {
    let number = match query.session {
        None => return Ok(Some(query.conditions(None))),
        Some(SessionChoice::Number(number)) => Some(number),
        Some(SessionChoice::Current) => current,
        Some(SessionChoice::Before(steps)) => {
            let skipped = i64::try_from(steps).unwrap_or(i64::MAX) - 1;
            let older = "SELECT id FROM session WHERE id < ? ORDER BY id DESC LIMIT 1 OFFSET ?";
            let newest = current.unwrap_or(i64::MAX);
            connection
                .query_row(older, params![newest, skipped], |row| row.get(0))
                .optional()?
        }
    };
    Ok(number.map(|number| query.conditions(Some(number))))
}

fn is_there(connection: &Connection, session: i64) -> rusqlite::Result<bool> {
    let count = "SELECT count(*) FROM session WHERE id = ?";
    connection.query_row(count, [session], |row| row.get::<_, i64>(0).map(|n| n > 0))
}

fn begin(connection: &Connection, session: &Session, number: Option<i64>) -> rusqlite::Result<i64> {
    connection.execute(
        "INSERT INTO session (id, kernel, folder, started) VALUES (?, ?, ?, ?)",
        params![
            number,
            session.kernel,
            session.folder.to_string_lossy(),
            to_milliseconds(session.started),
        ],
    )?;
    Ok(connection.last_insert_rowid())
}

/// Sessions have a row from their first entry on, so whose entries are gone is forgotten too.
fn forget_empty_sessions(connection: &Connection) -> rusqlite::Result<()> {
    let empty = "DELETE FROM session WHERE NOT EXISTS
        (SELECT 1 FROM entry WHERE entry.session = session.id)";
    connection.execute(empty, []).map(drop)
}

/// The newest of the entries that are beyond the limits.
fn last_to_go(
    connection: &Connection,
    limits: &Limits,
    now: SystemTime,
) -> rusqlite::Result<Option<i64>> {
    let number = |sql: &str, value: i64| {
        connection
            .query_row(sql, [value], |row| row.get::<_, Option<i64>>(0))
            .optional()
            .map(Option::flatten)
    };
    let too_many = number(
        "SELECT id FROM entry ORDER BY id DESC LIMIT 1 OFFSET ?",
        i64::try_from(limits.entries).unwrap_or(i64::MAX),
    )?;
    let too_old = match limits.age.and_then(|age| now.checked_sub(age)) {
        // Entries are as good as ordered by time, so the search ends at the first that is younger.
        Some(oldest) => number(
            "SELECT id - 1 FROM entry WHERE time >= ? ORDER BY id LIMIT 1",
            to_milliseconds(oldest),
        )?,
        None => None,
    };
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    let used = (pragma("page_count")? - pragma("freelist_count")?) * pragma("page_size")?;
    let too_much = if used > limits.bytes {
        // How large entries are nobody knows, so a twentieth of them goes before it is measured
        // again.
        let count = number("SELECT count(*) FROM entry WHERE id > ?", 0)?.unwrap_or(0);
        number(
            "SELECT id FROM entry ORDER BY id LIMIT 1 OFFSET ?",
            count / 20,
        )?
    } else {
        None
    };
    let last = too_many.max(too_old).max(too_much);
    match last {
        // There may be none any more that are that old.
        Some(last) => number("SELECT min(id) FROM entry WHERE id <= ?", last)
            .map(|first| first.and(Some(last))),
        None => Ok(None),
    }
}

fn found_in(row: &Row<'_>) -> rusqlite::Result<Found> {
    Ok(Found {
        session: row.get(0)?,
        entry: Entry {
            line: row.get(1)?,
            time: from_milliseconds(row.get(2)?),
            input: row.get(3)?,
            output: row.get(4)?,
        },
    })
}

/// Times before 1970 are taken for 1970.
pub(crate) fn to_milliseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn from_milliseconds(time: i64) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(time).unwrap_or(0));
    UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
}

fn is_busy(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
    matches!(
        error.sqlite_error_code(),
        Some(DatabaseBusy | DatabaseLocked)
    )
}

/// Makes the file and its folders where they are missing, for nobody but their owner. SQLite gives
/// the files that it puts beside it the same permissions.
fn make_private(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| *folder != Path::new("")) {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    // What is there is not opened: to close it again would give up every lock that this process has
    // on it (fcntl(2)).
    let new = OpenOptions::new()
        .append(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match new {
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// What tells one file from another, whatever they are called.
fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests;
