"""Commands that wait for code say that a debugger has stopped it, and where."""

import json
import signal
import subprocess

import pytest
from daemon.screen import Terminal

CODE = """local n = 1
n = n + 1
print('went on')
return n"""

STOPPED = "perilune: a debugger has stopped the code at cell[1]:2 (breakpoint)\n"
GOES_ON = "perilune: the code goes on\n"
PATIENCE = 30.0


@pytest.fixture
def command(home, kernel):
    """Starts a command on the test's kernel, which ends with the test."""
    started = []

    def command(*arguments, **options) -> subprocess.Popen:
        process = home.command(*(str(it) for it in arguments), **options)
        started.append(process)
        return process

    yield command
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def stopped(debugger):
    """A cell of somebody else's that has stopped at its second line."""
    debugger.break_at(CODE, 2)
    cell = debugger.execute(CODE)
    debugger.stopped()
    return cell


def line_that_says(stream, words: str) -> str:
    """The next line with these words."""
    for line in stream:
        if words in line:
            return line
    raise AssertionError(f"no {words}")


def go_on(debugger, cell) -> None:
    debugger.go()
    debugger.finish(cell)


def test_exec_says_where_its_code_has_stopped_and_that_it_goes_on(debugger, kernel, command):
    debugger.break_at(CODE, 2)
    process = command("kernel", "exec", kernel.connection_file, "-e", CODE)
    debugger.stopped()
    assert process.stderr.readline() == STOPPED
    debugger.go()
    stdout, stderr = process.communicate(timeout=PATIENCE)
    assert (process.returncode, stdout, stderr) == (0, "went on\n2\n", GOES_ON)


def test_each_step_of_who_debugs_is_not_told(debugger, kernel, command):
    debugger.break_at(CODE, 2)
    process = command("kernel", "exec", kernel.connection_file, "-e", CODE)
    debugger.stopped()
    debugger.step("next")
    debugger.step("next")
    debugger.go()
    _, stderr = process.communicate(timeout=PATIENCE)
    assert stderr == STOPPED + GOES_ON


def test_with_json_it_is_an_event(debugger, kernel, command):
    debugger.break_at(CODE, 2)
    process = command("kernel", "exec", "--json", kernel.connection_file, "-e", CODE)
    debugger.stopped()
    debugger.go()
    stdout, stderr = process.communicate(timeout=PATIENCE)
    events = [json.loads(line) for line in stdout.splitlines()]
    told = [event for event in events if event["event"].startswith("debugger_")]
    assert told == [
        {"event": "debugger_stopped", "source": "cell[1]", "line": 2, "reason": "breakpoint"},
        {"event": "debugger_continued"},
    ]
    assert (events[-1]["status"], stderr) == ("ok", "")


def test_exec_says_so_too_when_it_comes_behind_what_has_stopped(debugger, stopped, kernel, command):
    process = command("kernel", "exec", kernel.connection_file, "-e", "print('mine')")
    assert process.stderr.readline() == STOPPED
    go_on(debugger, stopped)
    stdout, stderr = process.communicate(timeout=PATIENCE)
    assert (process.returncode, stdout, stderr) == (0, "mine\n", GOES_ON)


def test_ctrl_c_ends_the_cell_that_has_stopped(debugger, kernel, command):
    debugger.break_at(CODE, 2)
    process = command("kernel", "exec", kernel.connection_file, "-e", CODE)
    debugger.stopped()
    assert process.stderr.readline() == STOPPED
    process.send_signal(signal.SIGINT)
    debugger.event("continued")
    stdout, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, stdout) == (130, "")


def test_who_attaches_sees_a_stop_as_it_happens(debugger, kernel, command):
    process = command("kernel", "attach", kernel.connection_file)
    debugger.run("print('is here')")
    assert process.stdout.readline() == "is here\n"
    debugger.break_at(CODE, 2)
    cell = debugger.execute(CODE)
    debugger.stopped()
    assert "at cell[2]:2 (breakpoint)" in line_that_says(process.stderr, "a debugger has stopped the code")
    go_on(debugger, cell)
    assert line_that_says(process.stderr, "goes on") == GOES_ON
    assert process.stdout.readline() == "went on\n"


def test_who_attaches_later_is_told_what_has_stopped(debugger, stopped, kernel, command):
    process = command("kernel", "attach", kernel.connection_file, "--json")
    event = json.loads(line_that_says(process.stdout, "debugger_stopped"))
    assert event.pop("schema_version") == 1
    assert event == {"event": "debugger_stopped", "source": "cell[1]", "line": 2, "reason": "breakpoint"}
    go_on(debugger, stopped)
    line_that_says(process.stdout, "debugger_continued")


def test_wait_says_why_it_takes_so_long(debugger, stopped, kernel, command):
    process = command("kernel", "wait", kernel.connection_file, "--for", "idle")
    assert process.stderr.readline() == STOPPED
    go_on(debugger, stopped)
    assert process.wait(PATIENCE) == 0


def test_what_is_piped_into_a_repl_may_stop_too(debugger, kernel, command):
    debugger.break_at(CODE, 2)
    process = command("repl", "--existing", kernel.connection_file, stdin=subprocess.PIPE)
    process.stdin.write(CODE)
    process.stdin.close()
    process.stdin = None
    debugger.stopped()
    assert process.stderr.readline() == STOPPED
    debugger.go()
    stdout, stderr = process.communicate(timeout=PATIENCE)
    assert (process.returncode, stdout, stderr) == (0, "went on\n2\n", GOES_ON)


@pytest.fixture
def repl(home, kernel):
    """Starts `perilune repl` on the test's kernel, in a terminal."""
    started = []

    def repl(*arguments) -> Terminal:
        command = [home.binary, "repl", "--existing", kernel.connection_file, *arguments]
        terminal = Terminal(command, home.environment | {"TERM": "xterm-256color"}, home.work)
        started.append(terminal)
        return terminal

    yield repl
    for terminal in started:
        terminal.close()


def test_at_a_prompt_it_is_told_to_who_runs_something(debugger, repl):
    terminal = repl("--quiet")
    terminal.prompt(1)
    debugger.break_at(CODE, 2)
    cell = debugger.execute(CODE)
    debugger.stopped()
    terminal.send("print('mine')\r")
    terminal.see("perilune: a debugger has stopped the code at cell[1]:2 (breakpoint)")
    go_on(debugger, cell)
    terminal.see("perilune: the code goes on\nmine\n3>")


def test_and_at_once_to_who_watches_others(debugger, repl):
    terminal = repl("--quiet", "--others")
    terminal.prompt(1)
    debugger.break_at(CODE, 2)
    cell = debugger.execute(CODE)
    debugger.stopped()
    terminal.see("perilune: a debugger has stopped the code at cell[1]:2 (breakpoint)")
    go_on(debugger, cell)
    terminal.see("perilune: the code goes on\nwent on")


def test_a_kernel_that_nobody_debugs_is_waited_for_in_silence(kernel, command):
    process = command("kernel", "exec", kernel.connection_file, "-e", CODE)
    stdout, stderr = process.communicate(timeout=PATIENCE)
    assert (process.returncode, stdout, stderr) == (0, "went on\n2\n", "")
