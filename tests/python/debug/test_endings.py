"""Interrupts, and the end of kernels and clients, while code has stopped."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from .session import Session

CODE = """local n = 1
n = n + 1
print('went on')
return n"""

# Promptly, though the machine may be busy.
SOON = 5.0


@pytest.fixture
def stopped(debugger):
    """A cell that has stopped at its second line."""
    debugger.break_at(CODE, 2)
    cell = debugger.execute(CODE)
    debugger.stopped()
    return cell


def test_an_interrupt_ends_the_cell_at_once(debugger, stopped):
    began = time.monotonic()
    debugger.interrupt()
    debugger.event("continued")
    debugger.finish(stopped, SOON)
    assert time.monotonic() - began < SOON
    assert (stopped.reply["ename"], stopped.text) == ("Interrupted", "")
    debugger.break_at(CODE)
    assert debugger.run(CODE).result == "2"


def test_so_does_sigint(debugger, stopped, kernel):
    kernel.interrupt()
    debugger.event("continued")
    debugger.finish(stopped, SOON)
    assert (stopped.reply["ename"], stopped.text) == ("Interrupted", "")


def test_a_shutdown_does_not_wait(debugger, stopped, kernel):
    debugger.ask_control("shutdown_request", {"restart": False}, SOON)
    assert kernel.wait(SOON) == 0


def test_an_exit_in_the_console_ends_what_has_stopped(debugger, stopped, kernel):
    assert debugger.refused("evaluate", expression="os.exit(3)") == "it has asked the process to exit"
    debugger.event("continued")
    debugger.wait(lambda: stopped.reply, "reply", SOON)
    assert stopped.text == ""
    assert kernel.wait(SOON) == 3


@pytest.mark.parametrize("arguments", [(), ("--set", "shutdown.drain=60s")], ids=["", "with a minute to drain"])
def test_sigterm_does_not_wait(start, sessions, arguments):
    kernel = start(arguments=arguments)
    debugger = sessions(kernel)
    debugger.start()
    debugger.break_at(CODE, 2)
    cell = debugger.execute(CODE)
    debugger.stopped()
    os.kill(kernel.pid, signal.SIGTERM)
    debugger.wait(lambda: cell.reply, "reply", SOON)
    assert cell.reply["status"] == "error"
    assert kernel.wait(SOON) == 0
    assert "went on" not in cell.text


def test_nor_does_it_for_what_the_console_evaluates(start, sessions):
    kernel = start(arguments=("--set", "shutdown.drain=60s"))
    debugger = sessions(kernel)
    debugger.start()
    debugger.break_at(CODE, 2)
    cell = debugger.execute(CODE)
    [frame] = debugger.stopped()
    debugger.send("evaluate", {"expression": "print('began') while true do end", "frameId": frame["id"], "context": "repl"})
    debugger.wait(lambda: "began" in cell.text, "print of the evaluation")
    os.kill(kernel.pid, signal.SIGTERM)
    debugger.wait(lambda: cell.reply, "reply", SOON)
    assert cell.reply["status"] == "error"
    assert kernel.wait(SOON) == 0


def test_all_else_is_answered_meanwhile(debugger, stopped, kernel, connect):
    assert debugger.client.is_alive()
    client = connect(kernel)
    assert client.ping() == b"\x00ping\xff"
    assert client.ask("kernel_info_request", {}, "control").content["status"] == "ok"
    completions = client.ask("complete_request", {"code": "pri", "cursor_pos": 3}).content
    assert "print" in completions["matches"]
    status = client.ask("perilune_status_request", {}, "control").content
    assert status["state"] == "busy"
    assert status["running"]["stopped"]["line"] == 2
    assert status["running"]["stopped"]["reason"] == "breakpoint"
    debugger.go()
    debugger.finish(stopped)


def test_the_command_says_where_it_has_stopped(debugger, stopped, kernel, perilune):
    ask = [perilune, "kernel", "status", kernel.connection_file]
    told = subprocess.run(ask, capture_output=True, text=True, check=True).stdout
    assert "stopped     by a debugger at cell[1]:2" in told
    told = json.loads(subprocess.run([*ask, "--json"], capture_output=True, check=True).stdout)
    [status] = told["kernels"]
    assert status["running"]["stopped"] == {"source": "cell[1]", "line": 2, "reason": "breakpoint"}
    debugger.go()
    debugger.finish(stopped)


def test_two_clients_share_the_session(debugger, stopped, kernel, sessions):
    other = sessions(kernel)
    other.start(clientID="vscode", clientName="Visual Studio Code")
    [frame] = other.stopped()
    assert frame["line"] == 2
    other.go("next")
    debugger.event("continued")
    assert [f["line"] for f in other.stopped("step")] == [3]
    debugger.event("stopped")
    debugger.go()
    other.event("continued")
    debugger.finish(stopped)


LEAVES = """
import json, sys
from debug.session import Session

class Kernel:
    connection_file = sys.argv[1]

session = Session(Kernel)
session.start(**json.loads(sys.argv[2]))
code = sys.argv[3]
session.break_at(code, 2)
session.execute(code)
session.stopped()
print("stopped", flush=True)
sys.stdin.read()
"""


def killed_while_stopped(kernel, options: dict) -> None:
    """A client whose cell has stopped, killed without a word."""
    with subprocess.Popen(
        [sys.executable, "-c", LEAVES, kernel.connection_file, json.dumps(options), CODE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        assert process.stdout.readline() == b"stopped\n"
        process.kill()


def test_a_client_that_is_killed_lets_the_code_go_on_where_it_said_so(session, kernel):
    killed_while_stopped(kernel, {"perilune": {"leaveOnDisconnect": True}})
    session.event("stopped")
    session.event("continued")
    assert session.run("return 'free'").result == '"free"'
    assert session.request("debugInfo")["breakpoints"] == []


def test_a_page_that_goes_away_leaves_it_stopped(session, kernel):
    killed_while_stopped(kernel, {})
    session.event("stopped")
    assert session.request("debugInfo")["stoppedThreads"] == [1]
    session.go()
    assert session.run("return 'free'").result == '"free"'


def test_restart_and_debug(start, sessions):
    """The process is another, and with it the folder of the cells; the breakpoints come back to the same lines."""
    paths = []
    for _ in range(2):
        kernel = start()
        debugger = sessions(kernel)
        debugger.start()
        debugger.request("dumpCell", code=CODE)
        debugger.break_at(CODE, 2)
        debugger.request("configurationDone")
        cell = debugger.execute(CODE)
        [frame] = debugger.stopped()
        paths.append(frame["source"]["path"])
        debugger.request("disconnect", restart=False, terminateDebuggee=False)
        debugger.event("continued")
        debugger.finish(cell)
    assert paths[0] != paths[1]
    assert os.path.basename(paths[0]) == os.path.basename(paths[1])
