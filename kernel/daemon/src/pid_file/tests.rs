use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Barrier;
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork, pause};

use super::*;

fn folder(path: &Path) -> Arc<PrivateFolder> {
    Arc::new(PrivateFolder::open(&path.join("run")).unwrap())
}

fn refusal(folder: &Arc<PrivateFolder>) -> String {
    let error = PidFile::claim(folder, "one.pid").unwrap_err();
    assert!(matches!(error, DaemonError::ForeignFile { .. }), "{error}");
    error.to_string()
}

#[test]
fn a_name_is_one_process_s_until_it_gives_it_back() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = folder(temporary.path());
    assert_eq!(
        PidFile::look(&folder, "one.pid").unwrap(),
        Standing::Free(None)
    );
    let claim = PidFile::claim(&folder, "one.pid").unwrap();
    assert_eq!(claim.predecessor, None);
    let me = ProcessIdentity::of_this_process();
    assert_eq!(
        PidFile::look(&folder, "one.pid").unwrap(),
        Standing::Held(Some(me.clone()))
    );
    let path = claim.pid_file.path();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let first = fs::read_to_string(&path).unwrap();
    assert_eq!(first.lines().next(), Some(me.pid.to_string().as_str()));

    let error = PidFile::claim(&folder, "one.pid").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "it is running already, as process {}, which holds {}",
            me.pid,
            path.display()
        )
    );
    let other = PidFile::claim(&folder, "two.pid").unwrap();
    drop(claim);
    assert!(!path.exists());
    assert!(other.pid_file.path().exists());
    PidFile::claim(&folder, "one.pid").unwrap();
}

#[test]
fn what_a_killed_process_had_forked_does_not_keep_its_name() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = folder(temporary.path());
    let claim = PidFile::claim(&folder, "one.pid").unwrap();
    // SAFETY: the child does nothing but wait for its end.
    let child = match unsafe { fork() }.unwrap() {
        ForkResult::Child => loop {
            pause();
        },
        ForkResult::Parent { child } => child,
    };
    // As it is when we are killed: nobody that lives is written down, and our descriptor closed.
    fs::write(claim.pid_file.path(), "").unwrap();
    nix::unistd::close(claim.pid_file.file.as_raw_fd()).unwrap();
    std::mem::forget(claim);
    // It waits for what other tests have just forked, until that is another program.
    let successor = PidFile::claim(&folder, "one.pid");
    kill(child, Signal::SIGKILL).unwrap();
    waitpid(child, None).unwrap();
    successor.unwrap();
}

#[test]
fn what_a_killed_process_left_is_taken_over() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = folder(temporary.path());
    let mut gone = ProcessIdentity::of_this_process();
    gone.started = Some(1);
    let path = folder.path().join("one.pid");
    fs::write(&path, gone.to_text()).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let standing = PidFile::look(&folder, "one.pid").unwrap();
    assert_eq!(standing, Standing::Free(Some(gone.clone())));
    let claim = PidFile::claim(&folder, "one.pid").unwrap();
    assert_eq!(claim.predecessor, Some(gone));
    assert_eq!(
        PidFile::look(&folder, "one.pid").unwrap(),
        Standing::Held(Some(ProcessIdentity::of_this_process()))
    );
}

#[test]
fn garbage_and_nothing_are_taken_over_too() {
    for content in [&b""[..], b"\0\0\0", b"someone\n", b"-1\n", &[0xff; 10_000]] {
        let temporary = tempfile::tempdir().unwrap();
        let folder = folder(temporary.path());
        fs::write(folder.path().join("one.pid"), content).unwrap();
        let claim = PidFile::claim(&folder, "one.pid").unwrap();
        assert_eq!(claim.predecessor, None);
        let written = fs::read_to_string(claim.pid_file.path()).unwrap();
        assert_eq!(written, ProcessIdentity::of_this_process().to_text());
    }
}

#[test]
fn nothing_but_a_plain_file_of_ours_is_touched() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = folder(temporary.path());
    let path = folder.path().join("one.pid");
    let precious = temporary.path().join("precious");
    fs::write(&precious, "precious").unwrap();

    symlink(&precious, &path).unwrap();
    assert!(refusal(&folder).contains("it is a link"));
    fs::remove_file(&path).unwrap();
    symlink("nowhere", &path).unwrap();
    assert!(refusal(&folder).contains("it is a link"));
    fs::remove_file(&path).unwrap();
    fs::hard_link(&precious, &path).unwrap();
    assert!(refusal(&folder).contains("another name"));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(refusal(&folder).contains("it is a folder"));
    fs::remove_dir(&path).unwrap();
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(refusal(&folder).contains("no plain file"));
    fs::remove_file(&path).unwrap();
    let _listener = UnixListener::bind(&path).unwrap();
    assert!(refusal(&folder).contains("it is a socket"));
    fs::remove_file(&path).unwrap();
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(refusal(&folder).contains("others may write"));
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
}

#[test]
fn of_many_that_want_a_name_at_once_one_has_it() {
    const MANY: usize = 16;
    const ROUNDS: usize = 50;
    let temporary = tempfile::tempdir().unwrap();
    let folder = folder(temporary.path());
    for _ in 0..ROUNDS {
        let (start, end) = (Barrier::new(MANY), Barrier::new(MANY));
        let winners: usize = thread::scope(|scope| {
            let claims: Vec<_> = (0..MANY)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        let claim = PidFile::claim(&folder, "one.pid");
                        end.wait();
                        match claim {
                            Ok(_) => 1,
                            Err(DaemonError::Held { .. }) => 0,
                            Err(other) => panic!("{other}"),
                        }
                    })
                })
                .collect();
            claims.into_iter().map(|claim| claim.join().unwrap()).sum()
        });
        assert_eq!(winners, 1);
    }
}

#[test]
fn who_gives_a_name_back_never_takes_it_from_the_next() {
    const MANY: usize = 8;
    const TURNS: usize = 200;
    let temporary = tempfile::tempdir().unwrap();
    let folder = folder(temporary.path());
    let holders = std::sync::atomic::AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..MANY {
            scope.spawn(|| {
                for _ in 0..TURNS {
                    if let Ok(claim) = PidFile::claim(&folder, "one.pid") {
                        use std::sync::atomic::Ordering::SeqCst;
                        assert_eq!(holders.fetch_add(1, SeqCst), 0, "two hold one name");
                        assert!(claim.pid_file.path().exists());
                        holders.fetch_sub(1, SeqCst);
                    }
                }
            });
        }
    });
}

#[test]
fn who_looks_is_in_nobody_s_way() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = folder(temporary.path());
    let claimed = std::sync::atomic::AtomicBool::new(false);
    use std::sync::atomic::Ordering::SeqCst;
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !claimed.load(SeqCst) {
                    PidFile::look(&folder, "one.pid").unwrap();
                }
            });
        }
        for _ in 0..200 {
            let claim = PidFile::claim(&folder, "one.pid");
            claimed.store(claim.is_err(), SeqCst);
            claim.unwrap();
        }
        claimed.store(true, SeqCst);
    });
}
