//! Looking while no code runs.

use perilune_language::debug::{Part, Purpose, Refusal};

use super::{MAIN, at_rest, named, texts};
use crate::notebook::Notebook;

#[test]
fn the_users_names_are_there_and_the_librarys_are_not() {
    let mut notebook = Notebook::new();
    notebook.run("x, t = 1, {1, 2}\nlocal kept <const> = 'k'");
    let session = at_rest(&mut notebook, |paused| {
        let session = paused.session();
        paused.variables(session, Part::default()).unwrap()
    });
    assert_eq!(texts(&session), ["kept = \"k\"", "t = {1, 2}", "x = 1"]);
    assert!(session[0].is_constant);
}

#[test]
fn what_was_shown_can_be_opened_until_code_runs() {
    let mut notebook = Notebook::new();
    notebook.run("t = {inner = {1}}");
    let holder = at_rest(&mut notebook, |paused| {
        let session = paused.session();
        let session = paused.variables(session, Part::default()).unwrap();
        named(&session, "t").holder.unwrap()
    });
    let inside = at_rest(&mut notebook, |paused| {
        paused.variables(holder, Part::default())
    });
    assert_eq!(texts(&inside.unwrap()), ["inner = {1}"]);
    notebook.run("t = nil");
    let gone = at_rest(&mut notebook, |paused| {
        paused.variables(holder, Part::default())
    });
    let Err(Refusal(why)) = gone else {
        panic!("it is there still")
    };
    assert!(why.contains("gone"), "{why}");
}

#[test]
fn there_are_no_frames() {
    let mut notebook = Notebook::new();
    let frames = at_rest(&mut notebook, |paused| {
        paused.frames(MAIN, 0, None).unwrap()
    });
    assert_eq!(frames.total, 0);
}

#[test]
fn code_is_evaluated_with_globals_and_kept_locals() {
    let mut notebook = Notebook::new();
    notebook.run("x = 1\nlocal kept = 2");
    let value = at_rest(&mut notebook, |paused| {
        paused
            .evaluate(None, "kept = kept + x y = kept", Purpose::Console)
            .unwrap();
        paused
            .evaluate(None, "kept + y", Purpose::Watch)
            .unwrap()
            .value
    });
    assert_eq!(value, "6");
    assert_eq!(notebook.value("kept + y").as_deref(), Some("6"));
}

#[test]
fn variables_are_set() {
    let mut notebook = Notebook::new();
    notebook.run("x = 1\nlocal kept = 2");
    at_rest(&mut notebook, |paused| {
        let session = paused.session();
        paused.set_variable(session, "x", "'new'").unwrap();
        paused.set_variable(session, "kept", "x .. '!'").unwrap();
    });
    assert_eq!(notebook.value("kept").as_deref(), Some("\"new!\""));
}

#[test]
fn a_watch_that_never_ends_is_ended() {
    let mut notebook = Notebook::new();
    let ended = at_rest(&mut notebook, |paused| {
        paused.evaluate(None, "(function() while true do end end)()", Purpose::Watch)
    });
    assert!(ended.is_err());
    assert_eq!(notebook.value("1 + 1").as_deref(), Some("2"));
}

#[test]
fn where_there_is_no_memory_left_a_look_says_so_or_shows_what_it_can() {
    let mut notebook = Notebook::with(perilune_lua::Options {
        memory_limit: Some(16 << 20),
        ..perilune_lua::Options::default()
    });
    notebook.fail("t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end");
    at_rest(&mut notebook, |paused| {
        let session = paused.session();
        let _shown_or_refused = paused.variables(session, Part::default());
        let made = paused.evaluate(None, "('x'):rep(100000000)", Purpose::Console);
        assert!(made.is_err_and(|Refusal(why)| why.contains("memory")));
        paused.evaluate(None, "t = nil", Purpose::Console).unwrap();
    });
    assert_eq!(notebook.value("1 + 1").as_deref(), Some("2"));
}
