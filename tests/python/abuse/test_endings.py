"""The end of a kernel, whenever it comes."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from frontend import Frontend, gone

WELL_INSIDE = 2.0

CELLS = {
    "an empty cell": "",
    "a sum": "local n = 0 for i = 1, 1e5 do n = n + i end return n",
    "a loop": "while true do end",
    "a loop around pcall": "while true do pcall(function() while true do end end) end",
    "coroutines": (
        "while true do coroutine.wrap(function() coroutine.wrap(function() for i = 1, 1e4 do end end)() end)() end"
    ),
    "printing": "while true do print(('x'):rep(100)) end",
    "displays": "for i = 1, 1e9 do display(i) end",
    "a sleep": "perilune.sleep(60)",
    "an input": "perilune.input('?')",
    "an error": "error({})",
    "a child": "os.execute('sleep 60')",
    "a child that is deaf": "os.execute('trap \"\" INT TERM; sleep 60; sleep 60')",
    "many children": "while true do os.execute('true') end",
    "a child with output": "for line in io.popen('yes'):lines() do print(line) end",
    "a child in the background": "os.execute('sleep 60 & exit') io.popen('sleep 60') while true do end",
    "a pattern": "return ('a'):rep(40):find(('a*'):rep(20) .. 'b')",
    "a sort": "local t = {} for i = 1, 1e6 do t[i] = (i * 7919) % 1e6 end table.sort(t)",
    "a finalizer": "setmetatable({}, {__gc = function() while true do end end}) collectgarbage()",
    "a large table": "local t = {} for i = 1, 1e9 do t[i] = {i} if i % 1e6 == 0 then t = {} end end",
}


def family(kernel) -> list[psutil.Process]:
    """All processes of the session that the kernel leads."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == kernel.pid and process.pid != kernel.pid:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


@pytest.mark.parametrize("doing", CELLS)
def test_shutdown_at_any_point_of_a_cell(start, connect, chance, doing):
    """After a delay that is anything from nothing to what the cell needs to be well under way."""
    for _ in range(3):
        kernel = start()
        client = connect(kernel)
        cells = [client.execute(CELLS[doing], allow_stdin=True, stop_on_error=chance.random() < 0.5)]
        cells += [client.execute("1") for _ in range(chance.choice([0, 0, 5]))]
        delay = 10 ** chance.uniform(-5, -1)
        time.sleep(delay)
        children = family(kernel)
        restart = chance.random() < 0.5
        began = time.monotonic()
        request = client.send("shutdown_request", {"restart": restart}, "control")
        reply = client.reply(request, WELL_INSIDE)
        assert reply.content == {"status": "ok", "restart": restart}
        assert kernel.wait(WELL_INSIDE) == 0
        took = time.monotonic() - began
        assert took < WELL_INSIDE, f"{took:.3f} s after {delay:.5f} s"
        assert all(gone(child, 1) for child in [*children, *family(kernel)]), "children are left"
        client.settle(request)
        # What was asked before is answered before, if only with an interrupt or as aborted.
        for cell in cells:
            client.settle(cell, 5)
        client.close()


LAUNCHER = """
import json, sys, time
from frontend import KernelProcess
kernel = KernelProcess(sys.argv[1])
print(json.dumps({"pid": kernel.pid, "directory": str(kernel.directory), **kernel.connection}), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize(
    "doing", ["a loop around pcall", "a child", "a child that is deaf", "a child in the background", "an empty cell"]
)
def test_kill_9_of_the_launcher_ends_the_kernel_and_its_children(perilune, doing):
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(perilune)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)},
        stdout=subprocess.PIPE,
        text=True,
    )
    told = json.loads(launcher.stdout.readline())
    launcher.stdout.close()
    directory = told.pop("directory")
    kernel = psutil.Process(told.pop("pid"))
    client = Frontend(told)
    try:
        client.run("keep = io.popen('sleep 61')").succeeded()
        running = client.execute(f"print 'on'\n{CELLS[doing]}")
        client.printed(running, "on")
        if "sleep 60" in CELLS[doing]:
            client.wait(lambda: any("60" in child.cmdline() for child in children_of(kernel)), "child")
        children = family(SimpleNamespace(pid=kernel.pid))
        assert children
        launcher.kill()
        launcher.wait()
        assert gone(kernel, 5)
        assert all(gone(child, 1) for child in children)
    finally:
        client.close()
        subprocess.run(["rm", "-r", directory], check=True)


def children_of(kernel) -> list[psutil.Process]:
    found = []
    for child in kernel.children(recursive=True):
        try:
            child.cmdline()
            found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found
