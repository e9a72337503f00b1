//! Whatever runs can be stopped, and nothing is lost by it.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::notebook::{Event, Notebook, plain};
use perilune_language::{Failure, FailureKind};

/// Runs code that prints `ready` when it has come to what is to be stopped, and stops it then.
fn interrupted(notebook: &mut Notebook, code: &str) -> (Failure, Duration) {
    let (sender, ready) = mpsc::channel();
    notebook.host.on_event(move |event| {
        if matches!(event, Event::Write(_, bytes) if bytes.starts_with(b"ready")) {
            let _ = sender.send(());
        }
    });
    let interrupt = notebook.interrupt.clone();
    let raiser = thread::spawn(move || {
        ready
            .recv_timeout(Duration::from_secs(20))
            .expect("the cell says when it is ready");
        let raised = Instant::now();
        interrupt.raise();
        raised
    });
    let failure = notebook.fail(code);
    let raised = raiser.join().unwrap();
    let took = raised.elapsed();
    notebook.interrupt.clear();
    assert_eq!(failure.kind, FailureKind::Interrupted, "{code}\n{failure}");
    (failure, took)
}

const LOOPS: [(&str, &str); 23] = [
    (
        "the __tostring of what is printed",
        "print(setmetatable({}, {__tostring = function() print 'ready' while true do end end}))",
    ),
    (
        "the __tostring of a cell's value",
        "setmetatable({}, {__tostring = function() print 'ready' while true do end end})",
    ),
    (
        "the __mime of what is displayed",
        "pcall(display, setmetatable({}, {__mime = function() print 'ready' while true do end end}))
         while true do end",
    ),
    (
        "the __tostring of an error",
        "error(setmetatable({}, {__tostring = function() print 'ready' while true do end end}))",
    ),
    (
        "a pattern that backtracks",
        "print 'ready' return ('a'):rep(40):find(('a?'):rep(40) .. ('a'):rep(40) .. 'b')",
    ),
    (
        "a pattern that backtracks within protected calls",
        "print 'ready' while true do pcall(string.gsub, ('a'):rep(3000), ('.-'):rep(20) .. 'b', '') end",
    ),
    ("a tight loop", "print 'ready' while true do end"),
    ("pcall", "print 'ready' while true do pcall(function() while true do end end) end"),
    (
        "xpcall with a handler that loops",
        "print 'ready' while true do xpcall(error, function() while true do end end) end",
    ),
    (
        "xpcall whose handler must not be asked",
        "print 'ready' xpcall(function() while true do end end, function() handled = true while true do end end)",
    ),
    (
        "a coroutine",
        "print 'ready' coroutine.wrap(function() while true do end end)()",
    ),
    (
        "coroutines nested in protected coroutines",
        "local function nest(n) if n == 0 then print 'ready' while true do end end
         while true do coroutine.resume(coroutine.create(function() pcall(nest, n - 1) end)) end end
         nest(20)",
    ),
    (
        "generators that take turns",
        "local g = coroutine.wrap(function() while true do coroutine.yield() end end)
         print 'ready' while true do g() end",
    ),
    (
        "a metamethod",
        "local t = setmetatable({}, {__index = function() while true do end end}) print 'ready' t.x()",
    ),
    (
        "a comparator",
        "local t = {} for i = 1, 100 do t[i] = i end
         table.sort(t, function(a, b) if a == 50 then print 'ready' while true do end end return a > b end)",
    ),
    (
        "a gsub callback",
        "string.gsub('x', 'x', function() print 'ready' while true do end end)",
    ),
    (
        "a finaliser",
        "setmetatable({}, {__gc = function() print 'ready' while true do end end}) collectgarbage()",
    ),
    (
        "many finalisers",
        "for _ = 1, 50 do setmetatable({}, {__gc = function() print 'ready' while true do end end}) end
         collectgarbage() collectgarbage()",
    ),
    (
        "a finaliser's protected call",
        "setmetatable({}, {__gc = function() print 'ready' while true do pcall(function() while true do end end) end end})
         collectgarbage()",
    ),
    (
        "__close",
        "do local c <close> = setmetatable({}, {__close = function() print 'ready' while true do end end}) end",
    ),
    (
        "a hook of the user's own",
        "debug.sethook(function() debug.sethook() print 'ready' while true do end end, 'l') local x = 1",
    ),
    (
        "a reader of load",
        "while true do load(function() print 'ready' while true do end end) end",
    ),
    (
        "a coroutine being closed",
        "local co = coroutine.create(function()
           local c <close> = setmetatable({}, {__close = function() print 'ready' while true do end end})
           coroutine.yield()
         end)
         coroutine.resume(co) while true do coroutine.close(co) end",
    ),
];

#[test]
fn whatever_loops_is_stopped_and_the_kernel_goes_on() {
    for (what, code) in LOOPS {
        let mut notebook = Notebook::new();
        notebook.run("kept = 'yes' local own = 'too'");
        let (_, took) = interrupted(&mut notebook, code);
        assert!(took < Duration::from_secs(2), "{what} took {took:?}");
        assert_eq!(
            notebook.value("kept, own").as_deref(),
            Some("\"yes\", \"too\""),
            "{what}"
        );
        assert_eq!(notebook.value("handled").as_deref(), Some("nil"), "{what}");
        assert_eq!(
            notebook.value("debug.gethook()").as_deref(),
            Some("nil"),
            "{what}"
        );
    }
}

#[test]
fn the_traceback_shows_where_it_was_and_what_its_variables_were() {
    let mut notebook = Notebook::new();
    // It says so in the loop, since the interrupt may come before the call that says so returns.
    let code = "local function spin(times)\n  while true do told = told or print 'ready' or true end\nend\nspin(7)";
    let (failure, _) = interrupted(&mut notebook, code);
    let text = plain(&failure);
    assert_eq!(failure.name, "Interrupted");
    assert!(text.contains("cell[1]:2: in function 'spin'"), "{text}");
    assert!(text.contains("--> 2 |   while true do told"), "{text}");
    assert!(text.trim_end().ends_with("spin(7)"), "{text}");
    assert!(text.contains("with times = 7"), "{text}");
}

#[test]
fn an_interrupt_of_a_coroutine_shows_who_resumed_it() {
    let mut notebook = Notebook::new();
    let code = "\nlocal co = coroutine.wrap(function()\n  while true do told = told or print 'ready' or true end\nend)\nco()";
    let text = plain(&interrupted(&mut notebook, code).0);
    assert!(text.contains("cell[1]:3: "), "{text}");
    assert!(text.contains("cell[1]:5: in cell[1]"), "{text}");
}

#[test]
fn an_interrupt_before_the_cell_stops_it_at_once() {
    let mut notebook = Notebook::new();
    notebook.interrupt.raise();
    let failure = notebook.fail("print 'never'");
    assert_eq!(failure.kind, FailureKind::Interrupted);
    assert_eq!(notebook.take_output(), "");
    notebook.interrupt.clear();
    assert_eq!(notebook.output("print 'again'"), "again\n");
}

#[test]
fn raising_it_while_nothing_runs_does_no_harm() {
    let mut notebook = Notebook::new();
    for _ in 0..100 {
        notebook.interrupt.raise();
        notebook.interrupt.clear();
    }
    assert_eq!(notebook.value("1 + 1").as_deref(), Some("2"));
}

#[test]
fn what_is_to_be_closed_is_closed() {
    let mut notebook = Notebook::new();
    let code = "local c <close> = setmetatable({}, {__close = function()
        for i = 1, 1000 do x = i end closed = true end})
        print 'ready' while true do end";
    interrupted(&mut notebook, code);
    assert_eq!(notebook.value("closed, x").as_deref(), Some("true, 1000"));
}

#[test]
fn an_interrupt_at_any_moment_leaves_the_state_whole() {
    let mut notebook = Notebook::new();
    notebook.run(
        "busy = function()
           local t = {}
           while true do
             t[#t % 100 + 1] = setmetatable({}, {__gc = function() for i = 1, 10 do end end})
             local ok = pcall(error, 'x')
             local co = coroutine.wrap(function(a) while true do a = coroutine.yield(a .. 'x') end end)
             for i = 1, 5 do co('y') end
             pcall(coroutine.wrap(function() local c <close> = setmetatable({}, {__close = function() end}) error('z') end))
             table.sort({3, 1, 2}, function(a, b) return a < b end)
             string.gsub('abc', '.', function(c) return c:upper() end)
           end
         end",
    );
    for round in 0..150u32 {
        let interrupt = notebook.interrupt.clone();
        let raiser = thread::spawn(move || {
            // A different moment each time, from before the cell begins to well within it.
            let start = Instant::now();
            while start.elapsed() < Duration::from_micros(u64::from(round) * 37) {
                std::hint::spin_loop();
            }
            interrupt.raise();
        });
        let failure = notebook.fail("busy()");
        assert_eq!(failure.kind, FailureKind::Interrupted, "{failure}");
        raiser.join().unwrap();
        notebook.interrupt.clear();
        assert_eq!(
            notebook
                .value("collectgarbage() pcall(error, 1)")
                .as_deref(),
            Some("false, 1")
        );
        assert_eq!(notebook.value("debug.gethook()").as_deref(), Some("nil"));
    }
}

#[test]
fn a_hook_of_the_users_that_fails_ends_one_cell_and_is_gone() {
    for events in ["l", "c", "r", "crl"] {
        let mut notebook = Notebook::new();
        let hook = format!("debug.sethook(function() error('by the hook', 0) end, '{events}')");
        // Its own cell may meet it already.
        let _ = notebook.try_run(&hook);
        if let Err(failure) = notebook.try_run("local x = math.abs(1)\nlocal y = math.abs(2)") {
            assert!(
                failure.message.contains("by the hook"),
                "{events}: {failure}"
            );
        }
        assert_eq!(notebook.value("1 + 1").as_deref(), Some("2"), "{events}");
        assert_eq!(
            notebook.value("debug.gethook()").as_deref(),
            Some("nil"),
            "{events}"
        );
    }
}

#[test]
fn a_hook_of_the_users_sees_cells_and_none_of_their_preparation() {
    let mut notebook = Notebook::new();
    notebook.run("lines = {}\ndebug.sethook(function(_, line) lines[#lines + 1] = line end, 'l')");
    assert_eq!(
        notebook.output("local a = 1\nlocal b = 2\nprint(table.concat(lines, ' '))"),
        "1 2 3\n"
    );
}

#[test]
fn interrupts_come_within_milliseconds() {
    let mut notebook = Notebook::new();
    let mut times: Vec<_> = (0..20)
        .map(|_| {
            interrupted(
                &mut notebook,
                "print 'ready' while true do pcall(print) end",
            )
            .1
        })
        .collect();
    times.sort();
    // The best quarter: a busy machine may be late more often than not.
    assert!(times[5] < Duration::from_millis(10), "{times:?}");
}

#[test]
fn an_interrupt_at_the_end_of_a_state_touches_nothing_that_is_freed() {
    // Interrupts fall like hail while states end; one that met freed memory would crash the test.
    for _ in 0..300 {
        let mut lua = Notebook::new();
        lua.run("t = setmetatable({}, {__gc = function() while true do end end})");
        let interrupt = lua.interrupt.clone();
        let (stop, stopped) = mpsc::channel::<()>();
        let hail = thread::spawn(move || {
            while stopped.try_recv().is_err() {
                interrupt.raise();
            }
        });
        drop(lua);
        stop.send(()).unwrap();
        hail.join().unwrap();
    }
}
