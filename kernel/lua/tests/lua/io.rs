//! Whatever Lua writes goes to the host, in order, and whatever it reads comes from there.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::notebook::{Event, Notebook, plain};
use perilune_language::{FailureKind, InputError, InputRequest, Stream};

fn writes(notebook: &Notebook) -> Vec<(Stream, String)> {
    let events = notebook
        .host
        .take()
        .into_iter()
        .filter_map(|event| match event {
            Event::Write(stream, bytes) => Some((stream, String::from_utf8(bytes).unwrap())),
            _ => None,
        });
    events.collect()
}

#[test]
fn every_way_to_write_keeps_its_place() {
    let mut notebook = Notebook::new();
    notebook.run(
        "print('a', 1, 2.5, nil, true)
         io.write('b', 2, '\\n')
         io.stdout:write('c'):write('d')
         io.stderr:write('e')
         io.output():write('f')
         warn('g', 'h')
         print()",
    );
    let merged: String = writes(&notebook)
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    assert_eq!(merged, "a\t1\t2.5\tnil\ttrue\nb2\ncdefLua warning: gh\n\n");
    notebook.run("io.stderr:write('err') io.write('out')");
    let expected = [
        (Stream::Stderr, "err".to_owned()),
        (Stream::Stdout, "out".to_owned()),
    ];
    assert_eq!(writes(&notebook), expected);
}

#[test]
fn one_print_is_one_write() {
    let mut notebook = Notebook::new();
    notebook.run("print('a', 'b') print(setmetatable({}, {__tostring = function() print('in') return 'T' end}))");
    let expected = ["a\tb\n", "in\n", "T\n"].map(|text| (Stream::Stdout, text.to_owned()));
    assert_eq!(writes(&notebook), expected);
}

#[test]
fn what_io_write_returns_is_not_shown() {
    let mut notebook = Notebook::new();
    assert_eq!(notebook.value("io.write('x')"), None);
    assert_eq!(notebook.value("io.stderr:write('x')"), None);
    assert!(notebook.value("io.stdout").unwrap().starts_with("file ("));
}

#[test]
fn a_forgotten_child_does_not_hold_up_the_end() {
    let mut notebook = Notebook::new();
    notebook.run(
        "p = io.popen('sleep 1000') q = io.popen('trap \"\" TERM; sleep 1000; sleep 1000', 'w')",
    );
    let start = Instant::now();
    drop(notebook);
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn what_was_buffered_comes_before_the_cell_ends_and_before_print() {
    let mut notebook = Notebook::new();
    let output =
        notebook.output("io.stdout:setvbuf('full') io.write('a') print('b') io.write('c')");
    assert_eq!(output, "ab\nc");
}

#[test]
fn standard_files_behave_like_files() {
    let mut notebook = Notebook::new();
    assert_eq!(
        notebook
            .value("io.type(io.stdout), io.type(io.stdin)")
            .as_deref(),
        Some("\"file\", \"file\"")
    );
    assert_eq!(
        notebook.value("io.stdout:close()").as_deref(),
        Some("nil, \"cannot close standard file\"")
    );
    assert_eq!(notebook.value("(io.stdout:seek())").as_deref(), Some("nil"));
    assert_eq!(
        notebook.output("io.stdout:write('still there')"),
        "still there"
    );
    let code = "local name = os.tmpname()
        io.output(name) io.write('to a file') io.close() io.output(io.stdout)
        local text = io.open(name):read('a') os.remove(name) text";
    assert_eq!(notebook.value(code).as_deref(), Some("\"to a file\""));
}

#[test]
fn reading_asks_one_line_at_a_time() {
    let mut notebook = Notebook::new();
    for answer in ["first", "two", "42 rest", "x", "y"] {
        notebook.host.answer(Ok(answer));
    }
    assert_eq!(
        notebook.value("io.read(), io.read('L')").as_deref(),
        Some("\"first\", \"two\\n\"")
    );
    assert_eq!(
        notebook.value("io.read('n'), io.read(3)").as_deref(),
        Some("42, \" re\"")
    );
    assert_eq!(
        notebook.value("io.read('a')").as_deref(),
        Some("\"x\\ny\\n\""),
        "the rest of a line ends with its cell"
    );
    assert_eq!(notebook.value("io.read()").as_deref(), Some("nil"));
    let questions = notebook
        .host
        .take()
        .into_iter()
        .filter(|event| matches!(event, Event::Input(_)));
    assert_eq!(questions.count(), 7);
}

#[test]
fn lines_end_with_the_input() {
    let mut notebook = Notebook::new();
    for answer in ["a", "b"] {
        notebook.host.answer(Ok(answer));
    }
    assert_eq!(
        notebook.output("for line in io.lines() do print(line) end"),
        "a\nb\n"
    );
    notebook.host.answer(Ok("1 2"));
    assert_eq!(
        notebook.output("for a, b in io.stdin:lines('n', 'n') do print(a + b) end"),
        "3\n"
    );
}

#[test]
fn a_question_that_is_not_allowed_is_an_error() {
    let mut notebook = Notebook::new();
    for code in [
        "io.read()",
        "io.stdin:read()",
        "for l in io.lines() do end",
        "perilune.input('?')",
    ] {
        notebook.host.answer(Err(InputError::NotAllowed));
        let failure = notebook.fail(code);
        assert_eq!(failure.kind, FailureKind::Runtime, "{code}");
        assert!(
            failure.message.contains("does not allow input"),
            "{code}: {failure}"
        );
    }
    notebook.host.answer(Err(InputError::Interrupted));
    assert_eq!(
        notebook.fail("pcall(io.read) print('on')").kind,
        FailureKind::Interrupted
    );
}

#[test]
fn input_asks_with_a_prompt() {
    let mut notebook = Notebook::new();
    notebook.host.answer(Ok("geheim"));
    let value = notebook.value("perilune.input('Passwort: ', {password = true})");
    assert_eq!(value.as_deref(), Some("\"geheim\""));
    let request = InputRequest {
        prompt: "Passwort: ".to_owned(),
        password: true,
    };
    assert_eq!(notebook.host.take(), [Event::Input(request)]);
    assert_eq!(notebook.value("perilune.input()").as_deref(), Some("nil"));
}

#[test]
fn a_child_process_announces_its_output_and_tells_how_it_ended() {
    let mut notebook = Notebook::new();
    assert_eq!(
        notebook.value("os.execute('exit 3')").as_deref(),
        Some("nil, \"exit\", 3")
    );
    assert_eq!(notebook.host.take(), [Event::Foreign]);
    assert_eq!(
        notebook.value("os.execute('true')").as_deref(),
        Some("true, \"exit\", 0")
    );
    assert_eq!(
        notebook.value("os.execute('kill -9 $$')").as_deref(),
        Some("nil, \"signal\", 9")
    );
    assert_eq!(notebook.value("os.execute()").as_deref(), Some("true"));
    let code = "local p <close> = io.popen('printf \"a\\nb\"') p:read('a')";
    assert_eq!(notebook.value(code).as_deref(), Some("\"a\\nb\""));
    let code = "io.popen('cat > /dev/null; exit 4', 'w'):close()";
    assert_eq!(notebook.value(code).as_deref(), Some("nil, \"exit\", 4"));
}

/// Raises the interrupt when the code has written a line into `$READY`, and wants the cell to end
/// soon. Returns what was written.
fn interrupt_when_ready(notebook: &mut Notebook, code: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("perilune-ready-{}-{count}", std::process::id());
    let ready = std::env::temp_dir().join(name);
    let code = code.replace("$READY", ready.to_str().unwrap());
    let interrupt = notebook.interrupt.clone();
    let raiser = std::thread::spawn(move || {
        let deadline = Instant::now() + Duration::from_secs(20);
        let written = loop {
            match std::fs::read_to_string(&ready) {
                Ok(text) if text.ends_with('\n') => break text,
                _ => assert!(Instant::now() < deadline, "the code never was ready"),
            }
            std::thread::yield_now();
        };
        std::fs::remove_file(&ready).unwrap();
        interrupt.raise();
        (Instant::now(), written)
    });
    let failure = notebook.fail(&code);
    let (raised, written) = raiser.join().unwrap();
    let text = plain(&failure);
    assert_eq!(failure.kind, FailureKind::Interrupted, "{code}\n{text}");
    assert!(raised.elapsed() < Duration::from_secs(5), "{code}");
    notebook.interrupt.clear();
    assert_eq!(notebook.output("print('alive')"), "alive\n");
    written
}

#[test]
fn whatever_waits_is_interrupted() {
    let mut notebook = Notebook::new();
    for code in [
        "perilune.sleep(1000)",
        "pcall(perilune.sleep, math.huge)",
        "os.execute('echo > $READY; sleep 1000')",
        "os.execute('trap \"\" INT; echo > $READY; sleep 1000; sleep 1000')",
        "while true do pcall(os.execute, 'echo > $READY; sleep 1000') end",
        "io.popen('echo > $READY; sleep 1000'):read('a')",
        "io.popen('echo > $READY; sleep 1000'):close()",
        "local p <close> = io.popen('echo > $READY; sleep 1000') while true do end",
    ] {
        let mut code = code.to_owned();
        if !code.contains("$READY") {
            code.insert_str(
                0,
                "do local f <close> = io.open('$READY', 'w') f:write('\\n') end ",
            );
        }
        interrupt_when_ready(&mut notebook, &code);
    }
}

#[test]
fn a_child_ends_with_its_children() {
    let mut notebook = Notebook::new();
    let code = "os.execute('sleep 1000 & echo $! > $READY; wait')";
    let process = interrupt_when_ready(&mut notebook, code);
    let process = nix::unistd::Pid::from_raw(process.trim().parse().unwrap());
    let deadline = Instant::now() + Duration::from_secs(5);
    while nix::sys::signal::kill(process, None).is_ok() {
        // Somebody else has to reap it.
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        if stat.contains(") Z ") {
            break;
        }
        assert!(Instant::now() < deadline, "the grandchild lives on");
        std::thread::yield_now();
    }
}
