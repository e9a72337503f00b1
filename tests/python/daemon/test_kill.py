"""Killed at any moment: nothing that a kernel leaves stops the next one of its name."""

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


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_after_a_hundred_kills_at_any_moment_the_next_start_goes_well(home, chance, transport):
    arguments = ("kernel", "start", "--daemon", "--json", "--transport", transport)
    client, number = None, 0
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
        if moment != "serving":
            client = Frontend(daemon.connection)
            number += 1
            assert client.run(f"return {number}").plain == str(number)
            if moment == "running":
                client.execute("for i = 1, 1e9 do print(i) end")
                time.sleep(chance.uniform(0, 0.02))
            else:
                daemon.signal(signal.SIGTERM)
                time.sleep(chance.uniform(0, 0.01))
            client.close()
        if psutil.pid_exists(daemon.pid):
            end(psutil.Process(daemon.pid))

    ended = home.run(*arguments)
    assert ended.returncode == 0, ended.stderr
    daemon = Daemon(home, "default", json.loads(ended.stdout))
    assert daemon.run("return 'well'").plain == '"well"'
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
