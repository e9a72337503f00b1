"""What `perilune kernel start --daemon` does, and what it says when it cannot."""

import json
import socket
import stat
import subprocess
import time
import uuid

from frontend import Frontend, connection, write_connection_file


def test_the_start_returns_when_the_kernel_answers_and_tells_how_to_reach_it(home):
    ended = home.run("kernel", "start", "--daemon", "--name", "sums", "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    about = json.loads(ended.stdout)
    assert (about["schema_version"], about["status"], about["name"]) == (1, "started", "sums")
    assert uuid.UUID(about["id"]) and about["pid"] in [process.pid for process in home.processes()]
    assert about["connection_file"] == str(home.connection_file("sums"))
    assert about == {"status": "started"} | home.record("sums"), "it says what it has written down of itself"

    client = Frontend(json.loads(home.connection_file("sums").read_text()))
    assert client.run("return 6 * 7").plain == "42"
    client.close()


def test_the_same_in_words(home):
    ended = home.run("kernel", "start", "--daemon")
    record = home.record("default")
    assert ended.returncode == 0 and ended.stdout.splitlines() == [
        "The kernel default is ready.",
        f"  process          {record['pid']}",
        f"  id               {record['id']}",
        f"  connection file  {record['connection_file']}",
        f"  log              {record['log']}",
    ]


def test_what_it_leaves_is_for_its_owner_alone(home, daemon):
    daemon("own")
    files = [path for path in home.state.rglob("*") if path.is_file()] + [home.connection_file("own")]
    assert {path.name for path in files} >= {"own.pid", "own.json", "kernel.log", "kernel-perilune-own.json"}
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    for folder in (home.state, home.registry, home.folder("own")):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


def test_a_pipeline_ends_with_the_start_not_with_the_kernel(home):
    script = '"$PERILUNE" kernel start --daemon | cat; echo ended'
    ended = subprocess.run(
        ["sh", "-c", script],
        env=home.environment | {"PERILUNE": str(home.binary)},
        cwd=home.work,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ended.stdout.endswith("\nended\n") and "is ready" in ended.stdout
    assert home.run("kernel", "start", "--daemon").returncode == 5, "the kernel lives on"
