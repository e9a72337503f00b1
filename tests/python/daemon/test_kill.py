"""Killed at any moment: nothing that a kernel leaves stops the next one of its name."""

import fcntl
import json
import os
import signal
import socket
import time

import psutil
import pytest
from frontend import Frontend

from .home import Daemon

# Each is a kill and a start; the moments are left to chance.
KILLS = 100


def leftovers(home) -> set[str]:
    """What is there beside the files of a kernel that lives, in the places that all kernels share."""
    places = (home.registry, home.connection_file().parent)
    return {path.name for place in places if place.exists() for path in place.iterdir()}


class Truth:
    """What clients were told before each kill: no less may be found afterwards, and nothing else."""

    def __init__(self, home):
        self.home = home
        self.number = 0
        self.cells: list[tuple[str, str]] = []
        self.saved = {"nil"}
        """The values that the session on disk may hold: one, or two where the kill met the saving."""

    def run(self, client: Frontend) -> None:
        """A cell of whose end a client has heard, also from the journal."""
        self.number += 1
        cell = client.run(f"count = {self.number}\nprint('line {self.number}')\nreturn count")
        assert cell.plain == str(self.number)
        # What the journal itself has told of is on disk; what it has not may be on its way there.
        client.ask("perilune_journal_request", {}, "control")
        self.cells.append((cell.request.id, f"line {self.number}\n"))

    def check_session(self, client: Frontend) -> None:
        """What was restored is one session that was saved, and whole."""
        restored = client.run("return tostring(count)").plain.strip('"')
        assert restored in self.saved
        self.saved = {restored}

    def check_journal(self) -> None:
        """Each message that a client has seen is there, once, in order; and what was cut off has no gap."""
        ended = self.home.run("kernel", "attach", "default", "--no-follow", "--since", "start", "--json")
        # 3: that of a kernel that is not running.
        assert ended.returncode in (0, 3), ended.stderr
        messages = [json.loads(line) for line in ended.stdout.splitlines()]
        messages = [message for message in messages if message.get("event") == "message"]
        ids = [message["header"]["msg_id"] for message in messages]
        assert len(set(ids)) == len(ids)
        printed: dict[str, str] = {}
        for message in messages:
            # What a restored session could not hold is told of no request.
            if message["header"]["msg_type"] == "stream" and message["parent_header"]:
                parent = message["parent_header"]["msg_id"]
                printed[parent] = printed.get(parent, "") + message["content"]["text"]
        known = [(parent, text) for parent, text in printed.items() if not text.startswith("endless")]
        assert known == self.cells, (ended.returncode, ended.stdout[-2000:], ended.stderr[-2000:])
        for text in printed.values():
            if text.startswith("endless"):
                numbers = [line.split()[1] for line in text.splitlines()]
                assert numbers == [str(number) for number in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_after_a_hundred_kills_at_any_moment_the_next_start_goes_well(home, chance, transport):
    """And what clients had been told is in the journal, and the session is one that was saved."""
    arguments = ("kernel", "start", "--daemon", "--json", "--transport", transport, "--restore=if-saved")
    truth = Truth(home)
    for kill in range(KILLS // 2):
        moment = chance.choice(["starting", "serving", "running", "stopping"])
        process = home.command(*arguments)
        if moment == "starting":
            # A start takes some 30 ms; before, while and after all that it writes.
            time.sleep(chance.uniform(0, 0.05))
            for victim in home.processes():
                if victim.pid != process.pid:
                    end(victim)
            process.communicate(timeout=60)
            for victim in home.processes():
                end(victim)
            continue
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, (kill, moment, err)
        daemon = Daemon(home, "default", json.loads(out))
        client = daemon.connect()
        truth.check_session(client)
        if moment != "serving":
            truth.run(client)
        match moment:
            case "running":
                client.execute("for i = 1, 1e9 do print('endless ' .. i) perilune.sleep(0.0001) end")
                time.sleep(chance.uniform(0, 0.03))
            case "stopping":
                truth.saved.add(str(truth.number))
                daemon.signal(signal.SIGTERM)
                time.sleep(chance.uniform(0, 0.02))
        client.close()
        if psutil.pid_exists(daemon.pid):
            end(psutil.Process(daemon.pid))
        if home.pid_file().exists():
            with open(home.pid_file()) as file:
                # Its threads end one after another; the last of them gives the lock back.
                fcntl.flock(file, fcntl.LOCK_SH)
        truth.check_journal()

    ended = home.run(*arguments)
    assert ended.returncode == 0, ended.stderr
    daemon = Daemon(home, "default", json.loads(ended.stdout))
    truth.check_journal()
    client = daemon.connect()
    truth.check_session(client)
    client.close()
    daemon.terminate()
    left = {name for name in leftovers(home) if not name.startswith(".perilune-")}
    assert left == set(), "not even what a killed one left stays"


def end(process: psutil.Process) -> None:
    try:
        process.kill()
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.001)
    except psutil.NoSuchProcess:
        pass


def test_clients_of_a_killed_kernel_find_the_next_one_in_the_same_place(home, daemon):
    """The same ports and the same key, where they are free: a notebook connects again by itself."""
    first = daemon("own")
    before = first.connection
    client = first.connect()
    first.kill()
    second = daemon("own")
    assert second.connection == before
    client.close()
    assert second.run("return 1").plain == "1"


def test_ports_that_somebody_has_taken_meanwhile_are_left_to_them(home, daemon):
    first = daemon("own")
    before = first.connection
    first.kill()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", before["shell_port"]))
        other.listen()
        second = daemon("own")
        assert second.connection["shell_port"] != before["shell_port"]
        assert second.connection["key"] != before["key"]
        assert second.run("return 1").plain == "1"


def test_a_kernel_that_ended_well_leaves_nothing_to_take_over(home, daemon):
    first = daemon("own")
    before = first.connection
    first.terminate()
    assert daemon("own").connection["key"] != before["key"]


@pytest.mark.parametrize("left", ["garbage", "readable", "link", "fifo"])
def test_what_lies_in_the_place_of_the_connection_file_is_replaced_not_believed(home, daemon, left):
    first = daemon("own")
    before = first.connection
    file = home.connection_file("own")
    first.kill()
    match left:
        case "garbage":
            file.write_text("{")
        case "readable":
            file.chmod(0o644)
        case "link":
            file.rename(home.path / "elsewhere")
            file.symlink_to(home.path / "elsewhere")
        case "fifo":
            file.unlink()
            os.mkfifo(file)
    second = daemon("own")
    assert not file.is_symlink() and file.stat().st_mode & 0o777 == 0o600
    assert second.connection["key"] != before["key"]
    if left == "link":
        assert json.loads((home.path / "elsewhere").read_text()) == before


def test_sockets_and_files_of_another_place_are_cleared_away(home, daemon):
    first = daemon("own", "--transport", "ipc", environment={"JUPYTER_RUNTIME_DIR": str(home.path / "other")})
    assert len(list((home.path / "other").iterdir())) == 6
    first.kill()
    daemon("own")
    assert list((home.path / "other").iterdir()) == []
