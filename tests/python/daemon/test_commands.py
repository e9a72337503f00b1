"""The commands around a kernel that runs: each with its exit codes and its JSON document."""

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jsonschema
import psutil
import pytest

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "tests/schema/kernel-commands.json").read_text())
FOREVER = "while true do end"


def document(kind: str, ended: subprocess.CompletedProcess) -> dict:
    """What a command printed with --json: one line, as the schema has it."""
    assert ended.stdout.count("\n") == 1, (ended.stdout, ended.stderr)
    found = json.loads(ended.stdout)
    jsonschema.validate(found, SCHEMA | {"$ref": f"#/documents/{kind}"})
    return found


@pytest.fixture
def kernel(home):
    """Runs `perilune kernel ...`, and returns its exit code and both outputs."""

    def run(*arguments, **options) -> subprocess.CompletedProcess:
        return home.run("kernel", *map(str, arguments), **options)

    return run


@pytest.fixture
def asked(kernel):
    """Runs `perilune kernel COMMAND ... --json`, and returns its exit code and its document."""

    def run(command: str, *arguments, **options) -> tuple[int, dict]:
        ended = kernel(command, *arguments, "--json", **options)
        kind = "detached" if "--detach" in arguments else command
        return ended.returncode, document(kind, ended)

    return run


@pytest.fixture
def busy(kernel, asked):
    """A kernel gets a cell that never ends."""

    def begin(name: str, code: str = FOREVER) -> str:
        request = kernel("exec", name, "--detach", code).stdout.strip()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            running = asked("status", name)[1]["kernels"][0]["running"]
            if running and running["msg_id"] == request:
                return request
        raise AssertionError("the cell never ran")

    return begin


def until_it_runs(asked, name: str) -> None:
    """Waits for the cell of a command that was started, and not only sent."""
    deadline = time.monotonic() + 30
    while not asked("status", name)[1]["kernels"][0]["running"]:
        assert time.monotonic() < deadline


# Which kernel is meant.


def test_a_kernel_is_found_by_name_by_id_and_by_connection_file(home, daemon, kernel, asked):
    about = daemon("sums").about
    relative = os.path.relpath(about["connection_file"], home.work)
    file = Path(about["connection_file"])
    for target in ("sums", about["id"], about["id"][:6], str(file), relative, file.name, file.stem, "perilune-sums"):
        code, found = asked("status", target)
        assert (code, found["kernels"][0]["id"]) == (0, about["id"]), target
    assert kernel("status", about["id"][:3]).returncode == 3, "three characters are a slip"


def test_the_only_kernel_needs_no_name_and_one_of_several_does(daemon, asked, kernel):
    assert kernel("status").returncode == 3
    daemon("one")
    assert asked("status")[1]["kernels"][0]["name"] == "one"
    daemon("two")
    ended = kernel("exec", "return 1")
    assert ended.returncode == 1
    assert ended.stderr == "perilune: several kernels are running, say which: one, two\n"
    daemon("default")
    assert asked("status")[1]["kernels"][0]["name"] == "default"


def test_an_unknown_kernel_is_an_error_that_names_those_there_are(daemon, kernel):
    daemon("sums")
    for command in ("status", "stop", "restart", "interrupt"):
        ended = kernel(command, "summs")
        assert ended.returncode == 3, command
        assert "no kernel is called summs" in ended.stderr and "running: sums" in ended.stderr
        assert ended.stdout == ""


# status and list


def test_the_status_of_a_kernel_that_rests(home, daemon, asked, kernel):
    about = daemon("sums").about
    assert kernel("exec", "sums", "x = 1").returncode == 0
    assert kernel("exec", "sums", "error('no')").returncode == 1
    code, found = asked("status", "sums")
    status = found["kernels"][0]
    assert code == 0
    assert (status["state"], status["activity"], status["reason"]) == ("running", "idle", None)
    assert (status["pid"], status["id"]) == (about["pid"], about["id"])
    assert (status["executions"], status["errors"], status["clients"], status["queued"]) == (2, 1, 0, 0)
    assert status["running"] is None and status["same_version"] is True
    assert status["log"] == about["log"] and status["connection_file"] == about["connection_file"]
    assert 0 < status["memory"]["process_bytes"] < 1 << 30
    assert status["uptime_seconds"] > 0 and status["messages"]["dropped"] == 0

    words = kernel("status", "sums").stdout
    assert words.startswith("sums: running, idle\n")
    assert f"process     {about['pid']}\n" in words and "2 run, 1 failed" in words and about["log"] in words


def test_a_kernel_in_a_tight_loop_is_busy_and_well(daemon, busy, asked, kernel):
    daemon("loop")
    request = busy("loop")
    code, found = asked("status", "loop")
    status = found["kernels"][0]
    assert (code, status["state"], status["activity"]) == (0, "running", "busy")
    running = status["running"]
    assert (running["msg_id"], running["execution_count"], running["code"]) == (request, 1, FOREVER)
    assert running["seconds"] > 0
    assert FOREVER in kernel("status", "loop").stdout


def test_clients_are_counted_without_the_one_that_asks(daemon, asked):
    clients = [daemon("many").connect()]
    clients.append(clients[0].__class__(json.loads(Path(asked("status")[1]["kernels"][0]["connection_file"]).read_text())))
    assert asked("status", "many")[1]["kernels"][0]["clients"] == 2
    for client in clients:
        client.close()


def test_a_kernel_that_is_stopped_by_a_signal_does_not_answer(daemon, asked, kernel):
    stuck = daemon("stuck")
    stuck.signal(signal.SIGSTOP)
    began = time.monotonic()
    code, found = asked("status", "stuck", "--timeout", "0.5")
    assert time.monotonic() - began < 5
    assert (code, found["kernels"][0]["state"]) == (4, "no_answer")
    assert "did not answer for 0.5 s" in found["kernels"][0]["reason"]
    assert kernel("interrupt", "stuck", "--timeout", "0.5").returncode == 4
    stuck.signal(signal.SIGCONT)
    assert asked("status", "stuck")[0] == 0


def test_a_kernel_that_was_killed_is_dead_until_its_leftovers_are_cleared(daemon, asked, kernel):
    daemon("dead").kill()
    code, found = asked("status", "dead")
    assert (code, found["kernels"][0]["state"]) == (1, "dead")
    assert "perilune kernel prune" in found["kernels"][0]["reason"]
    assert kernel("exec", "dead", "return 1").returncode == 3
    assert kernel("prune").returncode == 0
    code, found = asked("status", "dead")
    assert (code, found["kernels"][0]["state"]) == (3, "not_running")


def test_a_wrong_key_is_named(home, daemon, kernel, tmp_path):
    connection = daemon("locked").connection
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(connection | {"key": "another"}))
    ended = kernel("exec", str(wrong), "return 1")
    assert ended.returncode == 4 and "the key in its connection file is not its own" in ended.stderr


def test_the_connection_file_of_a_kernel_that_is_gone_is_an_error_at_once(home, daemon, kernel, tmp_path):
    gone = daemon("gone")
    copy = tmp_path / "copy.json"
    copy.write_text(json.dumps(gone.connection))
    gone.kill()
    began = time.monotonic()
    ended = kernel("exec", str(copy), "return 1")
    assert ended.returncode == 3 and "it has ended" in ended.stderr
    assert kernel("status", str(copy)).returncode == 1
    assert time.monotonic() - began < 5


def test_the_list_shows_the_living_and_the_dead(home, daemon, busy, asked, kernel):
    assert asked("list") == (0, {"schema_version": 1, "kernels": []})
    assert kernel("list").stderr.startswith("No kernel is running")
    daemon("alive")
    daemon("dead").kill()
    daemon("loop")
    busy("loop")
    daemon("stuck").signal(signal.SIGSTOP)
    began = time.monotonic()
    code, found = asked("list", "--timeout", "1")
    assert time.monotonic() - began < 5, "they are asked at once"
    states = {kernel["name"]: kernel["state"] for kernel in found["kernels"]}
    assert (code, states) == (0, {"alive": "running", "dead": "dead", "loop": "running", "stuck": "no_answer"})

    table = kernel("list", "--timeout", "1").stdout.splitlines()
    assert table[0].split() == ["NAME", "STATE", "PID", "UPTIME", "MEMORY", "CLIENTS", "VERSION", "RUNNING"]
    assert [row.split()[0] for row in table[1:]] == ["alive", "dead", "loop", "stuck"]
    assert FOREVER in table[3]
    assert kernel("list", "--quiet").stdout == "alive\ndead\nloop\nstuck\n"
    assert kernel("list", "--quiet", "--living").stdout == "alive\nloop\nstuck\n"


def test_a_kernel_of_another_version_is_told_by_its_version(home, kernel, asked, foreign):
    file = foreign("implementation = 'perilune'", "implementation_version = '9.9.9'")
    ended = kernel("status", file, "--json", "--timeout", "2")
    assert document("status", ended)["kernels"][0]["same_version"] is False
    assert "is perilune 9.9.9, and this command is" in ended.stderr
    ended = kernel("exec", file, "print(1)")
    assert ended.stdout == "1\n" and "is perilune 9.9.9" in ended.stderr


# exec


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
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
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


# interrupt and wait


def test_an_interrupt_stops_the_cell_and_says_whether_there_was_one(daemon, busy, asked, kernel):
    daemon("loop")
    assert asked("interrupt", "loop")[1]["kernels"][0]["result"] == "nothing_ran"
    assert kernel("interrupt", "loop").stdout == "Nothing runs in loop\n"
    busy("loop")
    code, found = asked("interrupt", "loop")
    assert (code, found["kernels"][0]["result"]) == (0, "interrupted")
    assert asked("wait", "loop", "--for", "idle", "--timeout", "20")[0] == 0


def test_waiting_ends_when_it_is_so_or_in_time(home, daemon, busy, asked, kernel):
    code, found = asked("wait", "later", "--for", "ready", "--timeout", "0.2")
    assert (code, found["reached"]) == (124, False)
    waiting = home.command("kernel", "wait", "later", "--for", "ready", "--timeout", "60")
    later = daemon("later")
    assert waiting.wait(60) == 0
    busy("later")
    code, found = asked("wait", "later", "--timeout", "0.2")
    assert (code, found["reached"], found["for"]) == (124, False, "idle")
    idle = home.command("kernel", "wait", "later", "--for", "idle", "--timeout", "60")
    stopped = home.command("kernel", "wait", "later", "--for", "stopped", "--timeout", "60")
    kernel("interrupt", "later")
    assert idle.wait(60) == 0 and stopped.poll() is None
    later.terminate()
    assert stopped.wait(60) == 0
    assert asked("wait", "later", "--for", "stopped")[0] == 0, "it is so already"
    assert asked("wait", "later", "--for", "idle")[0] == 3


# stop and restart


def test_a_kernel_is_stopped_in_order(home, daemon, asked, kernel):
    gone = daemon("gone")
    ended = kernel("stop", "gone")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "Stopped gone\n", "")
    assert not psutil.pid_exists(gone.pid) or gone.process.status() == psutil.STATUS_ZOMBIE
    assert not home.pid_file("gone").exists() and not home.connection_file("gone").exists()
    code, found = asked("stop", "gone")
    assert (code, found["kernels"][0]["result"]) == (3, "not_running")
    code, found = asked("stop", "gone", "--if-running")
    assert (code, found["kernels"][0]["result"]) == (0, "not_running")


def test_a_running_cell_is_no_obstacle(daemon, busy, asked):
    daemon("loop")
    busy("loop")
    code, found = asked("stop", "loop")
    assert (code, found["kernels"][0]["result"]) == (0, "stopped")


def test_a_kernel_that_is_stuck_is_ended_step_by_step(home, daemon, kernel):
    daemon("stuck").signal(signal.SIGSTOP)
    ended = kernel("stop", "stuck", "--timeout", "1")
    assert (ended.returncode, ended.stdout) == (0, "Stopped stuck with SIGTERM\n"), ended.stderr
    steps = ended.stderr.splitlines()
    assert len(steps) == 2 and "did not answer" in steps[0] and steps[0].endswith(": SIGTERM") and "SIGCONT" in steps[1]
    assert not home.pid_file("stuck").exists()


def test_force_kills_at_once_and_clears_away_what_is_left(home, daemon, asked):
    stuck = daemon("stuck")
    stuck.signal(signal.SIGSTOP)
    began = time.monotonic()
    code, found = asked("stop", "stuck", "--force")
    assert (code, found["kernels"][0]["result"]) == (0, "killed") and time.monotonic() - began < 5
    assert stuck.is_gone()
    assert not home.pid_file("stuck").exists() and not home.connection_file("stuck").exists()


HOLDER = """
import fcntl, os, signal, sys
path, ignores = sys.argv[1:]
if ignores == "ignores":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
file = open(path, "w", opener=lambda path, flags: os.open(path, flags, 0o600))
fcntl.flock(file, fcntl.LOCK_EX)
started = open("/proc/self/stat").read().rsplit(")", 1)[1].split()[19]
boot = open("/proc/sys/kernel/random/boot_id").read().strip()
file.write(f"{os.getpid()}\\nstarted {started}\\nboot {boot}\\n")
file.flush()
print("held", flush=True)
signal.pause()
"""


@pytest.fixture
def holder(home):
    """A process that has a kernel's name and never listens, as one that hangs while it starts."""

    def hold(name: str, hears: str = "hears") -> subprocess.Popen:
        home.registry.mkdir(parents=True, exist_ok=True, mode=0o700)
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(home.pid_file(name)), hears],
            env=home.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout.readline() == "held\n"
        return process

    return hold


def test_a_kernel_that_hangs_while_it_starts_is_told_and_stopped(holder, asked, kernel):
    process = holder("hangs")
    code, found = asked("status", "hangs")
    assert (code, found["kernels"][0]["state"], found["kernels"][0]["pid"]) == (4, "starting", process.pid)
    ended = kernel("stop", "hangs")
    assert (ended.returncode, ended.stdout) == (0, "Stopped hangs with SIGTERM\n")
    assert "does not listen yet: SIGTERM" in ended.stderr
    assert process.wait(30) == -signal.SIGTERM


def test_one_that_ignores_sigterm_is_killed(home, holder, kernel):
    process = holder("deaf", "ignores")
    ended = kernel("stop", "deaf", "--timeout", "1")
    assert (ended.returncode, ended.stdout) == (0, "Killed deaf\n")
    assert ended.stderr.splitlines()[-1].endswith("did not end after SIGTERM: SIGKILL")
    assert process.wait(30) == -signal.SIGKILL
    assert not home.pid_file("deaf").exists()


def test_no_signal_meets_a_process_that_only_has_the_number(home, kernel):
    """A PID file whose lock nobody holds names whoever has the number now."""
    innocent = subprocess.Popen(["sleep", "600"], env=home.environment)
    home.registry.mkdir(parents=True, mode=0o700)
    home.pid_file("stale").write_text(f"{innocent.pid}\n")
    home.pid_file("stale").chmod(0o600)
    assert kernel("status", "stale").returncode == 1
    for options in ([], ["--force"]):
        assert kernel("stop", "stale", *options).returncode == 3
    assert kernel("prune").returncode == 0
    assert innocent.poll() is None and not home.pid_file("stale").exists()
    innocent.kill()
    innocent.wait()


def test_a_session_is_saved_before_the_kernel_is_stopped(daemon, kernel):
    daemon("kept")
    assert kernel("exec", "kept", "x = 'kept'").returncode == 0
    assert kernel("stop", "kept", "--save").returncode == 0
    daemon("kept", "--restore")
    assert kernel("exec", "kept", "print(x)").stdout == "kept\n"


def test_two_stops_at_once_both_succeed(daemon, kernel):
    daemon("twice")
    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(lambda _: kernel("stop", "twice").returncode, range(4)))
    # Who comes when all is over finds nothing.
    assert set(codes) <= {0, 3} and 0 in codes


def test_a_status_while_stopping_is_an_answer(daemon, busy, asked, kernel):
    daemon("ending")
    busy("ending", "io.read = nil while true do end")
    codes = []
    stopping = threading.Thread(target=lambda: codes.append(kernel("stop", "ending").returncode))
    stopping.start()
    seen = set()
    while stopping.is_alive():
        code, found = asked("status", "ending", "--timeout", "1")
        seen.add((code, found["kernels"][0]["state"]))
    stopping.join()
    assert codes == [0]
    assert seen <= {(0, "running"), (4, "no_answer"), (4, "starting"), (3, "not_running")}, seen


def test_all_are_stopped(daemon, asked):
    daemon("one")
    daemon("two").kill()
    daemon("three")
    code, found = asked("stop", "--all")
    results = {kernel["name"]: kernel["result"] for kernel in found["kernels"]}
    assert results == {"one": "stopped", "three": "stopped", "two": "not_running"}
    assert code == 3
    assert asked("stop", "--all", "--if-running")[0] == 0


def test_a_restart_is_another_process_where_clients_find_it(home, daemon, asked, kernel):
    about = daemon("again", "--memory-limit", "300MiB").about
    before = home.connection_file("again").read_text()
    assert kernel("exec", "again", "x = 1").returncode == 0
    code, found = asked("restart", "again")
    result = found["kernels"][0]
    assert (code, result["result"], result["same_connection"]) == (0, "restarted", True)
    assert result["pid"] != about["pid"] and result["id"] != about["id"]
    assert json.loads(home.connection_file("again").read_text()) == json.loads(before)
    assert kernel("exec", "again", "return x").stdout == "nil\n"
    arguments = home.record("again")["arguments"]
    assert "300MiB" in arguments
    assert kernel("restart", "again").returncode == 0
    assert home.record("again")["arguments"] == arguments, "arguments do not pile up"


def test_a_restart_keeps_folder_and_environment(home, daemon, kernel):
    folder = home.path / "elsewhere"
    folder.mkdir()
    daemon("there", "--cwd", str(folder), environment={"MOON": "full"})
    assert kernel("restart", "there").returncode == 0
    ended = kernel("exec", "there", "print(os.getenv('MOON'), io.popen('pwd'):read())")
    assert ended.stdout == f"full\t{folder}\n"


def test_a_kernel_that_was_killed_is_started_anew(home, daemon, asked, kernel):
    dead = daemon("dead")
    before = dead.connection
    dead.kill()
    code, found = asked("restart", "dead")
    assert (code, found["kernels"][0]["same_connection"]) == (0, True)
    assert json.loads(home.connection_file("dead").read_text()) == before
    assert kernel("restart", "never").returncode == 3


def test_a_kernel_in_the_foreground_is_restarted_by_whoever_started_it(home, asked, kernel):
    process = home.command("kernel", "start", "--foreground", "--name", "front")
    assert kernel("wait", "front", "--for", "ready", "--timeout", "60").returncode == 0
    ended = kernel("restart", "front")
    assert ended.returncode == 1 and "whoever started it must restart it" in ended.stderr
    assert kernel("stop", "front").returncode == 0
    assert process.wait(30) == 0


# prune


def test_pruning_clears_away_the_dead_and_leaves_the_living(home, daemon, asked, kernel):
    dead = daemon("dead", "--transport", "ipc")
    alive = daemon("alive")
    sockets = [path for path in home.connection_file("dead").parent.iterdir() if path.is_socket()]
    assert len(sockets) == 5
    dead.kill()
    listed = {path for path in home.path.rglob("*")}
    code, found = asked("prune", "--dry-run")
    assert (code, found["kernels"]) == (0, ["dead"])
    expected = {home.pid_file("dead"), home.registry / "dead.json", home.connection_file("dead"), *sockets}
    assert {Path(path) for path in found["files"]} == expected
    assert {path for path in home.path.rglob("*")} == listed, "a dry run touches nothing"

    assert asked("prune")[1]["files"] == found["files"]
    assert not any(path.exists() for path in expected)
    assert home.folder("dead").exists(), "its log is not old"
    assert kernel("status", "alive").returncode == 0 and alive.run("return 1").plain == "1"
    assert kernel("prune").stdout == "Nothing to remove\n"


def test_old_logs_and_journals_go_and_states_stay(home, daemon, asked):
    daemon("old").terminate()
    folder = home.folder("old")
    state = folder / "state"
    state.write_text("a saved state")
    for path in folder.rglob("*"):
        os.utime(path, (time.time() - 8 * 86400,) * 2)
    daemon("young").terminate()
    code, found = asked("prune")
    assert code == 0 and str(folder / "kernel.log") in found["files"]
    assert not (folder / "kernel.log").exists() and not (folder / "journal").exists()
    assert state.exists() and (home.folder("young") / "kernel.log").exists()


def test_a_connection_file_that_others_wrote_stays(home, kernel, tmp_path):
    from frontend import connection, write_connection_file

    file = tmp_path / "kernel-theirs.json"
    write_connection_file(file, connection())
    process = home.command("kernel", "start", "-f", str(file))
    assert kernel("wait", str(file), "--for", "ready", "--timeout", "60").returncode == 0
    process.kill()
    process.wait()
    assert kernel("prune").returncode == 0
    assert file.exists() and not list(home.registry.glob("*.pid"))


# Kernels of others


@pytest.fixture
def foreign(home, tmp_path):
    """Starts an ipykernel, with fields of its class set, and returns its connection file."""
    from frontend import connection, write_connection_file

    processes = []

    def start(*fields: str) -> Path:
        file = tmp_path / f"kernel-foreign-{len(processes)}.json"
        write_connection_file(file, connection())
        program = "\n".join([
            "from ipykernel.kernelapp import IPKernelApp",
            "from ipykernel.ipkernel import IPythonKernel",
            "class Kernel(IPythonKernel):",
            *[f"    {field}" for field in fields or ["pass"]],
            f"IPKernelApp.launch_instance(['-f', {str(file)!r}], kernel_class=Kernel)",
        ])
        processes.append(subprocess.Popen(
            [sys.executable, "-c", program],
            env=home.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ))
        ready = home.run("kernel", "wait", str(file), "--for", "ready", "--timeout", "60")
        assert ready.returncode == 0, ready.stderr
        return file

    yield start
    for process in processes:
        process.kill()
        process.wait()


def test_a_kernel_of_another_language_does_as_well(foreign, asked, kernel, home):
    file = foreign()
    ended = kernel("exec", file, "print('python'); 6 * 7")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "python\n42\n", "")
    assert kernel("exec", file, "1 / 0").returncode == 1
    code, found = asked("status", file)
    assert (code, found["kernels"][0]["implementation"], found["kernels"][0]["state"]) == (0, "ipython", "running")
    process = home.command("kernel", "exec", str(file), "print('begun', flush=True)\nimport time\nwhile True: time.sleep(0.01)")
    assert process.stdout.readline() == "begun\n"
    assert kernel("interrupt", file).returncode == 0
    process.communicate(timeout=30)
    assert process.returncode == 1, "the cell failed with KeyboardInterrupt"
    assert kernel("stop", file, "--force").returncode == 1
    assert asked("stop", file)[1]["kernels"][0]["result"] == "stopped"
