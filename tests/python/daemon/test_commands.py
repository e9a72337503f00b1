"""How a kernel is found and asked: each command with its exit codes and its JSON document."""

import json
import os
import signal
import time
from pathlib import Path

from .commands import FOREVER, document


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
    assert ended.returncode == 2
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
    reason = found["kernels"][0]["reason"]
    assert "did not answer for 0.5 s" in reason
    assert reason.endswith(f"its process {stuck.pid} is stopped by a signal, and `kill -CONT {stuck.pid}` lets it go on")
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
    for command in ("status", "interrupt", "stop", "wait"):
        assert kernel(command, str(wrong)).returncode == 4, command


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
