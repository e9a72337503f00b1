use std::ops::Range;

use super::*;
use crate::query::{containing, literal};

fn session() -> Session {
    Session {
        kernel: "lua".to_owned(),
        folder: PathBuf::from("/home/selene"),
        started: at(0),
    }
}

/// So many seconds after 1970.
fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn entry(line: u64, input: &str) -> Entry {
    Entry {
        line,
        time: at(line),
        input: input.to_owned(),
        output: None,
    }
}

fn entries(inputs: &[&str]) -> Vec<Entry> {
    let lines = 1..;
    lines
        .zip(inputs)
        .map(|(line, input)| entry(line, input))
        .collect()
}

struct Database {
    folder: tempfile::TempDir,
    store: Store,
}

impl Database {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("history.sqlite")).unwrap();
        Self { folder, store }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("history.sqlite")
    }

    fn add(&mut self, inputs: &[&str]) -> i64 {
        self.store
            .append(&session(), None, &entries(inputs))
            .unwrap()
    }

    fn inputs(&self, query: &Query) -> Vec<String> {
        let found = self.store.select(query, None).unwrap();
        found.into_iter().map(|found| found.entry.input).collect()
    }
}

fn searched(pattern: &str) -> Query {
    Query {
        pattern: Some(pattern.to_owned()),
        ..Query::default()
    }
}

fn lines(of: SessionChoice, lines: Range<i64>) -> Query {
    Query {
        session: Some(of),
        lines: Some(lines),
        ..Query::default()
    }
}

#[test]
fn what_was_added_is_found_oldest_first_of_all_sessions() {
    let mut database = Database::new();
    let first = database.add(&["a", "b"]);
    let second = database.add(&["c"]);
    let found = database.store.select(&Query::default(), None).unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|found| (found.session, found.entry.line, found.entry.input.as_str()))
        .collect();
    assert_eq!(found, [(first, 1, "a"), (first, 2, "b"), (second, 1, "c")]);
    assert!(second > first);
}

#[test]
fn an_entry_comes_back_as_it_went_in() {
    let mut database = Database::new();
    let entry = Entry {
        line: 7,
        time: UNIX_EPOCH + Duration::from_millis(1_234_567_891_011),
        input: "print '\u{1F319}'\0\r\n\t--".to_owned(),
        output: Some("\u{1F319}\0".to_owned()),
    };
    database
        .store
        .append(&session(), None, std::slice::from_ref(&entry))
        .unwrap();
    let found = database.store.select(&Query::default(), None).unwrap();
    assert_eq!(found[0].entry, entry);
}

#[test]
fn the_newest_are_wanted_oldest_first() {
    let mut database = Database::new();
    database.add(&["a", "b", "c"]);
    let query = Query {
        newest: Some(2),
        ..Query::default()
    };
    assert_eq!(database.inputs(&query), ["b", "c"]);
}

#[test]
fn a_range_ends_before_its_end() {
    let mut database = Database::new();
    let number = database.add(&["a", "b", "c"]);
    let of = SessionChoice::Number(number);
    assert_eq!(database.inputs(&lines(of, 2..3)), ["b"]);
    assert_eq!(database.inputs(&lines(of, 3..i64::MAX)), ["c"]);
    assert!(database.inputs(&lines(of, 9..99)).is_empty());
    assert!(
        database
            .inputs(&lines(SessionChoice::Number(99), 0..9))
            .is_empty()
    );
}

#[test]
fn sessions_are_counted_from_ones_own() {
    let mut database = Database::new();
    database.add(&["first"]);
    database.add(&["second"]);
    let own = database.add(&["own"]);
    database.add(&["later"]);
    let seen = |number| {
        let query = lines(SessionChoice::from_number(number), 0..9);
        let found = database.store.select(&query, Some(own)).unwrap();
        found
            .into_iter()
            .map(|found| found.entry.input)
            .collect::<Vec<_>>()
    };
    assert_eq!(seen(0), ["own"]);
    assert_eq!(seen(-1), ["second"]);
    assert_eq!(seen(-2), ["first"]);
    assert!(seen(-3).is_empty() && seen(i64::MIN).is_empty());
    assert_eq!(seen(1), ["first"]);
}

#[test]
fn a_session_that_has_run_nothing_sees_those_before_it() {
    let mut database = Database::new();
    database.add(&["first"]);
    assert_eq!(
        database.inputs(&lines(SessionChoice::Before(1), 0..9)),
        ["first"]
    );
    assert!(
        database
            .inputs(&lines(SessionChoice::Current, 0..9))
            .is_empty()
    );
}

#[test]
fn a_pattern_fits_the_whole_input_in_the_case_it_has() {
    let mut database = Database::new();
    database.add(&["a = 1", "print(a)", "A = 1", "t[1]", "x\ny"]);
    assert_eq!(database.inputs(&searched("a*")), ["a = 1"]);
    assert_eq!(database.inputs(&searched("? = [0-9]")), ["a = 1", "A = 1"]);
    assert_eq!(database.inputs(&searched("x?y")), ["x\ny"]);
    assert_eq!(database.inputs(&searched(&containing("(a"))), ["print(a)"]);
    assert_eq!(database.inputs(&searched(&literal("t[1]"))), ["t[1]"]);
    assert_eq!(literal("*?[]"), "[*][?][[]]");
}

#[test]
fn of_repetitions_the_newest_is_wanted_and_counts_once() {
    let mut database = Database::new();
    database.add(&["a", "b", "a", "c", "c"]);
    let query = Query {
        unique: true,
        newest: Some(2),
        ..Query::default()
    };
    assert_eq!(database.inputs(&query), ["a", "c"]);
}

#[test]
fn a_pattern_that_is_too_long_is_an_error_and_one_of_many_stars_takes_no_time() {
    let mut database = Database::new();
    database.add(&[&"a".repeat(100_000)]);
    let stars = searched(&"*a".repeat(2_000));
    assert_eq!(database.inputs(&stars).len(), 1);
    let never = searched(&("*a".repeat(2_000) + "b"));
    assert!(database.inputs(&never).is_empty());
    let long = searched(&"a".repeat(5_000));
    assert!(database.store.select(&long, None).is_err());
}

#[test]
fn all_of_a_batch_is_written_or_nothing() {
    let mut database = Database::new();
    database.add(&["a"]);
    let pages = "max_page_count";
    let used: i64 = database
        .store
        .connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    database
        .store
        .connection
        .pragma_update(None, pages, used + 4)
        .unwrap();
    let large = "x".repeat(9_000);
    let error = database
        .store
        .append(&session(), None, &entries(&["b", &large, &large, &large]))
        .unwrap_err();
    assert!(error.to_string().contains("full"), "{error}");
    assert_eq!(database.inputs(&Query::default()), ["a"]);
    assert_eq!(database.store.sessions().unwrap().len(), 1);
    database
        .store
        .connection
        .pragma_update(None, pages, 1_000_000)
        .unwrap();
    assert!(
        database
            .store
            .append(&session(), None, &entries(&["b", &large]))
            .is_ok()
    );
}

#[test]
fn the_oldest_go_when_there_are_too_many() {
    let mut database = Database::new();
    database.add(&["old"; 700]);
    let kept = database.add(&["new", "newer"]);
    let limits = Limits {
        entries: 2,
        ..Limits::default()
    };
    assert!(
        database.store.trim(&limits, at(999)).unwrap(),
        "a part at a time"
    );
    assert!(database.store.trim(&limits, at(999)).unwrap());
    assert!(!database.store.trim(&limits, at(999)).unwrap());
    assert_eq!(database.inputs(&Query::default()), ["new", "newer"]);
    let sessions = database.store.sessions().unwrap();
    assert_eq!(sessions.len(), 1, "a session without entries is forgotten");
    assert_eq!((sessions[0].number, sessions[0].entries), (kept, 2));
}

#[test]
fn the_oldest_go_when_they_are_too_old_or_too_much() {
    let mut database = Database::new();
    database.add(&["1", "2", "3", "4"]);
    let limits = Limits {
        age: Some(Duration::from_secs(2)),
        ..Limits::default()
    };
    while database.store.trim(&limits, at(5)).unwrap() {}
    assert_eq!(database.inputs(&Query::default()), ["3", "4"]);

    let large = "x".repeat(10_000);
    database.add(&[large.as_str(); 100]);
    let limits = Limits {
        bytes: 500_000,
        ..Limits::default()
    };
    while database.store.trim(&limits, at(5)).unwrap() {}
    let left = database.inputs(&Query::default()).len();
    assert!((1..50).contains(&left), "{left}");
}

#[test]
fn what_is_deleted_is_in_no_file_any_more() {
    let mut database = Database::new();
    database.add(&["password = 'swordfish'", "other"]);
    let deleted = database.store.delete(&searched("*swordfish*")).unwrap();
    assert_eq!(deleted, 1);
    assert_eq!(database.inputs(&Query::default()), ["other"]);
    for file in fs::read_dir(database.folder.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let found = bytes.windows(9).any(|window| window == b"swordfish");
        assert!(!found, "{}", path.display());
    }
}

#[test]
fn a_session_that_was_deleted_while_it_ran_goes_on() {
    let mut database = Database::new();
    let number = database.add(&["a"]);
    database.store.delete(&Query::default()).unwrap();
    let again = database
        .store
        .append(&session(), Some(number), &[entry(2, "b")])
        .unwrap();
    assert_eq!(again, number);
    assert_eq!(database.inputs(&Query::default()), ["b"]);
}

#[test]
fn nobody_else_may_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/perilune/history.sqlite");
    let mut store = Store::open(&path).unwrap();
    store.append(&session(), None, &entries(&["a"])).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("state")), 0o700);
    for name in ["history.sqlite", "history.sqlite-wal", "history.sqlite-shm"] {
        assert_eq!(mode(&path.with_file_name(name)), 0o600, "{name}");
    }
    drop(store);
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    drop(Store::open(&path).unwrap());
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn many_may_make_it_at_the_same_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut store = Store::open(&path).unwrap();
                for _ in 0..5 {
                    store
                        .append(&session(), None, &entries(&["a", "b"]))
                        .unwrap();
                }
            });
        }
    });
    let store = Store::open(&path).unwrap();
    assert_eq!(store.select(&Query::default(), None).unwrap().len(), 80);
    assert_eq!(store.sessions().unwrap().len(), 40);
}

#[test]
fn what_is_no_history_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "a letter to a friend".repeat(100)).unwrap();
    let error = Store::open(&path).err().unwrap();
    assert!(matches!(error, HistoryError::Damaged { .. }), "{error}");
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "a letter to a friend".repeat(100)
    );

    let path = folder.path().join("other.sqlite");
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE history (source TEXT)")
        .unwrap();
    let error = Store::open(&path).err().unwrap();
    assert!(matches!(error, HistoryError::Foreign { .. }), "{error}");

    let error = Store::open(folder.path()).err().unwrap();
    assert!(error.to_string().contains("not a file"), "{error}");
}

#[test]
fn one_from_the_future_is_left_alone() {
    let mut database = Database::new();
    database.add(&["a"]);
    database
        .store
        .connection
        .pragma_update(None, "user_version", schema::VERSION + 1)
        .unwrap();
    let error = Store::open(&database.path()).err().unwrap();
    assert!(error.to_string().contains("newer perilune"), "{error}");
}

#[test]
fn a_damaged_one_says_so() {
    let mut database = Database::new();
    let path = database.path();
    database.add(&[&"x".repeat(20_000)]);
    let Database { folder, store } = database;
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    bytes[100..].fill(0xA5);
    fs::write(&path, bytes).unwrap();
    let error = Store::open(&path).err().unwrap();
    assert!(matches!(error, HistoryError::Damaged { .. }), "{error}");
    drop(folder);
}
