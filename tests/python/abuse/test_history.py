"""A history that many write, and one that cannot be written."""

import json
import os
import sqlite3
import subprocess
import time

import pytest

from .raw import is_served


def entries(client, **options) -> list:
    content = {"raw": True, "output": False, "hist_access_type": "tail"} | options
    return client.ask("history_request", content).content["history"]


def warnings(kernel) -> list[str]:
    return [line for line in kernel.log.read_text().splitlines() if "WARN" in line and "histor" in line]


def listed(perilune, path) -> list[dict]:
    """What the command line finds in a history."""
    listing = [perilune, "history", "--all", "--json"]
    outcome = subprocess.run(listing, capture_output=True, text=True, check=True, env=os.environ | {"PERILUNE_HISTORY": str(path)})
    return json.loads(outcome.stdout)["entries"]


def test_twenty_kernels_write_at_once_and_nothing_is_lost(start, connect, perilune, tmp_path):
    path = tmp_path / "history.sqlite"
    kernels = [start(environment={"PERILUNE_HISTORY": str(path)}) for _ in range(20)]
    clients = [connect(kernel) for kernel in kernels]
    for client in clients:
        client.ask("kernel_info_request")
    cells = 25
    sent = [
        (client, client.execute(f"return {number}, {line}"))
        for line in range(1, cells + 1)
        for number, client in enumerate(clients)
    ]
    for client, request in sent:
        client.settle(request)
    for client in clients:
        client.ask("shutdown_request", {"restart": False}, "control")
    assert [kernel.wait(10) for kernel in kernels] == [0] * 20
    assert [warnings(kernel) for kernel in kernels] == [[]] * 20
    found = listed(perilune, path)
    sessions = {}
    for entry in found:
        assert entry["input"] == f"return {entry['output'].replace(chr(9), ', ')}", "no entry is another's"
        sessions.setdefault(entry["session"], []).append(entry["line"])
    assert list(map(list, sessions.values())) == [list(range(1, cells + 1))] * 20


@pytest.mark.parametrize("round", range(3))
def test_what_was_answered_survives_a_kill_in_the_middle_of_others(start, connect, perilune, tmp_path, chance, round):
    path = tmp_path / "history.sqlite"
    shared = {"environment": {"PERILUNE_HISTORY": str(path)}}
    victim, witness = start(**shared), start(**shared)
    client, other = connect(victim), connect(witness)
    known = 0
    for line in range(1, chance.randrange(20, 60)):
        client.run(f"return 'v', {line}, ('x'):rep({chance.randrange(3000)})")
        other.execute(f"return 'w', {line}")
        if chance.random() < 0.2:
            # The history has answered, so what was run before is written.
            assert entries(client, hist_access_type="range", session=0)[-1][1] == line
            known = line
    for _ in range(20):
        client.execute("return 'v', 'never answered'")
    victim.process.kill()
    victim.process.wait()
    assert entries(other)
    is_served(other)
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    lines = [entry["line"] for entry in listed(perilune, path) if entry["input"].startswith("return 'v'")]
    assert lines == list(range(1, len(lines) + 1)) and len(lines) >= known


def test_a_history_that_stays_locked_holds_up_no_cell(start, connect, perilune):
    kernel = start()
    client = connect(kernel)
    client.run("before = 1")
    assert len(entries(client)) == 1
    lock = sqlite3.connect(kernel.history, isolation_level=None)
    times = []
    for first in range(0, 20, 4):
        lock.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        client.run(f"x = {first}")
        times.append(time.monotonic() - began)
        for number in range(first + 1, first + 4):
            client.run(f"x = {number}")
        lock.execute("ROLLBACK")
        assert len(entries(client, n=100)) == first + 5
    lock.close()
    # The lock is tried for two seconds: who waits for it takes them each time, a busy machine does not.
    assert min(times) < 1.5, "every cell has waited for the lock"
    client.ask("shutdown_request", {"restart": False}, "control")
    assert kernel.wait(10) == 0
    assert [entry["input"] for entry in listed(perilune, kernel.history)] == ["before = 1", *(f"x = {n}" for n in range(20))]


def spoil(path, how: str):
    """Puts something there that cannot be the history."""
    if how == "damaged":
        path.write_bytes(b"a letter to a friend" * 100)
    elif how == "empty pages":
        path.write_bytes(b"SQLite format 3\0" + bytes(8176))
    elif how == "newer":
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA application_id = 1348825705")
            database.execute("PRAGMA user_version = 99")
    elif how == "another's":
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE history (source TEXT)")
    elif how == "folder":
        path.mkdir()
    elif how == "pipe":
        os.mkfifo(path)


@pytest.mark.parametrize("how", ["damaged", "empty pages", "newer", "another's", "folder", "pipe"])
def test_a_kernel_works_on_without_a_history_it_can_use_and_says_so_once(start, connect, how, tmp_path):
    path = tmp_path / "history.sqlite"
    spoil(path, how)
    before = path.read_bytes() if path.is_file() else None
    kernel = start(environment={"PERILUNE_HISTORY": str(path)})
    client = connect(kernel)
    for number in range(1, 6):
        assert client.run(f"return {number}").plain == str(number)
        assert [line for _, line, _ in entries(client)] == list(range(1, number + 1))
    assert len(warnings(kernel)) == 1, kernel.log.read_text()
    assert str(path) in warnings(kernel)[0]
    if before is not None:
        assert path.read_bytes() == before, "what is not ours stays as it is"


def test_a_history_whose_folder_cannot_be_made_is_remembered_all_the_same(start, connect, tmp_path):
    (tmp_path / "file").write_text("in the way")
    kernel = start(environment={"PERILUNE_HISTORY": str(tmp_path / "file/history.sqlite")})
    client = connect(kernel)
    client.run("a = 1")
    client.run("b = 2")
    assert [code for *_, code in entries(client)] == ["a = 1", "b = 2"]
    assert len(warnings(kernel)) == 1, kernel.log.read_text()


def mounted(options: str, folder) -> list[str]:
    """Runs a command where a file system of its own is mounted on that folder."""
    script = f'mount -t tmpfs {options} tmpfs "$1" && shift && exec "$@"'
    return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(folder)]


@pytest.mark.parametrize("options", ["-o size=48k", "-o ro"], ids=["full", "read-only"])
def test_a_disk_that_takes_nothing_more_holds_up_nothing(start, connect, options, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    kernel = start(environment={"PERILUNE_HISTORY": str(disk / "history.sqlite")}, prefix=mounted(options, disk))
    client = connect(kernel)
    for number in range(1, 31):
        client.run(f"local {'x' * 4000} = {number}")
    assert [line for _, line, _ in entries(client)] == list(range(1, 31))
    assert len(warnings(kernel)) == 1, kernel.log.read_text()


def test_hostile_questions_to_the_history_are_answered(client):
    client.run("a = '" + "a" * 100_000 + "'")
    for options in [
        {"hist_access_type": "search", "pattern": "*a" * 10_000 + "b"},
        {"hist_access_type": "search", "pattern": "[" * 1000},
        {"hist_access_type": "search", "pattern": "a" * 100_000},
        {"hist_access_type": "search", "pattern": "'; DROP TABLE entry; --"},
        {"hist_access_type": "search", "pattern": "\0*"},
        {"hist_access_type": "range", "session": -(2**63), "start": -(2**63), "stop": 2**63 - 1},
        {"hist_access_type": "range", "session": 2**63 - 1},
        {"hist_access_type": "tail", "n": 2**63},
    ]:
        entries(client, **options)
    assert len(entries(client, n=1)) == 1
    is_served(client)
