"""How kernels are stopped and started again, and what is cleared away behind them."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from frontend import connection, write_connection_file


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


def test_a_kernel_that_is_not_ours_and_does_not_answer_is_left_alone(home, daemon, kernel, tmp_path):
    stuck = daemon("stuck")
    # A connection file of which no record knows: whose process it is, is not known either.
    copy = tmp_path / "copy.json"
    copy.write_text(json.dumps(stuck.connection))
    stuck.signal(signal.SIGSTOP)
    assert kernel("stop", str(copy), "--timeout", "0.5").returncode == 4
    ended = kernel("stop", str(copy), "--force")
    assert ended.returncode == 1 and "cannot be forced to end" in ended.stderr
    stuck.signal(signal.SIGCONT)
    assert kernel("status", "stuck").returncode == 0


def test_force_kills_at_once_and_clears_away_what_is_left(home, daemon, asked):
    stuck = daemon("stuck")
    stuck.signal(signal.SIGSTOP)
    began = time.monotonic()
    code, found = asked("stop", "stuck", "--force")
    assert (code, found["kernels"][0]["result"]) == (0, "killed") and time.monotonic() - began < 5
    assert stuck.is_gone()
    assert not home.pid_file("stuck").exists() and not home.connection_file("stuck").exists()


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


def test_a_restart_that_takes_too_long_is_ended_and_said_so(home, daemon, asked, kernel):
    daemon("slow", "--timeout", "61")
    record = home.registry / "slow.json"
    record.write_text(record.read_text().replace('"61"', '"0.001"'))
    ended = kernel("restart", "slow")
    assert (ended.returncode, ended.stdout) == (124, "")
    assert "slow was not ready within 0.001 s, and was ended" in ended.stderr
    assert kernel("status", "slow").returncode == 3
    daemon("slow")


def test_a_kernel_in_the_foreground_is_restarted_by_whoever_started_it(home, asked, kernel):
    process = home.command("kernel", "start", "--foreground", "--name", "front")
    assert kernel("wait", "front", "--for", "ready", "--timeout", "60").returncode == 0
    ended = kernel("restart", "front")
    assert ended.returncode == 1 and "whoever started it must restart it" in ended.stderr
    assert kernel("stop", "front").returncode == 0
    assert process.wait(30) == 0


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
    file = tmp_path / "kernel-theirs.json"
    write_connection_file(file, connection())
    process = home.command("kernel", "start", "-f", str(file))
    assert kernel("wait", str(file), "--for", "ready", "--timeout", "60").returncode == 0
    process.kill()
    process.wait()
    assert kernel("prune").returncode == 0
    assert file.exists() and not list(home.registry.glob("*.pid"))
