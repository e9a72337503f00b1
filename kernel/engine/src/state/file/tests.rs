use std::os::unix::fs::{PermissionsExt, symlink};

use proptest::prelude::*;

use super::*;

fn description() -> Description {
    Description {
        language: "lua".to_owned(),
        language_version: "5.4".to_owned(),
        losses: vec![("a.b".to_owned(), "a file".to_owned())],
        ..Description::default()
    }
}

fn save(path: &Path, text: &str, keep_old: bool) {
    let written = write(path, keep_old, |to| {
        to.write_all(text.as_bytes())?;
        Ok(description())
    });
    assert_eq!(written.unwrap(), fs::metadata(path).unwrap().len());
}

fn load(path: &Path) -> Result<String, String> {
    read(path, "lua", "5.4")
        .map(|saved| String::from_utf8(saved.body().to_vec()).unwrap())
        .map_err(|error| error.to_string())
}

#[test]
fn what_was_written_is_read_and_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    save(&path, "one", false);
    assert_eq!(load(&path).as_deref(), Ok("one"));
    assert_eq!(
        read(&path, "lua", "5.4").unwrap().description,
        description()
    );
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    save(&path, "", false);
    assert_eq!(load(&path).as_deref(), Ok(""));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn the_one_before_is_kept_where_it_is_another_sessions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let old = folder.path().join("state.old");
    save(&path, "one", true);
    assert!(!old.exists());
    save(&path, "two", true);
    save(&path, "three", false);
    assert_eq!(load(&old).as_deref(), Ok("one"));
    assert_eq!(load(&path).as_deref(), Ok("three"));
    save(&path, "four", true);
    assert_eq!(load(&old).as_deref(), Ok("three"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn what_fails_half_way_leaves_the_one_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    save(&path, "one", false);
    let failed = write(&path, true, |to| {
        to.write_all(b"half")?;
        Err(SaveError::Stopped)
    });
    assert!(failed.is_err());
    assert_eq!(load(&path).as_deref(), Ok("one"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_a_killed_kernel_has_left_is_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    save(&path, "one", false);
    for left in ["state.new", "state.old.new"] {
        fs::write(folder.path().join(left), "half").unwrap();
    }
    save(&path, "two", true);
    assert_eq!(load(&path).as_deref(), Ok("two"));
    assert_eq!(load(&folder.path().join("state.old")).as_deref(), Ok("one"));
}

#[test]
fn a_link_is_replaced_and_never_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, target) = (folder.path().join("state"), folder.path().join("target"));
    save(&target, "elsewhere", false);
    symlink(&target, &path).unwrap();
    assert!(load(&path).unwrap_err().contains("not a regular file"));
    let new = folder.path().join("state.new");
    symlink(&target, &new).unwrap();
    save(&path, "here", false);
    assert_eq!(load(&target).as_deref(), Ok("elsewhere"));
    assert_eq!(load(&path).as_deref(), Ok("here"));
}

#[test]
fn only_what_nobody_else_can_have_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    assert!(
        load(&path)
            .unwrap_err()
            .starts_with("there is no saved state at")
    );
    save(&path, "one", false);
    for mode in [0o620, 0o602, 0o640, 0o604] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert!(load(&path).unwrap_err().contains("chmod 600"), "{mode:o}");
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(load(&path).unwrap_err().contains("not a regular file"));
    fs::remove_dir(&path).unwrap();
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRUSR).unwrap();
    assert!(load(&path).unwrap_err().contains("not a regular file"));
}

#[test]
fn what_another_language_or_format_has_saved_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    save(&path, "one", false);
    let error = read(&path, "lua", "5.5").map(|_| ()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("saved by lua 5.4, and this is lua 5.5")
    );
    let bytes = fs::read(&path).unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(text.starts_with("perilune state 1\none"));
    fs::write(&path, [b"perilune state 2\n", &bytes[17..]].concat()).unwrap();
    assert!(load(&path).unwrap_err().contains("format"));
    fs::write(&path, "anything").unwrap();
    assert!(
        load(&path)
            .unwrap_err()
            .contains("does not begin as one does")
    );
}

proptest! {
    #[test]
    fn whatever_is_damaged_is_refused(
        text in proptest::collection::vec(any::<u8>(), 0..200),
        at in any::<proptest::sample::Index>(),
        flip in 1..=255u8,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        write(&path, false, |to| {
            to.write_all(&text)?;
            Ok(description())
        })
        .unwrap();
        let whole = fs::read(&path).unwrap();
        prop_assert!(parse(&whole).is_ok());
        let mut flipped = whole.clone();
        flipped[at.index(whole.len())] ^= flip;
        prop_assert!(parse(&flipped).is_err());
        prop_assert!(parse(&whole[..at.index(whole.len())]).is_err());
        let longer = [whole.as_slice(), &[flip]].concat();
        prop_assert!(parse(&longer).is_err());
    }
}
