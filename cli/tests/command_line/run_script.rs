use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::perilune::{Running, Surroundings, ended};

#[test]
fn a_script_writes_to_the_streams_it_means_in_its_order() {
    let here = Surroundings::new();
    here.write(
        "s.lua",
        "print('out') io.stderr:write('err\\n') io.write('no newline')",
    );
    let ended = here.run(["run", "s.lua"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), "err\n"));
    assert_eq!(ended.stdout, "out\nno newline");
}

#[test]
fn the_value_of_the_last_expression_is_shown_unless_it_is_a_program_in_a_file() {
    let here = Surroundings::new();
    here.write("s.lua", "io.write('a')\nos.time()");
    assert_eq!(here.run(["run", "s.lua"]).stdout, "a");
    let ended = here.run_with_input(["run", "-"], "io.write('a')\n6 * 7");
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), "a\n42\n"),
        "{ended:?}"
    );
}

#[test]
fn what_child_processes_write_comes_between_what_lua_writes() {
    let here = Surroundings::new();
    here.write(
        "s.lua",
        "print(1) os.execute('echo 2; echo 3 >&2') print(4)",
    );
    let ended = here.run(["run", "s.lua"]);
    assert_eq!(
        (ended.stdout.as_str(), ended.stderr.as_str()),
        ("1\n2\n4\n", "3\n")
    );
}

#[test]
fn arguments_are_what_lua_scripts_know_them_as() {
    let here = Surroundings::new();
    here.write(
        "s.lua",
        "#!/usr/bin/env -S perilune run\nprint(arg[0], arg[1], arg[2], ...)",
    );
    let ended = here.run(["run", "s.lua", "--", "x y", "--z"]);
    assert_eq!(ended.stdout, "s.lua\tx y\t--z\tx y\t--z\n", "{ended:?}");
}

#[test]
fn a_script_decides_its_exit_code() {
    let here = Surroundings::new();
    for (code, expected) in [("os.exit(7)", 7), ("os.exit()", 0), ("os.exit(false)", 1)] {
        let ended = here.run_with_input(["run", "-"], code);
        assert_eq!(ended.code, Some(expected), "{code}: {ended:?}");
    }
}

#[test]
fn a_failure_is_a_traceback_without_colours_where_nobody_sees_them() {
    let here = Surroundings::new();
    here.write(
        "s.lua",
        "print('before')\nlocal function f() error('boom') end\nf()\nprint('after')",
    );
    let ended = here.run(["run", "s.lua"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), "before\n"));
    assert!(
        ended.stderr.contains("boom") && ended.stderr.contains(":2:"),
        "{ended:?}"
    );
    assert!(!ended.stderr.contains('\u{1b}'), "{ended:?}");
    let mut command = here.command(["run", "s.lua"]);
    command.env("CLICOLOR_FORCE", "1");
    assert!(crate::perilune::ended(command).stderr.contains('\u{1b}'));
    let mut command = here.command(["run", "s.lua"]);
    command.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1");
    assert!(!crate::perilune::ended(command).stderr.contains('\u{1b}'));
}

#[test]
fn questions_are_answered_line_by_line_and_then_by_the_end_of_the_input() {
    let here = Surroundings::new();
    here.write(
        "s.lua",
        "io.write('? ') print(io.read()) print(io.read()) print(io.read())",
    );
    let ended = here.run_with_input(["run", "s.lua"], "one\n\u{FC}");
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), "? one\n\u{FC}\nnil\n"),
        "{ended:?}"
    );
}

#[test]
fn without_input_a_question_is_an_error() {
    let here = Surroundings::new();
    here.write("s.lua", "io.read()");
    let ended = here.run_with_input(["run", "--no-input", "s.lua"], "x\n");
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("input"), "{ended:?}");
}

#[test]
fn a_cell_that_runs_too_long_is_interrupted() {
    let here = Surroundings::new();
    here.write("s.lua", "print('begun') while true do end");
    let ended = here.run(["run", "--timeout", "0.2", "s.lua"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(124), "begun\n"));
    assert!(
        ended.stderr.contains("s.lua ran longer than 0.2 s"),
        "{ended:?}"
    );
}

#[test]
fn a_timeout_that_is_none_is_wrong_usage() {
    let here = Surroundings::new();
    for timeout in ["0", "-1", "soon", "NaN", "1e300"] {
        let ended = here.run(["run", &format!("--timeout={timeout}"), "s.lua"]);
        assert_eq!(ended.code, Some(2), "{timeout}: {ended:?}");
    }
}

#[test]
fn an_interrupt_stops_the_script_even_while_it_floods_its_output() {
    let here = Surroundings::new();
    here.write("s.lua", "while true do print('x') end");
    let script = Running::new(here.command(["run", "s.lua"]).spawn().unwrap());
    assert_eq!(script.stdout_line(), "x\n");
    script.signal(Signal::SIGINT);
    let ended = script.ended();
    assert_eq!(ended.code, Some(130));
    assert!(
        ended.stderr.ends_with("perilune: s.lua was interrupted\n"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_second_interrupt_does_not_wait_for_code_that_cannot_be_stopped() {
    let here = Surroundings::new();
    // A pattern that takes C code longer than anybody waits.
    let code = "print('begun') print(('a'):rep(40):find(('a?'):rep(40)..('a'):rep(40)..'b'))";
    here.write("s.lua", code);
    let script = Running::new(here.command(["run", "s.lua"]).spawn().unwrap());
    assert_eq!(script.stdout_line(), "begun\n");
    let began = Instant::now();
    // The second must not be one with the first: the system merges those that are pending.
    let ender = std::thread::spawn(move || {
        script.signal(Signal::SIGINT);
        while began.elapsed() < Duration::from_millis(300) {
            std::thread::park_timeout(Duration::from_millis(300));
        }
        script.signal(Signal::SIGINT);
        script.ended()
    });
    assert_eq!(ender.join().unwrap().code, Some(130));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_log_has_a_line_for_each_tenth_of_a_loop() {
    let here = Surroundings::new();
    // Long enough for the kernel to tell of each round.
    let code = "for i in progress(5, {label = 'work'}) do perilune.sleep(0.12) print(i) end
        for i in progress(3, {label = 'fast'}) do end
        for i in progress(10, {label = 'short'}) do if i == 4 then break end end";
    here.write("s.lua", code);
    let ended = here.run(["run", "s.lua"]);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), "1\n2\n3\n4\n5\n"),
        "{ended:?}"
    );
    let counts: Vec<&str> = ended
        .stderr
        .lines()
        .map(|line| line.split(['|', '[']).next().unwrap().trim_end())
        .collect();
    assert_eq!(
        counts,
        [
            "work:  20%",
            "work:  40%",
            "work:  60%",
            "work:  80%",
            "work: 100%",
            "fast: 100%",
            "short:  30%"
        ],
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.trim_end().ends_with(" stopped"),
        "{}",
        ended.stderr
    );
}

#[test]
fn memory_can_be_limited() {
    let here = Surroundings::new();
    here.write(
        "s.lua",
        "local ok = pcall(string.rep, 'x', 64 << 20) print(ok)",
    );
    assert_eq!(here.run(["run", "s.lua"]).stdout, "true\n");
    let ended = here.run(["run", "--memory-limit", "32MiB", "s.lua"]);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), "false\n"),
        "{ended:?}"
    );
}

#[test]
fn what_nobody_reads_ends_the_run_without_a_word() {
    let here = Surroundings::new();
    here.write("s.lua", "while true do print('x') end");
    let mut child = here.command(["run", "s.lua"]).spawn().unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut stderr).unwrap();
    assert_eq!(
        (child.wait().unwrap().code(), stderr.as_str()),
        (Some(141), "")
    );
}

#[test]
fn scripts_run_where_they_are_told_to() {
    let here = Surroundings::new();
    std::fs::create_dir(here.path("sub")).unwrap();
    here.write("sub/s.lua", "print(io.open('s.lua') ~= nil)");
    assert_eq!(here.run(["run", "sub/s.lua"]).stdout, "false\n");
    assert_eq!(
        here.run(["run", "--cwd", "sub", "sub/s.lua"]).stdout,
        "true\n"
    );
}

#[test]
fn what_cannot_be_read_is_named() {
    let here = Surroundings::new();
    here.write("picture.png", b"\x89PNG");
    let ended = here.run(["run", "picture.png"]);
    assert!(
        ended.stderr.contains("picture.png is neither a notebook"),
        "{ended:?}"
    );
    here.write("latin.lua", b"print('a')\nprint('\xE9')");
    let ended = here.run(["run", "none.lua"]);
    assert_eq!(
        ended.stderr,
        "perilune: reading none.lua: No such file or directory (os error 2)\n"
    );
    let ended = here.run(["run", "latin.lua"]);
    assert!(
        ended
            .stderr
            .starts_with("perilune: latin.lua: line 2 is not UTF-8"),
        "{ended:?}"
    );
    assert_eq!(ended.code, Some(1));
    assert_eq!(here.run(["run"]).code, Some(2));
}

#[test]
fn the_version_is_told_to_people_and_programs() {
    let here = Surroundings::new();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        here.run(["--version"]).stdout,
        format!("perilune {version}\n")
    );
    assert_eq!(
        ended(here.command(["version"])).stdout,
        format!("perilune {version}\n")
    );
    let json: serde_json::Value =
        serde_json::from_str(&here.run(["version", "--json"]).stdout).unwrap();
    assert_eq!(
        (&json["schema_version"], &json["version"]),
        (&1.into(), &version.into())
    );
}
