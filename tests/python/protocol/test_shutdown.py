"""How a kernel ends: asked to, told to, or because nobody needs it any more."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from frontend import gone

# A client sends SIGTERM after 2.5 s, SIGKILL after 5.
WELL_INSIDE = 2.0

DOING = {
    "nothing": None,
    "a loop": "print 'on' while true do end",
    "a loop around pcall": "print 'on' while true do pcall(function() while true do end end) end",
    "a sleep": "print 'on' perilune.sleep(60)",
    "a child process": "print 'on' os.execute('sleep 60')",
    "printing": "print 'on' while true do print(('x'):rep(1000)) end",
}


@pytest.mark.parametrize("channel", ["control", "shell"])
@pytest.mark.parametrize("restart", [False, True], ids=["for good", "to restart"])
@pytest.mark.parametrize("doing", DOING)
def test_shutdown_replies_flushes_and_exits(kernel, client, doing, restart, channel):
    """Reference system, defect 6: shutdown_reply was built and dropped."""
    if channel == "shell" and DOING[doing]:
        # What waits in the shell's queue waits; control is what clients use on a busy kernel.
        channel = "control"
    running = None
    if code := DOING[doing]:
        running = client.execute(code)
        client.printed(running, "on")
    children = psutil.Process(kernel.pid).children(recursive=True)
    began = time.monotonic()
    request = client.send("shutdown_request", {"restart": restart}, channel)
    reply = client.reply(request, WELL_INSIDE)
    assert reply.content == {"status": "ok", "restart": restart}
    exchange = client.settle(request, WELL_INSIDE)
    assert [m.type for m in exchange.iopub] == ["status", "shutdown_reply", "status"]
    assert exchange.iopub[1].content == {"status": "ok", "restart": restart}
    if running:
        client.settle(running, WELL_INSIDE)
    assert kernel.wait(WELL_INSIDE) == 0
    assert time.monotonic() - began < WELL_INSIDE
    assert all(gone(child, 1) for child in children), "children are ended"
    assert kernel.connection_file.exists(), "Jupyter made the file, so Jupyter removes it"


def test_shutdown_ends_a_question(kernel, client):
    request = client.execute("io.read()", allow_stdin=True)
    client.question(request)
    client.reply(client.send("shutdown_request", {"restart": False}, "control"), WELL_INSIDE)
    assert kernel.wait(WELL_INSIDE) == 0


def test_shutdown_ends_children_that_outlived_their_cell(kernel, client):
    client.run("os.execute('sleep 60 >/dev/null 2>&1 &') handle = io.popen('sleep 60')").succeeded()
    child = kernel.wait_for_child("sleep")
    client.reply(client.send("shutdown_request", {"restart": False}, "control"))
    assert kernel.wait(WELL_INSIDE) == 0
    assert gone(child, 1)


def test_all_that_was_printed_arrives_before_the_end(kernel, client):
    request = client.execute("for i = 1, 20000 do print(i) end")
    client.reply(request)
    shutdown = client.send("shutdown_request", {"restart": False}, "control")
    lines = client.settle(request).text().split()
    assert lines == [str(n) for n in range(1, 20001)]
    client.settle(shutdown)
    assert kernel.wait(WELL_INSIDE) == 0


def test_sigterm_is_a_polite_shutdown(kernel, client):
    request = client.execute("print 'on' while true do end")
    client.printed(request, "on")
    os.kill(kernel.pid, signal.SIGTERM)
    client.settle(request, WELL_INSIDE)
    assert kernel.wait(WELL_INSIDE) in (0, 128 + signal.SIGTERM)


def test_os_exit_ends_the_kernel_with_its_code_after_reply_and_idle(kernel, client):
    """ILua's kernel stays and never answers again."""
    request = client.execute("io.write('last words') os.exit(3)")
    cell = client.settle(request)
    assert cell.text() == "last words"
    assert kernel.wait(WELL_INSIDE) == 3


@pytest.mark.parametrize(("call", "code"), [("os.exit()", 0), ("os.exit(true)", 0), ("os.exit(false)", 1)])
def test_os_exit_knows_the_codes_of_plain_lua(kernel, client, call, code):
    client.settle(client.execute(f"pcall(function() {call} end)"))
    assert kernel.wait(WELL_INSIDE) == code


def test_sockets_of_the_file_system_are_removed(start, connect):
    kernel = start(transport="ipc")
    client = connect(kernel)
    assert client.run("1").plain == "1"
    assert len(list(kernel.directory.glob("ipc-*"))) == 5
    client.settle(client.send("shutdown_request", {"restart": False}, "control"))
    kernel.wait(WELL_INSIDE)
    assert list(kernel.directory.glob("ipc-*")) == []


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_a_kernel_whose_launcher_died_ends(perilune, connect, tmp_path, busy):
    """JPY_PARENT_PID: killed hard, Jupyter leaves no kernels behind."""
    launcher = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import json, sys, time\n"
            "from frontend import KernelProcess\n"
            "kernel = KernelProcess(sys.argv[1])\n"
            "print(json.dumps({'pid': kernel.pid, **kernel.connection}), flush=True)\n"
            "time.sleep(600)\n",
            str(perilune),
        ],
        # Killed, it cleans up nothing: pytest does, in tmp_path.
        env=os.environ
        | {"PYTHONPATH": os.path.dirname(os.path.dirname(__file__)), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    told = json.loads(launcher.stdout.readline())
    launcher.stdout.close()
    kernel = psutil.Process(told.pop("pid"))

    class Running:
        connection = told

    client = connect(Running)
    assert client.run("1").plain == "1"
    if busy:
        client.printed(client.execute("print 'on' while true do end"), "on")
    launcher.kill()
    launcher.wait()
    assert gone(kernel, 10)
