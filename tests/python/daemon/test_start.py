"""What `perilune kernel start --daemon` does, and what it says when it cannot."""

import json
import shutil
import signal
import socket
import stat
import subprocess
import time
import uuid

import pytest
from frontend import Frontend, connection, write_connection_file

from .lives import until


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


def fails(home, *arguments, code: int = 1, **options) -> str:
    """The start fails, in words for a person, and leaves no process and no name behind."""
    began = time.monotonic()
    ended = home.run("kernel", "start", "--daemon", *arguments, **options)
    assert (ended.returncode, ended.stdout) == (code, ""), ended
    assert time.monotonic() - began < 15
    assert ended.stderr.startswith(("perilune: ", "error: ")) and "panicked" not in ended.stderr, ended.stderr
    assert "Error {" not in ended.stderr and ended.stderr.count("os error") <= 1, ended.stderr
    # It is told before the daemon's process has ended altogether.
    until(lambda: not home.processes(), "end of the daemon")
    assert not home.pid_file().exists() and not (home.registry / "default.json").exists()
    return ended.stderr


def test_a_connection_file_of_ones_own_is_served_and_stays(home, daemon):
    fields = connection()
    write_connection_file(home.work / "mine.json", fields)
    kernel = daemon("own", "--connection-file", "mine.json")
    assert kernel.about["connection_file"] == str(home.work / "mine.json")
    assert kernel.run("return 1").plain == "1"
    kernel.terminate()
    assert json.loads((home.work / "mine.json").read_text()) == fields


def test_what_it_wrote_goes_with_it(home, daemon):
    kernel = daemon("own", "--transport", "ipc")
    assert kernel.run("return 1").plain == "1"
    assert len(list(home.connection_file().parent.iterdir())) == 6
    kernel.terminate()
    assert list(home.connection_file().parent.iterdir()) == []
    assert list(home.registry.iterdir()) == []


def test_a_port_that_is_taken_is_named(home):
    fields = connection()
    write_connection_file(home.work / "mine.json", fields)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", fields["control_port"]))
        other.listen()
        error = fails(home, "-f", "mine.json")
    assert f"tcp://127.0.0.1:{fields['control_port']}: it is in use" in error


@pytest.mark.parametrize("text", ["", "{", "[]", '{"ip": "nowhere"}'])
def test_a_connection_file_that_is_none_is_named(home, text):
    (home.work / "mine.json").write_text(text)
    assert f"reading {home.work}/mine.json: " in fails(home, "-f", "mine.json")
    assert (home.work / "mine.json").read_text() == text


def test_a_connection_file_that_cannot_be_read_or_written_is_named(home):
    (home.work / "folder").mkdir()
    assert "folder" in fails(home, "-f", "folder")
    (home.work / "file").touch()
    assert "file/mine.json" in fails(home, "-f", "file/mine.json")


def test_what_keeps_lua_from_starting_is_named(home):
    """The last thing that can go wrong: all sockets listen by then."""
    error = fails(home, "--restore")
    assert "the language did not start" in error and str(home.folder()) in error
    assert "the language did not start" in (home.folder() / "kernel.log").read_text()


def test_a_folder_that_is_not_there_is_named(home):
    assert f"entering {home.work}/missing" in fails(home, "--cwd", "missing")


def test_a_setting_that_is_wrong_is_named_before_anything_is_done(home):
    (home.work / "perilune.toml").write_text("[log]\nlevel = 12\n")
    assert "perilune.toml" in fails(home)
    assert not home.state.exists()


@pytest.mark.parametrize(
    "arguments",
    [["--foreground"], ["--timeout", "0"], ["--timeout", "soon"], ["--memory-limit", "much"], ["--ip", "nowhere"], ["--no-project", "--project", "."]],
    ids=" ".join,
)
def test_wrong_usage_is_refused_before_anything_is_done(home, arguments):
    fails(home, *arguments, code=2)
    assert not home.state.exists()


def test_what_is_for_a_daemon_alone_needs_one(home):
    for arguments in (["--json"], ["--timeout", "1"]):
        ended = home.run("kernel", "start", *arguments)
        assert ended.returncode == 2 and "--daemon" in ended.stderr
        ended = home.run("kernel", "start", "--foreground", *arguments, timeout=20)
        assert ended.returncode == 2 and "--foreground" in ended.stderr


def test_a_start_that_takes_too_long_is_ended_and_said_so(home):
    """Nobody is left with a kernel that they do not know of."""
    assert "was not ready within 0.001 s, and was ended" in fails(home, "--timeout", "0.001", code=124)


def test_who_gives_up_waiting_gets_no_kernel(home):
    """Ctrl-C while the kernel starts; the pipe to the starter tells it."""
    for _ in range(10):
        process = home.command("kernel", "start", "--daemon")
        process.send_signal(signal.SIGKILL)
        process.communicate()
    deadline = time.monotonic() + 30
    while home.processes():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert home.run("kernel", "start", "--daemon").returncode == 0


# The places where things are kept.


def test_without_a_runtime_folder_of_the_session_all_is_the_same(home, daemon):
    """Cron has none, and logging out removes it: the kernel is found all the same."""
    kernel = daemon("own", environment={"XDG_RUNTIME_DIR": None})
    assert home.run("kernel", "start", "--daemon", "--name", "own").returncode == 5
    shutil.rmtree(home.path / "runtime")
    assert home.run("kernel", "start", "--daemon", "--name", "own").returncode == 5
    assert kernel.run("return 1").plain == "1"


def test_without_any_folder_named_those_of_the_home_are_used(home):
    bare = {name: None for name in home.environment if name.startswith(("XDG_", "JUPYTER_"))}
    ended = home.run("kernel", "start", "--daemon", "--json", environment=bare)
    assert ended.returncode == 0, ended.stderr
    about = json.loads(ended.stdout)
    assert about["folder"] == str(home.path / ".local/state/perilune/kernels/default")
    assert about["connection_file"] == str(home.path / ".local/share/jupyter/runtime/kernel-perilune-default.json")


def test_without_a_home_in_the_environment_that_of_the_user_is_used(home):
    """Not started for real: it would be the home of whoever runs the tests."""
    bare = {name: None for name in home.environment if name.startswith(("XDG_", "JUPYTER_", "HOME"))}
    ended = home.run("kernel", "start", "--daemon", "--cwd", "/missing", environment=bare)
    assert ended.returncode == 1 and "entering /missing" in ended.stderr


def on_a_small_disk(folder, options: str, then: str) -> tuple:
    """Runs a command where a file system of its own is mounted on that folder, after something was done."""
    folder.mkdir(parents=True, exist_ok=True)
    script = f'mount -t tmpfs -o {options},mode=0700 tmpfs "$1" && cd "$1" && {{ {then}; }}; cd / && shift && exec "$@"'
    return ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", folder)


FILL = "cat /dev/zero > filler 2>/dev/null"


def test_a_full_disk_is_said_to_be_full(home):
    state = home.path / "state"
    then = f"mkdir -m 700 perilune perilune/run; {FILL}"
    assert "No space left on device" in fails(home, prefix=on_a_small_disk(state, "size=64k", then))
    # What was begun there is no obstacle once there is room.
    then += '; "$2" kernel start --daemon 2>/dev/null; rm filler'
    ended = home.run("kernel", "start", "--daemon", prefix=on_a_small_disk(state, "size=256k", then))
    assert ended.returncode == 0, ended.stderr


def test_a_full_disk_for_the_connection_file_is_said_to_be_full(home):
    prefix = on_a_small_disk(home.connection_file().parent, "size=16k", FILL)
    error = fails(home, prefix=prefix)
    assert f"writing {home.connection_file()}" in error and "No space left on device" in error


def test_a_home_that_is_read_only_is_named(home):
    assert "Read-only file system" in fails(home, prefix=on_a_small_disk(home.path / "state", "ro", "true"))
