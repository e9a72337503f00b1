//! Coroutines, looked at from where code has stopped.

use perilune_language::debug::{FrameId, Purpose, Refusal, ThreadId};

use super::super::script::debugged;
use super::{Looker, stopped, stopped_in};

const CODE: &str = "local function wait(n)
  local secret = n * 10
  coroutine.yield(secret)
  result = secret
  return secret
end
co = coroutine.create(wait)
coroutine.resume(co, 4)
local here = 1
return here";

/// The threads beside the main one.
fn others(look: &mut Looker<'_>) -> Vec<ThreadId> {
    let threads = look.paused.threads();
    assert_eq!(threads[0].id, ThreadId::MAIN);
    threads[1..].iter().map(|thread| thread.id).collect()
}

fn top(look: &mut Looker<'_>, thread: ThreadId) -> FrameId {
    look.paused.frames(thread, 0, None).unwrap().frames[0].id
}

#[test]
fn one_that_waits_is_a_thread_with_frames_and_variables() {
    let (mut notebook, script) = debugged();
    stopped_in(&mut notebook, &script, CODE, 10, |look| {
        let [thread] = others(look)[..] else {
            panic!("{:?}", look.paused.threads())
        };
        let frames = look.paused.frames(thread, 0, None).unwrap();
        assert_eq!(
            (&*frames.frames[0].name, frames.frames[0].line),
            ("wait", 3)
        );
        look.frame = frames.frames[0].id;
        assert_eq!(look.local("secret").value, "40");
        assert_eq!(look.evaluate("secret + n"), "44");
        assert_eq!(look.console("secret = 'changed'"), Ok(String::new()));
        assert_eq!(look.local("secret").value, "\"changed\"");
    });
    notebook.run("coroutine.resume(co)");
    assert_eq!(notebook.value("result").as_deref(), Some("\"changed\""));
}

#[test]
fn those_that_resumed_the_one_that_has_stopped_are_seen_where_they_wait() {
    let code = "local function inner()
  local a = 'inner'
  return a
end
local outer = 'outer'
local r = coroutine.wrap(function() return coroutine.wrap(inner)() end)()
return outer";
    let (mut notebook, script) = debugged();
    script.break_at(&super::cell(1), 3);
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let here = seen.clone();
    script.on_stop(move |stop, paused| {
        let frame = paused.frames(stop.thread, 0, None).unwrap().frames[0].id;
        let mut look = Looker { paused, frame };
        let mut seen = vec![look.evaluate("a")];
        look.frame = top(&mut look, ThreadId::MAIN);
        seen.push(look.evaluate("outer"));
        assert_eq!(look.console("outer = outer .. '!'"), Ok(String::new()));
        let threads = look.paused.threads().len();
        seen.push(format!(
            "{threads} threads, stopped in the main one: {}",
            stop.thread == ThreadId::MAIN
        ));
        *here.lock().unwrap() = seen;
        perilune_language::debug::Resume::Continue
    });
    assert_eq!(notebook.value(code).as_deref(), Some("\"outer!\""));
    assert_eq!(
        *seen.lock().unwrap(),
        [
            "\"inner\"",
            "\"outer\"",
            "3 threads, stopped in the main one: false"
        ]
    );
}

#[test]
fn a_frame_of_one_that_goes_on_in_an_evaluation_is_gone() {
    stopped(CODE, 10, |look| {
        let thread = others(look)[0];
        let frame = top(look, thread);
        assert_eq!(
            look.console("coroutine.resume(co)"),
            Ok("true, 40".to_owned())
        );
        let Err(Refusal(why)) = look.paused.scopes(frame) else {
            panic!("it is there still")
        };
        assert!(why.contains("gone"), "{why}");
        assert!(others(look).is_empty());
        let gone = look.paused.evaluate(Some(frame), "secret", Purpose::Watch);
        assert!(gone.is_err());
    });
}

#[test]
fn one_that_an_evaluation_drops_does_no_harm() {
    stopped(CODE, 10, |look| {
        let thread = others(look)[0];
        let frame = top(look, thread);
        assert_eq!(
            look.console("co = nil collectgarbage() collectgarbage()"),
            Ok("0".to_owned())
        );
        let seen = look.paused.evaluate(Some(frame), "secret", Purpose::Watch);
        assert_eq!(seen.unwrap().value, "40");
    });
}

#[test]
fn nothing_yields_out_of_an_evaluation() {
    let code = "local co = coroutine.wrap(function()\n  local x = 1\n  return x\nend)\nreturn co()";
    let (mut notebook, script) = debugged();
    script.break_at(&super::cell(1), 3);
    script.on_stop(|stop, paused| {
        let frame = paused.frames(stop.thread, 0, None).unwrap().frames[0].id;
        let mut look = Looker { paused, frame };
        let why = look.console("coroutine.yield(1)").unwrap_err();
        assert!(
            why.contains("attempt to yield across a C-call boundary"),
            "{why}"
        );
        assert_eq!(look.evaluate("x"), "1");
        perilune_language::debug::Resume::Continue
    });
    assert_eq!(notebook.value(code).as_deref(), Some("1"));
    assert_eq!(script.lines(), [3]);
}
