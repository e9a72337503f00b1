"""`jupyter console`, driven through a pseudo-terminal as a person would."""

import os

import pexpect
import pytest


@pytest.fixture
def console(jupyter_path, python):
    terminal = pexpect.spawn(
        python,
        ["-m", "jupyter_console", "--kernel", "lua", "--simple-prompt", "--ZMQTerminalInteractiveShell.kernel_timeout=60"],
        env=os.environ | {"TERM": "dumb", "JUPYTER_CONSOLE_TEST": "1", "PROMPT_TOOLKIT_NO_CPR": "1"},
        encoding="utf-8",
        timeout=30,
        dimensions=(40, 200),
        echo=False,
    )
    terminal.expect(r"In \[1\]: ")
    yield terminal
    terminal.close(force=True)


def test_a_cell_runs_and_shows_its_value(console):
    console.sendline("6 * 7")
    console.expect(r"Out\[1\]: 42")
    console.expect(r"In \[2\]: ")
    console.sendline("print('printed')")
    console.expect("printed")
    console.expect(r"In \[3\]: ")


def test_an_error_shows_its_traceback(console):
    console.sendline("error('over here')")
    console.expect("over here")
    console.expect(r"In \[2\]: ")


def test_control_c_interrupts_a_loop_and_keeps_the_globals(console):
    console.sendline("x = 'kept'")
    console.expect(r"In \[2\]: ")
    console.sendline("print('spinning') while true do end")
    console.expect("spinning\r?\n")
    console.sendintr()
    console.expect("Interrupted")
    console.expect(r"In \[3\]: ")
    console.sendline("x .. ' on'")
    console.expect("kept on")


def test_a_question_is_answered_at_the_terminal(console):
    console.sendline("print('Hello, ' .. perilune.input('Who? ') .. '!')")
    console.expect(r"Who\? ")
    console.sendline("Selene")
    console.expect("Hello, Selene!")
    console.expect(r"In \[2\]: ")


def test_leaving_the_console_ends_the_kernel(console):
    console.sendeof()
    console.expect("Do you really want to exit")
    console.sendline("y")
    console.expect(pexpect.EOF)
    console.close()
    assert console.exitstatus == 0


def test_the_up_arrow_brings_back_what_was_run_in_another_kernel(start, connect, jupyter_path, python, tmp_path):
    shared = {"PERILUNE_HISTORY": str(tmp_path / "history.sqlite")}
    kernel = start(environment=shared)
    client = connect(kernel)
    client.run("print('Euro' .. 'pa')")
    client.ask("shutdown_request", {"restart": False}, "control")
    kernel.wait(10)
    terminal = pexpect.spawn(
        python,
        ["-m", "jupyter_console", "--kernel", "lua", "--ZMQTerminalInteractiveShell.kernel_timeout=60"],
        env=os.environ | shared | {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
        encoding="utf-8",
        timeout=30,
        dimensions=(40, 200),
    )
    try:
        terminal.expect(r"In \[")
        terminal.send("\x1b[A")
        terminal.expect("Euro")
        terminal.send("\r")
        terminal.expect("Europa")
    finally:
        terminal.close(force=True)
