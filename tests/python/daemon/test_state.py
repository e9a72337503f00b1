"""A session outlives its kernel: it is saved, restored, and never half of either."""

import json
import stat
import subprocess
import time
from pathlib import Path

import pytest

from .home import Daemon
from .lives import until

# What a user's session may look like: values, identities, functions with their own variables.
SESSION = """
local count = 0
function tick() count = count + 1; return count end
Point = {}; Point.__index = Point
function Point:length() return (self.x ^ 2 + self.y ^ 2) ^ 0.5 end
p = setmetatable({x = 3, y = 4}, Point)
ring = {name = 'ring'}; ring.next = {next = ring}
function string.shout(s) return s:upper() .. '!' end
words = {'a', 'b', nil, 'd', [2.5] = 1 / 0}
tick()
"""
CHECK = """
print(tick(), count, p:length(), getmetatable(p) == Point, ring.next.next == ring,
  ('hey'):shout(), words[4], words[2.5] == math.huge)
"""
EXPECTED = "{0}\t{0}\t5.0\ttrue\ttrue\tHEY!\td\ttrue\n"


def save(kernel) -> dict:
    client = kernel.connect()
    try:
        return client.ask("perilune_save_request", {}, channel="control").content
    finally:
        client.close()


def state_of(kernel):
    return kernel.home.folder(kernel.name) / "state"


def test_a_session_goes_on_in_the_next_kernel(daemon):
    first = daemon("lab")
    first.run(SESSION).succeeded()
    first.terminate()
    assert stat.S_IMODE(state_of(first).stat().st_mode) == 0o600

    second = daemon("lab", "--restore")
    checked = second.run(CHECK).succeeded()
    assert checked.text() == EXPECTED.format(2)
    # Cells are counted on, so that errors name each cell by a name of its own.
    assert checked.content["execution_count"] == 2
    second.terminate()

    third = daemon("lab", "--restore")
    assert third.run(CHECK).text() == EXPECTED.format(3)


def test_a_shutdown_request_saves_as_a_signal_does(daemon):
    kernel = daemon("lab")
    kernel.run("x = 'kept'").succeeded()
    client = kernel.connect()
    reply = client.ask("shutdown_request", {"restart": False}, channel="control")
    assert reply.content["status"] == "ok"
    client.close()
    assert kernel.is_gone()
    assert daemon("lab", "--restore").run("x").plain == '"kept"'


def test_a_running_cell_is_interrupted_and_the_rest_is_saved(daemon):
    kernel = daemon("lab")
    kernel.run("local seen = 0; function read() return seen end").succeeded()
    client = kernel.connect()
    busy = client.execute("print('on'); while true do seen = seen + 1 end")
    client.printed(busy, "on\n")
    kernel.terminate()
    client.close()
    assert daemon("lab", "--restore").run("print(read() > 0)").text() == "true\n"


def test_it_can_be_saved_at_any_time_and_survives_a_kill(daemon):
    kernel = daemon("lab")
    kernel.run(SESSION).succeeded()
    reply = save(kernel)
    assert reply["status"] == "ok"
    assert reply["file"] == str(state_of(kernel))
    assert reply["bytes"] == state_of(kernel).stat().st_size
    # tick, count, Point, p, ring and words.
    assert reply["variables"] == 6
    assert reply["losses"] == [] and reply["losses_total"] == 0
    kernel.run("x = 'after the save'").succeeded()
    kernel.kill()
    again = daemon("lab", "--restore")
    assert again.run(CHECK).text() == EXPECTED.format(2)
    assert again.run("x").plain == "nil"


def test_what_cannot_be_saved_is_told_when_it_is_saved_and_when_it_is_restored(daemon):
    kernel = daemon("lab")
    kernel.run("model = {file = io.tmpfile(), weights = {1, 2}}").succeeded()
    kernel.run("worker = coroutine.create(function() end)").succeeded()
    losses = [{"path": "model.file", "what": "a file"}, {"path": "worker", "what": "a coroutine"}]
    reply = save(kernel)
    assert sorted(reply["losses"], key=lambda loss: loss["path"]) == losses
    kernel.terminate()
    assert "model.file" in kernel.log and "worker" in kernel.log

    second = daemon("lab", "--restore")
    assert second.run("#model.weights, model.file, worker").plain == "2, nil, nil"
    for told in ("Restored 1 variable, saved ", "Could not be saved:", "model.file: a file"):
        assert told in second.log, second.log
    assert "\\n" not in second.log


def test_without_restore_a_kernel_begins_empty_and_the_session_before_is_kept(daemon, home):
    first = daemon("lab")
    first.run("x = 'first'").succeeded()
    first.terminate()
    # One in which nothing ran has nothing to save, and leaves what is there.
    daemon("lab").terminate()
    assert not state_of(first).with_suffix(".old").exists()

    second = daemon("lab")
    assert second.run("x").plain == "nil"
    second.run("x = 'second'").succeeded()
    second.terminate()
    old = state_of(first).with_suffix(".old")
    assert old.exists()
    assert daemon("lab", "--restore").run("x").plain == '"second"'


@pytest.mark.parametrize("damage", ["missing", "torn", "flipped", "foreign format", "open", "link"])
def test_what_may_not_be_restored_keeps_the_kernel_from_starting_or_starts_it_empty(daemon, home, damage):
    first = daemon("lab")
    first.run("x = 'kept'").succeeded()
    first.terminate()
    path = state_of(first)
    whole = path.read_bytes()
    match damage:
        case "missing":
            path.unlink()
        case "torn":
            path.write_bytes(whole[: len(whole) // 2])
        case "flipped":
            path.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
        case "foreign format":
            path.write_bytes(whole.replace(b"perilune state 1", b"perilune state 9", 1))
        case "open":
            path.chmod(0o620)
        case "link":
            path.rename(path.with_name("elsewhere"))
            path.symlink_to("elsewhere")

    refused = home.run("kernel", "start", "--daemon", "--name", "lab", "--restore")
    assert refused.returncode == 1, refused
    assert str(path) in refused.stderr, refused.stderr
    assert refused.stderr.endswith("; --restore=if-saved begins without it\n")

    fresh = daemon("lab", "--restore=if-saved")
    assert fresh.run("x").plain == "nil"
    if damage != "missing":
        assert "begins without its state" in fresh.log
    # What could not be restored may be worth mending: it is not written over.
    present = path.exists() and path.read_bytes()
    fresh.terminate()
    if damage not in ("missing", "link"):
        assert path.with_suffix(".old").read_bytes() == present
    assert daemon("lab", "--restore").run("1").plain == "1"


def test_a_kernel_saves_only_where_it_is_wanted(daemon, home):
    kernel = daemon("lab", "--save=false")
    kernel.run("x = 1").succeeded()
    kernel.terminate()
    assert not state_of(kernel).exists()

    kernel = daemon("lab", "--set", "state.save=false")
    kernel.run("x = 1").succeeded()
    save(kernel)
    kernel.run("x = 2").succeeded()
    kernel.terminate()
    assert daemon("lab", "--restore").run("x").plain == "1"

    refused = home.run("kernel", "start", "--restore", "-f", str(home.path / "file.json"))
    assert refused.returncode == 1 and "--name" in refused.stderr


def test_a_kernel_that_jupyter_launched_has_no_place_for_a_state(start, connect):
    reply = connect(start()).ask("perilune_save_request", {}, channel="control").content
    assert reply["status"] == "error"
    assert "name" in reply["evalue"]


def test_saving_waits_for_the_cell_that_runs_and_an_interrupt_stops_it(daemon):
    kernel = daemon("lab")
    client = kernel.connect()
    busy = client.execute("print('on') perilune.sleep(0.3); x = 'done'")
    client.printed(busy, "on\n")
    assert save(kernel)["variables"] == 1
    client.settle(busy).succeeded()

    client.run("t = {} for i = 1, 3e6 do t[i] = {i} end").succeeded()
    before = state_of(kernel).read_bytes()
    request = client.send("perilune_save_request", {}, channel="control")
    until(state_of(kernel).with_suffix(".new").exists, "a file that is being written")
    client.ask("interrupt_request", {}, channel="control")
    reply = client.settle(request).content
    assert reply["status"] == "error" and "stopped" in reply["evalue"]
    client.close()
    assert state_of(kernel).read_bytes() == before
    assert [path.name for path in kernel.home.folder("lab").glob("state*")] == ["state"]


def test_a_full_disk_leaves_the_state_that_is_there(daemon, home):
    disk = home.folder("lab")
    disk.mkdir(parents=True)
    # A disk of the kernel's own, which nobody else sees but through the kernel.
    script = 'mount -t tmpfs -o size=1m,mode=700 tmpfs "$1" && shift && exec "$@"'
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", disk, home.binary]
    start = ["kernel", "start", "--daemon", "--name", "lab", "--json"]
    started = subprocess.run([*command, *start], env=home.environment, capture_output=True, text=True, timeout=60)
    assert started.returncode == 0, started.stderr
    kernel = Daemon(home, "lab", json.loads(started.stdout))
    state = Path(f"/proc/{kernel.pid}/root{disk}/state")

    kernel.run("x = 'kept'").succeeded()
    assert save(kernel)["status"] == "ok"
    before = state.read_bytes()
    kernel.run("big = {} for i = 1, 1e5 do big[i] = {i} end").succeeded()
    reply = save(kernel)
    assert reply["status"] == "error" and "No space left" in reply["evalue"], reply
    assert state.read_bytes() == before
    assert not state.with_suffix(".new").exists()
    assert kernel.run("big = nil; return x").plain == '"kept"'
    assert save(kernel)["status"] == "ok"


def test_a_kill_while_it_is_saved_leaves_the_old_state_or_the_new_one(daemon, chance):
    kernel = daemon("lab")
    kernel.run("generation = 0; filler = {} for i = 1, 4000 do filler[i] = {i} end").succeeded()
    usual = save(kernel)["seconds"]
    found = []
    for generation in range(1, 9):
        client = kernel.connect()
        client.run(f"generation = {generation}").succeeded()
        request = client.send("perilune_save_request", {}, channel="control")
        # At any moment of it, before it and behind it.
        until = time.monotonic() + chance.uniform(0, 1.2 * usual)
        client.wait(lambda: time.monotonic() > until or client.answered(request), "the moment to kill")
        kernel.kill()
        client.close()
        kernel = daemon("lab", "--restore")
        restored = int(kernel.run("assert(#filler == 4000) return generation").plain)
        found.append(generation - restored)
        assert restored in (generation - 1, generation)
        kernel.run(f"generation = {generation}").succeeded()
        assert save(kernel)["status"] == "ok"
        assert not state_of(kernel).with_suffix(".new").exists()
    print("saved in time:", found.count(0), "of", len(found))


def test_kernel_save_says_what_it_saved_and_what_not(daemon, home):
    kernel = daemon("lab")
    kernel.run("x = 1; model = {file = io.tmpfile()}").succeeded()
    saved = home.run("kernel", "save", "lab")
    assert saved.returncode == 0
    assert saved.stdout.startswith(f"Saved 2 variables of lab to {state_of(kernel)} (")
    assert "lab could not save:\n  model.file: a file\n" in saved.stderr

    document = json.loads(home.run("kernel", "save", "--json").stdout)
    assert document["schema_version"] == 1
    (told,) = document["kernels"]
    assert told["result"] == "saved" and told["name"] == "lab" and told["variables"] == 2
    assert told["losses"] == [{"path": "model.file", "what": "a file"}]

    left = home.run("kernel", "exec", "lab", "--detach", "while true do end")
    assert left.returncode == 0
    busy = home.run("kernel", "save", "lab", "--timeout", "0.5")
    assert busy.returncode == 4 and "`perilune kernel interrupt lab`" in busy.stderr
    assert home.run("kernel", "interrupt", "lab").returncode == 0

    kernel.terminate()
    gone = home.run("kernel", "save", "lab")
    assert gone.returncode == 3, gone


def test_a_restart_begins_empty_or_goes_on(daemon, home):
    kernel = daemon("lab", "--save=false")
    kernel.run("x = 1").succeeded()
    restarted = home.run("kernel", "restart", "lab", "--restore")
    assert restarted.returncode == 0, restarted.stderr
    client = Daemon(home, "lab", home.record("lab"))
    assert client.pid != kernel.pid
    assert client.run("x").plain == "1"
    # It is no habit: the next one begins as the first did.
    restarted = home.run("kernel", "restart", "lab", "--restore=never")
    assert restarted.returncode == 0, restarted.stderr
    client = Daemon(home, "lab", home.record("lab"))
    assert client.run("x").plain == "nil"


def test_a_kernel_that_cannot_save_is_not_restarted(daemon, home):
    kernel = daemon("lab")
    client = kernel.connect()
    busy = client.execute("print('on') while true do end")
    client.printed(busy, "on\n")
    restarted = home.run("kernel", "restart", "lab", "--restore", "--timeout", "0.5")
    assert restarted.returncode != 0 and "was not restarted" in restarted.stderr, restarted
    assert home.record("lab")["pid"] == kernel.pid
    client.ask("interrupt_request", {}, channel="control")
    client.settle(busy).failed()
    client.close()


def test_modules_of_c_are_required_again(daemon, home):
    kernel = daemon("lab")
    kernel.run("cjson = require 'cjson'; decode = cjson.decode; local lpeg = require 'lpeg'").succeeded()
    kernel.run("socket = require 'socket'; digits = lpeg.R('09') ^ 1").succeeded()
    assert save(kernel)["losses"] == [{"path": "digits", "what": "a lpeg-pattern"}]
    kernel.terminate()
    cell = daemon("lab", "--restore").run(
        "print(decode('[7]')[1], decode == cjson.decode, cjson == require 'cjson', socket.gettime() > 0)\n"
        "print(lpeg.match(lpeg.R('09') ^ 1, '2026 AD'))"
    )
    assert cell.succeeded().text() == "7.0\ttrue\ttrue\ttrue\n5\n"


def test_a_module_that_is_gone_is_told_and_the_rest_is_restored(daemon, home):
    kernel = daemon("lab")
    kernel.run("cjson = require 'cjson'; x = 1").succeeded()
    kernel.terminate()
    again = daemon("lab", "--restore", environment={"LUA_CPATH": "/nowhere/?.so"})
    assert again.run("x, cjson").plain == "1, nil"
    assert "Could not be restored:" in again.log and "require('cjson')" in again.log
