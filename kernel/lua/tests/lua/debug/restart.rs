//! Frames that begin once more.

use perilune_language::debug::Resume;

use super::script::{cell, debugged};

#[test]
fn a_cell_begins_once_more() {
    let (mut notebook, script) = debugged();
    script.break_at(&cell(1), 3);
    let mut restarts = 0;
    script.on_stop(move |stop, paused| {
        let frames = paused.frames(stop.thread, 0, None).unwrap().frames;
        let main = frames.last().unwrap();
        assert!(main.can_restart);
        assert_eq!(frames.len(), 2);
        assert!(!frames[0].can_restart);
        restarts += 1;
        if restarts < 3 {
            Resume::RestartFrame(main.id)
        } else {
            Resume::Continue
        }
    });
    notebook.run("n = (n or 0) + 1\nlocal function f()\n  local x = 1\nend\npcall(f)\ndone = n");
    assert_eq!(script.lines(), [3, 3, 3]);
    assert_eq!(notebook.value("done").as_deref(), Some("3"));
}

#[test]
fn a_frame_that_cannot_goes_on() {
    let (mut notebook, script) = debugged();
    script.break_at(&cell(1), 2);
    script.on_stop(|stop, paused| {
        let frames = paused.frames(stop.thread, 0, None).unwrap().frames;
        Resume::RestartFrame(frames[0].id)
    });
    notebook.run("local function f()\n  local x = 1\nend\nf()");
    assert_eq!(script.lines(), [2]);
}
