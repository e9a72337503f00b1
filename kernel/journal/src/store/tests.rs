use std::os::unix::fs::symlink;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::{After, Archive};

/// A clock that tests set.
#[derive(Debug, Clone)]
struct Dial(Arc<Mutex<Stamp>>);

const NOON: u64 = 1_800_000_000_000_000;
const HOUR: u64 = 3_600_000_000;
const DAY: u64 = 24 * HOUR;

impl Dial {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Stamp {
            wall: NOON,
            uptime: 0,
            boot: 1,
        })))
    }

    fn pass(&self, microseconds: u64) {
        let mut now = self.0.lock().unwrap();
        now.wall += microseconds;
        now.uptime += microseconds;
    }

    /// Somebody sets the wall clock.
    fn set_wall(&self, wall: u64) {
        self.0.lock().unwrap().wall = wall;
    }

    fn restart_machine(&self) {
        let mut now = self.0.lock().unwrap();
        now.uptime = 0;
        now.boot += 1;
    }
}

impl Clock for Dial {
    fn now(&self) -> Stamp {
        *self.0.lock().unwrap()
    }
}

const SMALL: Limits = Limits {
    bytes: 64 << 10,
    age: Duration::from_secs(7 * 86_400),
};

fn message(id: &str, parent: &str, text: &str) -> Message {
    let header = |id: &str, kind: &str| format!(r#"{{"msg_id":"{id}","msg_type":"{kind}"}}"#);
    Message {
        header: header(id, "stream").into(),
        parent_header: header(parent, "execute_request").into(),
        metadata: Bytes::from_static(b"{}"),
        content: text.to_owned().into(),
        buffers: Vec::new(),
    }
}

fn numbered(number: u64) -> (u64, Message) {
    (
        0,
        message(&format!("m{number}"), "p", "some text of a cell"),
    )
}

fn open(folder: &TempDir, clock: &Dial) -> Store<Dial> {
    let path = folder.path().join("journal");
    loop {
        match Store::open(&path, SMALL, clock.clone()) {
            // A process that another test has just forked has our locks until it is another program.
            Err(JournalError::InUse(_)) => std::thread::yield_now(),
            store => return store.unwrap(),
        }
    }
}

fn all() -> Query {
    Query {
        bytes: usize::MAX,
        ..Query::default()
    }
}

fn ids(page: &Page) -> Vec<String> {
    let id = |record: &Record| record.message.msg_id().into_owned();
    page.records.iter().map(id).collect()
}

fn kept(store: &Store<Dial>) -> Vec<String> {
    ids(&store.read(all()).unwrap())
}

fn files(folder: &TempDir) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.path().join("journal")).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some())
        .collect();
    files.sort();
    files
}

#[test]
fn what_is_kept_is_read_in_order_and_survives_the_writer() {
    let (folder, clock) = (TempDir::new().unwrap(), Dial::new());
    let mut store = open(&folder, &clock);
    assert_eq!(store.read(all()).unwrap(), Page::default());
    store.append((1..=3).map(numbered));
    assert_eq!(kept(&store), ["m1", "m2", "m3"]);
    drop(store);
    let mut store = open(&folder, &clock);
    store.append([numbered(4)]);
    let page = store.read(all()).unwrap();
    assert_eq!(ids(&page), ["m1", "m2", "m3", "m4"]);
    assert_eq!((page.lost, page.more, page.next), (0, false, Sequence(4)));
    assert_eq!((store.began(), store.last()), (Sequence(3), Sequence(4)));
    assert_eq!(
        files(&folder).len(),
        1,
        "a new start is no reason for a new file"
    );
}

#[test]
fn folder_and_files_are_the_users_alone() {
    let (folder, clock) = (TempDir::new().unwrap(), Dial::new());
    let path = folder.path().join("journal");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let mut store = open(&folder, &clock);
    store.append([numbered(1)]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    for entry in fs::read_dir(&path).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[test]
fn a_lock_that_was_swept_away_between_opening_and_locking_holds_nothing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(LOCK);
    let swept = File::create(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(matches!(
        held(swept, folder.path()),
        Err(JournalError::InUse(_))
    ));
    File::create(&path).unwrap();
    let other = File::create(folder.path().join("other")).unwrap();
    assert!(matches!(
        held(other, folder.path()),
        Err(JournalError::InUse(_))
    ));
    drop(lock(folder.path()).unwrap());
}

#[test]
fn there_is_one_writer_and_readers_do_not_disturb_it() {
    let (folder, clock) = (TempDir::new().unwrap(), Dial::new());
    let path = folder.path().join("journal");
    let mut store = open(&folder, &clock);
    store.append([numbered(1)]);
    let second = Store::open(&path, SMALL, clock.clone()).unwrap_err();
    assert!(matches!(second, JournalError::InUse(_)), "{second}");
    let archive = Archive::open(&path).unwrap();
    assert_eq!(ids(&archive.read(all()).unwrap()), ["m1"]);
    store.append([numbered(2)]);
    assert_eq!(kept(&store), ["m1", "m2"]);
}

#[test]
fn links_are_not_followed_and_foreign_files_are_left_alone() {
    let (folder, clock) = (TempDir::new().unwrap(), Dial::new());
    let path = folder.path().join("journal");
    fs::create_dir(&path).unwrap();
    let name = |number: u64| path.join(format!("{number:020}.journal"));
    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, "mine").unwrap();
    symlink(&elsewhere, name(1)).unwrap();
    fs::write(name(2), "a poem").unwrap();
    fs::write(path.join("notes.txt"), "notes").unwrap();
    let mut store = open(&folder, &clock);
    store.append([numbered(1)]);
    let page = store.read(all()).unwrap();
    assert_eq!((ids(&page), page.lost), (vec!["m1".to_owned()], 2));
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "mine");
    assert_eq!(fs::read_to_string(name(2)).unwrap(), "a poem");
    assert!(name(3).exists());

    let link = folder.path().join("link");
    symlink(&path, &link).unwrap();
    let refused = Store::open(&link, SMALL, clock).unwrap_err();
    assert!(matches!(refused, JournalError::UnsafeFolder { .. }));
}

#[test]
fn pages_follow_each_other_without_a_gap_or_an_overlap() {
    let (folder, clock) = (TempDir::new().unwrap(), Dial::new());
    let mut store = open(&folder, &clock);
    for number in 1..=100 {
        store.append([numbered(number)]);
    }
    assert!(files(&folder).len() > 1);
    let (mut after, mut read, mut pages) = (After::Nothing, Vec::new(), 0);
    loop {
        let query = Query {
            after,
            bytes: 700,
            ..Query::default()
        };
        let page = store.read(query).unwrap();
        read.extend(ids(&page));
        pages += 1;
        after = After::Sequence(page.next);
        if !page.more {
            break;
        }
    }
    assert_eq!(
        read,
        (1..=100)
            .map(|number| format!("m{number}"))
            .collect::<Vec<_>>()
    );
    assert!(pages > 10, "{pages}");
}

#[test]
fn a_page_begins_behind_a_message_and_may_be_of_one_request() {
    let (folder, clock) = (TempDir::new().unwrap(), Dial::new());
    let mut store = open(&folder, &clock);
    let odd = |number: u64| if number % 2 == 1 { "odd" } else { "even" };
    store.append((1..=9).map(|n| (0, message(&format!("m{n}"), odd(n), ""))));
    let read = |after, parent: Option<&str>| {
        let parent = parent.map(str::to_owned);
        store.read(Query {
            after,
            parent,
            bytes: 1 << 20,
        })
    };
    let behind = |id: &str| After::Message(id.to_owned());
    assert_eq!(ids(&read(behind("m7"), None).unwrap()), ["m8", "m9"]);
    assert_eq!(ids(&read(behind("m5"), Some("odd")).unwrap()), ["m7", "m9"]);
    assert!(read(After::Newest, None).unwrap().records.is_empty());
    assert!(
        read(After::Nothing, Some("none"))
            .unwrap()
            .records
            .is_empty()
    );
    let unknown = read(behind("m10"), None).unwrap_err();
    assert_eq!(unknown.to_string(), "the journal has no message m10");
}

#[test]
fn what_was_lost_before_it_came_here_is_counted() {
    let (folder, clock) = (TempDir::new().unwrap(), Dial::new());
    let mut store = open(&folder, &clock);
    store.append([numbered(1), (5, message("m2", "p", "")), numbered(3)]);
    let page = store.read(all()).unwrap();
    assert_eq!((ids(&page).len(), page.lost), (3, 5));
    let behind = Query {
        after: After::Message("m2".to_owned()),
        ..all()
    };
    assert_eq!(store.read(behind).unwrap().lost, 0);
}

#[test]
fn beyond_its_size_the_oldest_go_and_whoever_comes_back_hears_how_many() {
    let (folder, clock) = (TempDir::new().unwrap(), Dial::new());
    let mut store = open(&folder, &clock);
    for number in 1..=2000 {
        store.append([numbered(number)]);
    }
    assert!(store.bytes() <= SMALL.bytes, "{}", store.bytes());
    assert!(store.bytes() > SMALL.bytes / 2);
    let sizes: u64 = files(&folder)
        .iter()
        .map(|path| fs::metadata(path).unwrap().len())
        .sum();
    assert_eq!(sizes, store.bytes());
    let query = Query {
        after: After::Sequence(Sequence(10)),
        ..all()
    };
    let page = store.read(query).unwrap();
    assert_eq!(page.lost + page.records.len() as u64, 1990);
    assert_eq!(ids(&page).last().unwrap(), "m2000");
    let from_the_start = store.read(all()).unwrap();
    assert_eq!(from_the_start.lost, page.lost + 10);
}

#[test]
fn a_message_that_would_drive_out_all_others_is_left_out_and_counted() {
    let (folder, clock) = (TempDir::new().unwrap(), Dial::new());
    let mut store = open(&folder, &clock);
    let large = message("large", "p", &"x".repeat(40 << 10));
    store.append([numbered(1), (0, large), numbered(2)]);
    let page = store.read(all()).unwrap();
    assert_eq!(
        (ids(&page), page.lost),
        (vec!["m1".to_owned(), "m2".to_owned()], 1)
    );
}

#[test]
fn what_is_older_than_a_week_goes_while_the_kernel_runs() {
    let (folder, clock) = (TempDir::new().unwrap(), Dial::new());
    let mut store = open(&folder, &clock);
    for number in 1..=10 {
        store.append([numbered(number)]);
        clock.pass(DAY);
    }
    store.tend();
    assert_eq!(kept(&store), ["m4", "m5", "m6", "m7", "m8", "m9", "m10"]);
}

#[test]
fn a_wall_clock_that_jumps_removes_nothing_that_is_fresh_nor_keeps_what_is_old() {
    let (folder, clock) = (TempDir::new().unwrap(), Dial::new());
    let mut store = open(&folder, &clock);
    store.append([numbered(1)]);
    clock.pass(DAY);
    clock.set_wall(NOON + 4000 * DAY);
    store.append([numbered(2)]);
    store.tend();
    clock.pass(DAY);
    clock.set_wall(5);
    store.append([numbered(3)]);
    store.tend();
    assert_eq!(kept(&store), ["m1", "m2", "m3"]);
    clock.pass(6 * DAY);
    store.append([numbered(4)]);
    store.tend();
    assert_eq!(kept(&store), ["m2", "m3", "m4"]);
}

#[test]
fn after_a_start_of_the_machine_the_clock_has_time_to_be_set() {
    let (folder, clock) = (TempDir::new().unwrap(), Dial::new());
    let mut store = open(&folder, &clock);
    store.append([numbered(1)]);
    drop(store);
    clock.restart_machine();
    clock.set_wall(NOON + 4000 * DAY);
    let mut store = open(&folder, &clock);
    store.append([numbered(2)]);
    store.tend();
    assert_eq!(kept(&store), ["m1", "m2"], "the clock may be wrong");
    clock.pass(4 * HOUR);
    store.append([numbered(3)]);
    store.tend();
    assert_eq!(kept(&store), ["m2", "m3"]);
}

#[test]
fn a_limit_that_is_lowered_removes_what_is_beyond_it() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits {
        bytes: 1 << 20,
        ..SMALL
    };
    let mut store = Store::open(&folder.path().join("journal"), limits, Dial::new()).unwrap();
    let text = "x".repeat(10 << 10);
    for number in 0..50 {
        store.append([(0, message(&format!("m{number}"), "p", &text))]);
    }
    assert!(store.bytes() > 500 << 10);
    store.limit(Limits {
        bytes: 200 << 10,
        ..limits
    });
    assert!(store.bytes() <= 200 << 10, "{}", store.bytes());
    assert_eq!(ids(&store.read(all()).unwrap()).last().unwrap(), "m49");
}

#[test]
fn a_full_disk_is_survived_with_the_newest_in_memory_and_written_when_there_is_room() {
    let Some(disk) = Tmpfs::mounted_in_a_namespace("256k") else {
        return;
    };
    let clock = Dial::new();
    let path = disk.0.path().join("journal");
    let limits = Limits {
        bytes: 64 << 20,
        ..SMALL
    };
    let mut store = Store::open(&path, limits, clock.clone()).unwrap();
    let text = "x".repeat(10 << 10);
    for number in 0..1000 {
        store.append([(0, message(&format!("m{number}"), "p", &text))]);
    }
    let trouble = store.trouble().unwrap();
    assert!(trouble.contains("No space left"), "{trouble}");
    let page = store.read(all()).unwrap();
    let read = ids(&page);
    assert_eq!(
        (read[0].as_str(), read.last().unwrap().as_str()),
        ("m0", "m999")
    );
    assert_eq!(read.len() as u64 + page.lost, 1000);
    assert!(store.waiting_bytes <= MOST_WAITING);

    disk.grow("32m");
    store.tend();
    assert_eq!(store.trouble(), None);
    assert_eq!(store.read(all()).unwrap(), page);
    drop(store);
    let store = Store::open(&path, limits, clock).unwrap();
    assert_eq!(store.read(all()).unwrap(), page);
}

/// A disk of a certain size.
struct Tmpfs(TempDir);

const IN_NAMESPACE: &str = "PERILUNE_TEST_IN_NAMESPACE";

impl Tmpfs {
    /// Whoever may not mount has this very test run once more in a namespace where it may, and then
    /// has nothing left to do itself.
    fn mounted_in_a_namespace(size: &str) -> Option<Self> {
        if std::env::var_os(IN_NAMESPACE).is_none() {
            let test = std::thread::current().name().unwrap().to_owned();
            let output = Command::new("unshare")
                .args(["--user", "--map-root-user", "--mount"])
                .arg(std::env::current_exe().unwrap())
                .args(["--exact", &test, "--test-threads", "1"])
                .env(IN_NAMESPACE, "yes")
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{output:?}");
            assert!(said.contains("1 passed"), "{said}");
            return None;
        }
        let disk = Self(TempDir::new().unwrap());
        let size = format!("size={size}");
        disk.run("mount", &["-t", "tmpfs", "-o", &size, "tmpfs"]);
        Some(disk)
    }

    fn grow(&self, size: &str) {
        self.run("mount", &["-o", &format!("remount,size={size}")]);
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let status = Command::new(program)
            .args(arguments)
            .arg(self.0.path())
            .status();
        assert!(status.unwrap().success(), "{program} {arguments:?}");
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        self.run("umount", &["--lazy"]);
    }
}

/// What may happen to a journal.
#[derive(Debug, Clone)]
enum Deed {
    Append {
        count: u64,
        text: usize,
    },
    Reopen,
    Pass {
        hours: u64,
    },
    SetWall {
        days: u64,
    },
    RestartMachine,
    CutEnd {
        bytes: usize,
    },
    FlipBit {
        file: prop::sample::Index,
        at: prop::sample::Index,
    },
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        6 => (1..20u64, 0..2000usize).prop_map(|(count, text)| Deed::Append { count, text }),
        2 => Just(Deed::Reopen),
        1 => (0..60u64).prop_map(|hours| Deed::Pass { hours }),
        1 => (0..9000u64).prop_map(|days| Deed::SetWall { days }),
        1 => Just(Deed::RestartMachine),
        1 => (0..3000usize).prop_map(|bytes| Deed::CutEnd { bytes }),
        1 => any::<(prop::sample::Index, prop::sample::Index)>()
            .prop_map(|(file, at)| Deed::FlipBit { file, at }),
    ];
    vec(deed, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_happens_what_is_read_is_in_order_whole_and_its_gaps_are_told(deeds in deeds()) {
        let (folder, clock) = (TempDir::new().unwrap(), Dial::new());
        let mut store = open(&folder, &clock);
        let mut given = 0;
        let mut is_damaged = false;
        for deed in deeds {
            match deed {
                Deed::Append { count, text } => store.append((0..count).map(|_| {
                    given += 1;
                    (0, message(&format!("m{given}"), "p", &"x".repeat(text)))
                })),
                Deed::Reopen => {
                    drop(store);
                    store = open(&folder, &clock);
                }
                Deed::Pass { hours } => {
                    clock.pass(hours * HOUR);
                    store.tend();
                }
                Deed::SetWall { days } => clock.set_wall(NOON + days * DAY),
                Deed::RestartMachine => {
                    drop(store);
                    clock.restart_machine();
                    store = open(&folder, &clock);
                }
                Deed::CutEnd { bytes } => {
                    drop(store);
                    if let Some(path) = files(&folder).last() {
                        let length = fs::metadata(path).unwrap().len();
                        let file = OpenOptions::new().write(true).open(path).unwrap();
                        file.set_len(length.saturating_sub(bytes as u64)).unwrap();
                        is_damaged = true;
                    }
                    store = open(&folder, &clock);
                }
                Deed::FlipBit { file, at } => {
                    drop(store);
                    let files = files(&folder);
                    if !files.is_empty() {
                        let path = file.get(&files);
                        let mut bytes = fs::read(path).unwrap();
                        if !bytes.is_empty() {
                            let at = at.index(bytes.len());
                            bytes[at] ^= 1;
                            fs::write(path, bytes).unwrap();
                            is_damaged = true;
                        }
                    }
                    store = open(&folder, &clock);
                }
            }
            let page = store.read(all()).unwrap();
            let numbers: Vec<u64> = ids(&page).iter().map(|id| id[1..].parse().unwrap()).collect();
            prop_assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
            prop_assert!(page.records.is_sorted_by(|one, next| one.sequence < next.sequence));
            prop_assert_eq!(page.lost + numbers.len() as u64, store.last().0, "gaps are told");
            prop_assert!(numbers.last().is_none_or(|last| *last <= given));
            prop_assert!(store.bytes() <= SMALL.bytes + (4 << 10));
            if !is_damaged {
                prop_assert_eq!(store.last(), Sequence(given));
                prop_assert!(given == 0 || numbers.last() == Some(&given), "the newest is there");
                let unbroken = numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]);
                prop_assert!(unbroken, "only the oldest may be missing: {numbers:?}");
            }
        }
    }
}
