"""How a kernel starts: its connection file, its ports, and what it says when it cannot."""

import json
import os
import socket
import stat
import subprocess
import time

import pytest
from frontend import Frontend, connection, write_connection_file

DEADLINE = 30


def start_and_fail(perilune, file, *arguments) -> subprocess.CompletedProcess:
    """Runs `kernel start`, which must end by itself."""
    return subprocess.run(
        [perilune, "kernel", "start", "--connection-file", file, *arguments],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )


def clear(error: str) -> bool:
    """Words for a person: no panic, no debug format."""
    return bool(error.strip()) and "panicked" not in error and "Error {" not in error and "RUST_BACKTRACE" not in error


def test_the_connection_file_that_jupyter_wrote_is_used_and_left_alone(kernel, client):
    """Reference system, defect 5: the kernel overwrote it with ports and a key of its own."""
    assert client.run("1").plain == "1"
    assert json.loads(kernel.connection_file.read_text()) == kernel.connection


def test_the_reader_needs_no_field_that_jupyter_does_not_write(start, connect):
    """Reference system, defect 5: its reader demanded a `kernel_id`."""
    kernel = start()
    assert "kernel_id" not in kernel.connection
    assert connect(kernel).run("1").plain == "1"


def test_unknown_fields_of_the_file_are_ignored(start, connect):
    kernel = start(jupyter_session="", something={"new": True})
    assert connect(kernel).run("1").plain == "1"


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_both_transports_work(start, connect, transport):
    client = connect(start(transport=transport))
    assert client.run("print 'x'\n6 * 7").plain == "42"
    assert client.ping(b"x") == b"x"
    request = client.execute("print(io.read())", allow_stdin=True)
    client.answer(client.question(request), "asked")
    assert client.settle(request).text() == "asked\n"


def wait_for_file(path, process) -> dict:
    """The connection file, once the kernel has written all of it."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        try:
            return json.loads(path.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            time.sleep(0.01)
    raise AssertionError(f"{path} was not written")


@pytest.fixture
def launched(perilune):
    """Starts the binary with arguments of one's own, and ends it."""
    processes = []

    def launch(*arguments, **options):
        process = subprocess.Popen(
            [perilune, "kernel", "start", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )
        processes.append(process)
        return process

    yield launch
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_a_file_that_is_not_there_is_written_for_its_owner_alone(launched, tmp_path):
    file = tmp_path / "new.json"
    old = os.umask(0)
    try:
        process = launched("--connection-file", file)
    finally:
        os.umask(old)
    told = wait_for_file(file, process)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    ports = [told[f"{name}_port"] for name in ("shell", "iopub", "stdin", "control", "hb")]
    assert len(set(ports)) == 5 and all(ports)
    assert told["ip"] == "127.0.0.1" and told["signature_scheme"] == "hmac-sha256" and len(told["key"]) >= 32
    client = Frontend(told)
    assert client.run("1").plain == "1"
    client.settle(client.send("shutdown_request", {"restart": False}, "control"))
    client.close()
    assert process.wait(DEADLINE) == 0
    assert not file.exists(), "the kernel made the file, so the kernel removes it"


def test_without_a_file_one_is_written_where_jupyter_looks(launched, tmp_path):
    process = launched(env=os.environ | {"JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime")})
    deadline = time.monotonic() + DEADLINE
    while not (files := list((tmp_path / "runtime").glob("*.json"))):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    told = wait_for_file(files[0], process)
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    client = Frontend(told)
    assert client.run("1").plain == "1"
    client.close()


def test_port_zero_is_a_free_port(launched, tmp_path):
    file = tmp_path / "zero.json"
    wanted = connection(**{f"{name}_port": 0 for name in ("shell", "iopub", "stdin", "control", "hb")})
    write_connection_file(file, wanted)
    process = launched("--connection-file", file)
    deadline = time.monotonic() + DEADLINE
    while (told := wait_for_file(file, process))["shell_port"] == 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert told["key"] == wanted["key"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    client = Frontend(told)
    assert client.run("1").plain == "1"
    client.close()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", ""),
        ("not json", ""),
        ("[]", ""),
        ("{}", ""),
        ('{"transport": "tcp"}', ""),
        ({"shell_port": "many"}, "many"),
        ({"shell_port": 70_000}, "65535"),
        ({"transport": "pigeon"}, "pigeon"),
        ({"signature_scheme": "hmac-md5"}, "hmac-md5"),
        ({"signature_scheme": "rot13"}, "rot13"),
    ],
)
def test_a_wrong_file_is_named_and_explained(perilune, tmp_path, content, says):
    file = tmp_path / "wrong.json"
    file.write_text(content if isinstance(content, str) else json.dumps(connection() | content))
    outcome = start_and_fail(perilune, file)
    assert outcome.returncode != 0
    assert "wrong.json" in outcome.stderr
    assert says in outcome.stderr
    assert clear(outcome.stderr), outcome.stderr


def test_a_directory_is_no_connection_file(perilune, tmp_path):
    outcome = start_and_fail(perilune, tmp_path)
    assert outcome.returncode != 0
    assert str(tmp_path) in outcome.stderr and clear(outcome.stderr)


def test_a_folder_that_is_not_there_is_made(launched, tmp_path):
    """ILua does not start where Jupyter has never run."""
    file = tmp_path / "fresh" / "home" / "kernel.json"
    told = wait_for_file(file, launched("--connection-file", file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert told["shell_port"]


def test_a_folder_that_cannot_be_made_is_told(perilune, tmp_path):
    (tmp_path / "blocked").write_text("a file")
    outcome = start_and_fail(perilune, tmp_path / "blocked" / "kernel.json")
    assert outcome.returncode != 0
    assert "blocked" in outcome.stderr and clear(outcome.stderr)


def test_a_taken_port_is_told(perilune, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        file = tmp_path / "taken.json"
        write_connection_file(file, connection(control_port=port))
        outcome = start_and_fail(perilune, file)
    assert outcome.returncode != 0
    assert str(port) in outcome.stderr and clear(outcome.stderr), outcome.stderr


def test_an_address_of_another_machine_is_told(perilune, tmp_path):
    file = tmp_path / "far.json"
    write_connection_file(file, connection(ip="192.0.2.1"))
    outcome = start_and_fail(perilune, file)
    assert outcome.returncode != 0
    assert "192.0.2.1" in outcome.stderr and clear(outcome.stderr)


def test_stdin_is_bound_from_the_beginning(kernel, client):
    """Zed hangs on a kernel whose stdin is not there."""
    for channel in ("shell", "iopub", "stdin", "control", "hb"):
        with socket.create_connection(("127.0.0.1", kernel.connection[f"{channel}_port"]), 5) as raw:
            assert raw.recv(1) == b"\xff", "the ZMTP greeting"


def test_kernel_info_asked_before_lua_is_ready_is_answered(start, connect):
    kernel = start()
    client = connect(kernel, welcome=False)
    requests = [client.send("kernel_info_request") for _ in range(5)]
    for request in requests:
        assert client.reply(request).content["status"] == "ok"


def test_twenty_kernels_at_once_all_answer(start, connect):
    kernels = [start() for _ in range(20)]
    for n, kernel in enumerate(kernels):
        assert connect(kernel).run(str(n)).plain == str(n)


def test_a_quiet_start_says_nothing_on_the_terminal(kernel, client):
    client.run("print 'to the notebook'").succeeded()
    assert "to the notebook" not in kernel.log.read_text()
