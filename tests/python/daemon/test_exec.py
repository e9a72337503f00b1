"""Code that is run in a kernel that others use too."""

import json
import os
import pty
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from .commands import FOREVER, until_it_runs


def test_what_code_does_is_shown_where_it_belongs(daemon, kernel):
    daemon("shown")
    ended = kernel("exec", "shown", "print('out') io.stderr:write('err\\n') return 6 * 7")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "out\n42\n", "err\n")
    assert kernel("exec", "shown", "x = 5").stdout == ""
    assert kernel("exec", "shown", "return x").stdout == "5\n", "the kernel remembers"
    failed = kernel("exec", "shown", "error('broken')")
    assert failed.returncode == 1 and failed.stdout == ""
    assert "broken" in failed.stderr and failed.stderr.startswith("RuntimeError") and "\x1b" not in failed.stderr


def test_code_files_and_standard_input_are_told_apart(home, daemon, kernel):
    daemon("told")
    (home.work / "sum.lua").write_text("#!/usr/bin/env lua\nprint(1 + 1)\n")
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None, "source": "return 7"}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell, cell | {"id": "b", "source": "return 8"}]}
    (home.work / "two.ipynb").write_text(json.dumps(notebook))
    assert kernel("exec", "sum.lua").stdout == "2\n"
    assert kernel("exec", "told", home.work / "sum.lua").stdout == "2\n"
    assert kernel("exec", "told", "two.ipynb").stdout == "7\n8\n"
    assert kernel("exec", "told", "-", input="return 3").stdout == "3\n"
    assert kernel("exec", "told", "-e", "-- sum.lua\nreturn 4").stdout == "4\n"
    assert kernel("exec", "-e", "return 5").stdout == "5\n"
    missing = kernel("exec", "told", "none.lua")
    assert missing.returncode == 1 and "there is no file none.lua" in missing.stderr
    assert kernel("exec").returncode == 2
    forgotten = kernel("exec", "told")
    assert forgotten.returncode == 2 and "told is a kernel; say what to run in it" in forgotten.stderr
    assert kernel("exec", "told", "a", "b").returncode == 2


def test_the_events_are_those_of_a_run(daemon, kernel):
    daemon("events")
    ended = kernel("exec", "events", "--json", "print('a') error('b')")
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    names = [event["event"] for event in events]
    assert names == ["run_started", "cell_started", "cell_sent", "stream", "error", "cell_finished", "run_finished"]
    assert events[0]["schema_version"] == 1
    assert events[-1]["status"] == "error" and events[-1]["exit_code"] == ended.returncode == 1


def test_a_question_is_answered_by_standard_input(daemon, kernel):
    daemon("asks")
    ended = kernel("exec", "asks", "print('hello ' .. io.read())", input="moon\n")
    assert (ended.returncode, ended.stdout) == (0, "hello moon\n")
    assert kernel("exec", "asks", "--no-input", "print(io.read())", input="moon\n").returncode == 1


def test_code_that_runs_too_long_is_interrupted(daemon, kernel, asked):
    daemon("long")
    began = time.monotonic()
    ended = kernel("exec", "long", "--timeout", "0.3", FOREVER)
    assert ended.returncode == 124 and time.monotonic() - began < 10
    assert "ran longer than 0.3 s" in ended.stderr
    assert asked("wait", "long", "--timeout", "20")[0] == 0


def test_ctrl_c_interrupts_the_cell(home, daemon, asked):
    daemon("stop")
    process = home.command("kernel", "exec", "stop", "--json", FOREVER)
    until_it_runs(asked, "stop")
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert json.loads(stdout.splitlines()[-1])["status"] == "interrupted"
    assert asked("status", "stop")[1]["kernels"][0]["running"] is None


def test_a_second_ctrl_c_leaves_a_cell_that_will_not_stop(home, daemon, asked):
    stubborn = daemon("stubborn")
    process = home.command("kernel", "exec", "stubborn", FOREVER)
    until_it_runs(asked, "stubborn")
    # Nothing of it hears an interrupt now.
    stubborn.signal(signal.SIGSTOP)
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    # Again, until it has surely been two: the system makes one of those that nobody has taken yet.
    deadline = time.monotonic() + 30
    while process.poll() is None:
        assert time.monotonic() < deadline
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.5)
    _, stderr = process.communicate()
    assert process.returncode == 130
    assert "the cell runs on in stubborn" in stderr
    assert "`perilune kernel interrupt stubborn` stops it" in stderr


def test_ctrl_c_never_meets_the_cell_of_another_client(home, daemon, busy, asked, kernel):
    daemon("shared")
    other = busy("shared")
    process = home.command("kernel", "exec", "shared", "print('mine')")
    deadline = time.monotonic() + 30
    while asked("status", "shared")[1]["kernels"][0]["queued"] == 0:
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGINT)
    assert "another cell runs" in process.stderr.readline()
    assert asked("status", "shared")[1]["kernels"][0]["running"]["msg_id"] == other
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130 and "the cell still waits in shared" in stderr
    began = time.monotonic()
    ended = kernel("exec", "shared", "--timeout", "0.2", "print('mine too')")
    assert ended.returncode == 124 and "still waits in shared" in ended.stderr and time.monotonic() - began < 5
    assert asked("status", "shared")[1]["kernels"][0]["running"]["msg_id"] == other


def test_a_cell_is_sent_again_when_anothers_failure_kept_it_from_running(home, daemon, busy, asked, kernel):
    daemon("abort")
    busy("abort")
    process = home.command("kernel", "exec", "abort", "return 'ran after all'")
    deadline = time.monotonic() + 30
    while asked("status", "abort")[1]["kernels"][0]["queued"] == 0:
        assert time.monotonic() < deadline
    # The failure aborts what waits behind it.
    assert kernel("interrupt", "abort").returncode == 0
    stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout) == (0, '"ran after all"\n'), stderr


def test_detached_code_has_arrived_when_the_command_ends(daemon, busy, asked, kernel):
    daemon("left")
    busy("left")
    began = time.monotonic()
    code, found = asked("exec", "left", "--detach", "x = 'was here'")
    assert code == 0 and len(found["msg_ids"]) == 1 and time.monotonic() - began < 5
    kernel("restart", "left")
    code, found = asked("exec", "left", "--detach", "x = 'was here' print('seen')")
    assert code == 0
    assert kernel("exec", "left", "print(x)").stdout == "was here\n"
    assert kernel("output", "-k", "left", found["msg_ids"][0]).stdout == "seen\n"


def test_detached_code_may_flood_from_its_first_moment(daemon, kernel):
    daemon("flood")
    left = kernel("exec", "flood", "--detach", "local s = ('x'):rep(9999) for i = 1, 5000 do print(s) end")
    assert left.returncode == 0, left.stderr
    assert kernel("wait", "flood", "--for", "idle", "--timeout", "50").returncode == 0


def test_detached_code_may_not_ask_with_no_input(daemon, kernel):
    daemon("asks")
    kernel("exec", "asks", "--detach", "--no-input", "-e", "io.read()")
    assert kernel("wait", "asks", "--for", "idle", "--timeout", "50").returncode == 0
    assert "does not allow input" in kernel("output", "-k", "asks", "last").stderr


def test_ten_clients_at_once_each_get_their_own_output(daemon, kernel):
    daemon("many")

    def count(number: int) -> bool:
        ended = kernel("exec", "many", f"for i = 1, 100 do print('client {number}', i) end")
        return (ended.returncode, ended.stdout) == (0, "".join(f"client {number}\t{i}\n" for i in range(1, 101)))

    with ThreadPoolExecutor(10) as pool:
        assert all(pool.map(count, range(10)))


def test_a_kernel_that_dies_under_a_cell_is_told(home, daemon, asked):
    dying = daemon("dying")
    process = home.command("kernel", "exec", "dying", FOREVER)
    until_it_runs(asked, "dying")
    dying.kill()
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 1 and "the connection to the kernel was lost" in stderr


def test_a_kernel_that_falls_silent_under_a_cell_is_told_and_waited_for(home, daemon, asked):
    silent = daemon("silent")
    process = home.command("kernel", "exec", "silent", FOREVER)
    until_it_runs(asked, "silent")
    silent.signal(signal.SIGSTOP)
    assert "the kernel has not answered for 5 s" in process.stderr.readline()
    silent.signal(signal.SIGCONT)
    assert process.stderr.readline() == "perilune: the kernel answers again\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130


def test_a_terminal_is_written_to_as_by_a_run(home, daemon):
    daemon("terminal")
    main, side = pty.openpty()
    code = "for i in progress(3) do end print('done') error('red')"
    process = home.command("kernel", "exec", "terminal", code, stdin=side, stdout=side, stderr=side)
    os.close(side)
    shown = b""
    while True:
        try:
            part = os.read(main, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
    assert process.wait(30) == 1
    assert b"done" in shown and b"\x1b[" in shown, "errors are coloured on a terminal"
    os.close(main)
