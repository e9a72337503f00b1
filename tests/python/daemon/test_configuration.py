"""Settings of kernels that run: read anew, applied together or not at all, and nothing lost by it."""

import json
import signal
import threading
import time
from pathlib import Path

import jsonschema
import pytest
from frontend import connection, write_connection_file

from .lives import until

SCHEMA = json.loads((Path(__file__).parents[2] / "schema/kernel-commands.json").read_text())


def settings(home, text: str) -> None:
    folder = home.path / "config/perilune"
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / "config.new"
    new.write_text(text)
    new.rename(folder / "config.toml")


def reload(home, name: str = "default") -> dict:
    """What `perilune kernel reload` tells of this kernel."""
    ended = home.run("kernel", "reload", name, "--json")
    document = json.loads(ended.stdout)
    jsonschema.validate(document, SCHEMA | {"$ref": "#/documents/reload"})
    return document["kernels"][0] | {"code": ended.returncode, "stderr": ended.stderr}


def wait_for(condition, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_can_be_changed_is_and_what_cannot_is_told(home, daemon):
    daemon()
    settings(home, "[history]\nentries = 5\n[kernel]\nmemory_limit = '1GiB'\n")
    told = reload(home)
    path = str(home.path / "config/perilune/config.toml")
    assert told["files"]["user"] == path
    assert told["changed"] == [
        {
            "setting": "kernel.memory_limit",
            "old": None,
            "new": "1GiB",
            "origin": f"{path}:4",
            "applied": False,
            "note": "it takes effect when the kernel is started anew",
        },
        {
            "setting": "history.entries",
            "old": 100000,
            "new": 5,
            "origin": f"{path}:2",
            "applied": True,
            "note": None,
        },
    ]
    # What waits for a new start is told each time, what has been applied is not.
    assert [it["setting"] for it in reload(home)["changed"]] == ["kernel.memory_limit"]


def test_the_history_keeps_what_the_reload_says(home, daemon):
    def inputs() -> list:
        listed = home.run("history", "--json", "--all")
        return [it["input"] for it in json.loads(listed.stdout)["entries"]]

    kernel = daemon()
    for number in range(8):
        kernel.run(f"x = {number}")
    # What is written later than the reload is looked at with the next entries, not with the first.
    wait_for(lambda: len(inputs()) == 8)
    settings(home, "history.entries = 3\n")
    assert reload(home)["changed"][0]["applied"]
    kernel.run("x = 'the last'")
    wait_for(lambda: inputs() == ["x = 6", "x = 7", "x = 'the last'"])


def test_a_signal_does_the_same_and_the_log_tells_it(home, daemon):
    kernel = daemon()
    settings(home, "[history]\nentries = 5\n")
    kernel.signal(signal.SIGUSR1)
    wait_for(lambda: "a setting has changed" in kernel.log)
    line = next(line for line in kernel.log.splitlines() if "a setting has changed" in line)
    assert "setting=history.entries" in line and "old=100000" in line and "new=5" in line


@pytest.mark.parametrize("by", ["command", "signal"])
def test_if_anything_is_wrong_all_stays_as_it_was(home, daemon, by):
    kernel = daemon()
    settings(home, "[history]\nentries = 5\ndays = 'soon'\n[logs]\n")
    if by == "command":
        told = reload(home)
        assert (told["code"], told["result"]) == (1, "failed")
        reason = told["reason"]
    else:
        kernel.signal(signal.SIGUSR1)
        wait_for(lambda: "refused: what is set is not valid" in kernel.log)
        reason = kernel.log
    assert "config.toml:3:8: history.days: expected a whole number" in reason
    assert "there is no section [logs]; did you mean [log]?" in reason
    assert kernel.run("return 1 + 1").plain == "2"

    settings(home, "[history]\nentries = 5\n")
    changed = reload(home)["changed"]
    assert [(it["setting"], it["old"]) for it in changed] == [("history.entries", 100000)]


def test_what_the_kernel_was_started_with_stays_above_the_files(home, daemon):
    daemon("default", "--history-entries", "7", environment={"PERILUNE_HISTORY_DAYS": "9"})
    settings(home, "[history]\nentries = 5\ndays = 4\n")
    told = reload(home)
    assert told["changed"] == []
    assert told["fixed"] == {"history.entries": "--history-entries", "history.days": "environment PERILUNE_HISTORY_DAYS"}


def test_the_project_is_that_of_the_folder_where_the_kernel_was_started(home, daemon):
    project = home.work / "project"
    project.mkdir()
    (project / "perilune.toml").write_text("kernel.memory_limit = '64MiB'\n")
    kernel = daemon("default", cwd=project)
    assert kernel.run("return #string.rep('x', 1e8)").error["evalue"].startswith("not enough memory")
    (project / "perilune.toml").write_text("kernel.memory_limit = '32MiB'\n")
    (change,) = reload(home)["changed"]
    assert (change["old"], change["new"]) == ("64MiB", "32MiB")
    (project / "perilune.toml").write_text("kernel.ip = '0.0.0.0'\n")
    assert "a project may not set this" in reload(home)["reason"]


def test_nothing_is_lost_by_a_hundred_reloads_while_messages_flow(home, daemon):
    kernel = daemon()
    reloading, printing = kernel.connect(), kernel.connect()
    stop = home.work / "stop"
    request = printing.execute(
        f"""
        local sleep, number = require("perilune").sleep, 0
        repeat
            for _ = 1, 100 do number = number + 1 print(number) end
            sleep(0.005)
        until io.open("{stop}")
        """
    )
    printing.printed(request, "1\n")
    for round in range(100):
        settings(home, f"history.entries = {1000 + round}\n")
        if round % 2:
            asked = reloading.send("perilune_reload_request", {}, "control")
            answer = reloading.reply(asked).content
            assert answer["status"] == "ok", answer
            assert answer["changed"][0]["new"] == 1000 + round
        else:
            kernel.signal(signal.SIGUSR1)
            wait_for(lambda: f"new={1000 + round} " in kernel.log)
    assert not printing.answered(request), "the cell runs all the while"
    stop.touch()
    lines = printing.settle(request, 60).succeeded().text().splitlines()
    assert len(lines) >= 1000 and lines == [str(number) for number in range(1, len(lines) + 1)]
    reloading.close()
    printing.close()


def test_reloads_at_once_are_each_answered(home, daemon):
    daemon()
    settings(home, "history.entries = 5\n")
    told = []
    threads = [threading.Thread(target=lambda: told.append(reload(home))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [it["code"] for it in told] == [0] * 8
    assert sum(len(it["changed"]) for it in told) == 1, "one of them changed it"


def test_a_file_that_is_being_written_over_and_over_is_read_whole_or_not_at_all(home, daemon):
    daemon()
    ended = threading.Event()

    def write() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            home.run("config", "set", "history.entries", str(100 + number % 50))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(30):
            told = reload(home)
            assert told["code"] == 0, told
    finally:
        ended.set()
        writer.join()


def test_a_kernel_of_jupyter_says_why_it_does_not_start(home):
    settings(home, "[log]\nlevle = 'debug'\n")
    file = home.work / "kernel.json"
    write_connection_file(file, connection())
    ended = home.run("kernel", "start", "-f", file)
    assert ended.returncode == 1
    assert "config.toml:2:1: log.levle: there is no such setting; did you mean log.level?" in ended.stderr

    ended = home.run("kernel", "start", "--daemon")
    assert ended.returncode == 1 and "did you mean log.level?" in ended.stderr, "before it leaves the terminal"
    until(lambda: not home.processes(), "end of the daemon")


def test_the_level_of_the_log_follows_a_reload(home, daemon):
    kernel = daemon()
    kernel.run("return 1")
    assert "DEBUG" not in kernel.log
    settings(home, "log.level = 'debug'\n")
    assert reload(home)["changed"][0]["applied"]
    kernel.run("return 1")
    wait_for(lambda: " DEBUG " in kernel.log)
    settings(home, "")
    (change,) = reload(home)["changed"]
    assert (change["old"], change["new"]) == ("debug", None)


def test_the_bounds_of_the_journal_follow_a_reload(home, daemon):
    kernel = daemon()
    client = kernel.connect()
    settings(home, "journal.max_size = '1MiB'\n")
    assert reload(home)["changed"][0]["applied"]
    client.run("for _ = 1, 40 do print(string.rep('x', 100000)) end").succeeded()
    client.close()
    journal = home.folder() / "journal"

    def size() -> int:
        return sum(file.stat().st_size for file in journal.iterdir() if file.is_file())

    wait_for(lambda: 0 < size() <= 1.2 * 2**20)


def test_the_time_to_end_follows_a_reload(home, daemon):
    kernel = daemon()
    settings(home, "shutdown.drain = '30s'\n")
    assert reload(home)["changed"][0]["applied"]
    client = kernel.connect()
    request = client.execute("print('begun') require('perilune').sleep(1) print('done')")
    client.printed(request, "begun")
    kernel.signal(signal.SIGTERM)
    exchange = client.settle(request)
    assert exchange.succeeded().text() == "begun\ndone\n", "without a reload it is interrupted at once"
    assert kernel.is_gone()
    client.close()
