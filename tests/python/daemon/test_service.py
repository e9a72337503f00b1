"""A kernel as a service: systemd's protocol on a socket of our own, and the unit that is written."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest
from frontend import Frontend

from .home import PATIENCE


class Manager:
    """Listens as a service manager does (sd_notify(3))."""

    def __init__(self, address: str):
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address.replace("@", "\0", 1))
        self.heard: list[tuple[float, dict[str, str]]] = []

    def hear(self, seconds: float = PATIENCE) -> dict[str, str] | None:
        """The next message, as its assignments; nothing if none comes in time."""
        self.socket.settimeout(seconds)
        try:
            message = self.socket.recv(65536).decode()
        except (TimeoutError, BlockingIOError):
            return None
        assert message.endswith("\n")
        words = dict(line.split("=", 1) for line in message.splitlines())
        self.heard.append((time.monotonic(), words))
        return words

    def wait_for(self, key: str, value: str | None = None) -> dict[str, str]:
        """The first message with this assignment; those before it are in `heard`."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            words = self.hear()
            if words and key in words and value in (None, words[key]):
                return words
        raise AssertionError(f"no {key}={value}: {self.heard}")

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
def manager(request, home):
    kind = getattr(request, "param", "path")
    name = f"{home.path}/notify" if kind == "path" else f"@perilune-{os.getpid()}-{home.path.name}"
    manager = Manager(name)
    yield manager
    manager.close()


@pytest.fixture
def serve(home):
    """Starts `kernel start --foreground` as a service manager would."""
    processes = []

    def start(*arguments, **environment) -> subprocess.Popen:
        process = home.command("kernel", "start", "--foreground", "--name", "served", *arguments, environment=environment)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def connect(home) -> Frontend:


    return Frontend(json.loads(home.connection_file("served").read_text()))


@pytest.mark.parametrize("manager", ["path", "abstract"], indirect=True)
def test_it_says_ready_when_it_answers_and_stopping_when_it_ends(home, serve, manager):
    process = serve(NOTIFY_SOCKET=manager.address)
    ready = manager.hear()
    assert (ready["READY"], ready["MAINPID"]) == ("1", str(process.pid)), "the first that is heard"
    assert ready["STATUS"].startswith("Idle; 0 cells have run since ")
    assert home.record("served")["pid"] == process.pid
    client = connect(home)
    assert client.run("return 6 * 7").plain == "42"
    client.close()
    process.send_signal(signal.SIGTERM)
    assert manager.wait_for("STOPPING", "1")["STATUS"] == "Ending"
    assert process.wait(PATIENCE) == 0
    assert manager.hear(0) is None, "the end is the last that is heard"


def test_its_status_tells_what_it_is_at_without_telling_code(home, serve, manager):
    serve(NOTIFY_SOCKET=manager.address, WATCHDOG_USEC="400000")
    manager.wait_for("READY")
    client = connect(home)
    client.run("token = 'hunter2'")
    request = client.execute("local token = 'hunter2'; while true do end")
    while "cell runs since" not in manager.wait_for("STATUS")["STATUS"]:
        pass
    busy = manager.heard[-1][1]["STATUS"]
    assert re.fullmatch(r"Busy: a cell runs since \d\d:\d\d:\d\d; 1 cell has run since [-\d]+ [:\d]+", busy)
    told = len([words for _, words in manager.heard if "STATUS" in words])
    for _ in range(5):
        manager.wait_for("WATCHDOG")
    assert len([words for _, words in manager.heard if "STATUS" in words]) == told, "only when it changes"
    client.send("interrupt_request", {}, "control")
    assert client.settle(request).content["status"] == "error"
    assert manager.wait_for("STATUS")["STATUS"].startswith("Idle; 2 cells have run")
    assert not any("hunter2" in str(words) for _, words in manager.heard)
    client.close()


def test_the_watchdog_hears_twice_in_each_interval_whatever_a_cell_does(home, serve, manager):
    # Long, for the test itself may be late to listen.
    interval = 2.0
    serve(NOTIFY_SOCKET=manager.address, WATCHDOG_USEC=str(int(interval * 1e6)))
    manager.wait_for("READY")
    client = connect(home)
    client.execute("while true do end")
    times = []
    while len(times) < 5:
        manager.wait_for("WATCHDOG", "1")
        times.append(manager.heard[-1][0])
    gaps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
    assert max(gaps) < interval, gaps
    client.close()


def test_a_kernel_that_is_stopped_is_not_said_to_be_well(home, serve, manager):
    process = serve(NOTIFY_SOCKET=manager.address, WATCHDOG_USEC="300000")
    manager.wait_for("WATCHDOG")
    process.send_signal(signal.SIGSTOP)
    while manager.hear(0.5):
        pass
    assert manager.hear(1) is None
    process.send_signal(signal.SIGCONT)
    manager.wait_for("WATCHDOG")


def test_a_watchdog_that_is_meant_for_another_process_is_not_ours(home, serve, manager):
    serve(NOTIFY_SOCKET=manager.address, WATCHDOG_USEC="200000", WATCHDOG_PID="1")
    manager.wait_for("READY")
    assert manager.hear(1) is None


def test_a_reload_is_announced_and_its_end_too(home, serve, manager):
    process = serve(NOTIFY_SOCKET=manager.address)
    manager.wait_for("READY")
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    process.send_signal(signal.SIGUSR1)
    reloading = manager.wait_for("RELOADING", "1")
    assert before <= int(reloading["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert manager.hear()["READY"] == "1"


def test_a_reload_that_is_refused_leaves_it_ready(home, serve, manager):
    process = serve(NOTIFY_SOCKET=manager.address)
    manager.wait_for("READY")
    config = home.path / "config/perilune"
    config.mkdir(parents=True)
    (config / "config.toml").write_text("[log]\nlevel = 12\n")
    process.send_signal(signal.SIGUSR1)
    manager.wait_for("RELOADING")
    assert manager.hear()["READY"] == "1"
    client = connect(home)
    assert client.run("return 1").plain == "1"
    client.close()


def test_what_a_cell_starts_does_not_speak_for_the_kernel(home, serve, manager):
    serve(NOTIFY_SOCKET=manager.address, WATCHDOG_USEC="60000000")
    manager.wait_for("READY")
    client = connect(home)
    variables = client.run("os.execute 'env'").text()
    client.close()
    assert "HOME=" in variables and "NOTIFY_SOCKET" not in variables and "WATCHDOG" not in variables


def test_a_start_that_fails_is_never_said_to_be_ready(home, serve, manager):
    first = serve(NOTIFY_SOCKET=manager.address)
    manager.wait_for("READY")
    second = serve(NOTIFY_SOCKET=manager.address)
    stdout, stderr = second.communicate(timeout=PATIENCE)
    assert second.returncode == 5 and f"as process {first.pid}," in stderr
    assert manager.hear(0) is None


def test_only_the_service_itself_speaks(home, start, connect, manager):
    """What Jupyter starts within a service is not the service."""
    kernel = start(environment={"NOTIFY_SOCKET": manager.address, "XDG_STATE_HOME": str(home.path / "state")})
    assert connect(kernel).run("return 1").plain == "1"
    assert manager.hear(0) is None


@pytest.mark.parametrize("address", ["/nowhere/notify", "vsock:2:1234", "notify"])
def test_a_manager_that_does_not_listen_is_no_obstacle(home, serve, address):
    process = serve("--log-level", "warn", NOTIFY_SOCKET=address)
    deadline = time.monotonic() + PATIENCE
    while not (home.registry / "served.json").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    client = connect(home)
    assert client.run("return 1").plain == "1"
    client.close()
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0


# The unit.


@pytest.fixture
def systemd_analyze(home):
    """The real one, which needs no running systemd."""

    def analyze(*arguments) -> subprocess.CompletedProcess:
        program = shutil.which("systemd-analyze")
        assert program, "install the package systemd; it need not run"
        return subprocess.run([program, *arguments], env=home.environment, capture_output=True, text=True, timeout=60)

    return analyze


def unit_of(home, *arguments, **options) -> str:
    ended = home.run("service", "install", "--user", "--print", *arguments, **options)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_unit_is_one_that_systemd_understands(home, systemd_analyze):
    file = home.path / "perilune-own.service"
    file.write_text(unit_of(home, "--name", "own", "--", "--project", "/a folder/100%", "--log-level", "warn"))
    ended = systemd_analyze("--user", "verify", "--man=no", file)
    assert (ended.returncode, ended.stderr) == (0, "")
    # It would have said so.
    file.write_text(file.read_text().replace("PrivateTmp=yes", "PrivateTmpp=yes"))
    assert "PrivateTmpp" in systemd_analyze("--user", "verify", "--man=no", file).stderr


def test_the_unit_is_hardened(home, systemd_analyze):
    file = home.path / "perilune-own.service"
    file.write_text(unit_of(home))
    said = systemd_analyze("--user", "security", "--offline=true", "--no-pager", file).stdout
    exposure = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", said).group(1))
    bare = home.path / "bare.service"
    bare.write_text("[Service]\nExecStart=/bin/true\n")
    said = systemd_analyze("--user", "security", "--offline=true", "--no-pager", bare).stdout
    assert exposure < 6.5 < 9 < float(re.search(r"Overall exposure level for \S+: ([\d.]+)", said).group(1))


def test_the_unit_s_command_is_the_one_that_is_meant(home):
    """Its words, read as systemd reads them: quotes, escapes, specifiers and variables."""
    options = ["--cwd", "/a b/%h/$HOME/\"q\"\\", "--set", "log.level=warn"]
    unit = unit_of(home, "--name", "own", "--", *options)
    command = re.search(r"^ExecStart=(.*)$", unit, re.M).group(1)
    words = [
        re.sub(r"\\(.)", r"\1", quoted or plain).replace("%%", "%").replace("$$", "$")
        for quoted, plain in re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', command)
    ]
    assert words == [str(home.binary), "kernel", "start", "--foreground", "--name", "own", *options]


def test_what_the_service_would_not_know_is_written_into_the_unit(home):
    unit = unit_of(home, environment={"LUA_PATH": "/x/?.lua;;", "PERILUNE_TOKEN": "secret", "XDG_STATE_HOME": "/s %"})
    assert 'Environment="LUA_PATH=/x/?.lua;;"\n' in unit and 'Environment="XDG_STATE_HOME=/s %%"\n' in unit
    assert "secret" not in unit


@pytest.mark.parametrize("options", [["--nonsense"], ["--daemon"], ["--memory-limit", "much"], ["--name", "x"]])
def test_options_that_the_kernel_would_refuse_are_refused_now(home, options):
    ended = home.run("service", "install", "--", *options)
    assert ended.returncode == 2 and options[0] in ended.stderr
    assert not (home.path / "config").exists()


WITHOUT_SYSTEMD = {"PATH": "/nowhere"}


def test_where_there_is_no_systemd_the_next_step_is_told(home):
    ended = home.run("service", "install", "--user", environment=WITHOUT_SYSTEMD)
    file = home.path / "config/systemd/user/perilune-default.service"
    assert ended.returncode == 0 and file.read_text() == unit_of(home)
    assert f"Written: {file}" in ended.stderr and "systemctl --user enable --now perilune-default.service" in ended.stderr
    again = home.run("service", "install", "--user", environment=WITHOUT_SYSTEMD)
    assert again.returncode == 0 and f"It is there already: {file}" in again.stderr
    changed = home.run("service", "install", "--", "--log-level", "warn", environment=WITHOUT_SYSTEMD)
    assert changed.returncode == 0 and "--log-level" in file.read_text()

    status = home.run("service", "status", environment=WITHOUT_SYSTEMD)
    assert status.returncode == 3 and f"installed  yes ({file})" in status.stdout
    told = json.loads(home.run("service", "install", "--json", environment=WITHOUT_SYSTEMD).stdout)
    assert (told["schema_version"], told["changed"], told["enabled"], told["file"]) == (1, True, False, str(file))
    assert told["systemd_error"] == "there is no systemctl here"
    removed = home.run("service", "uninstall", "--user", environment=WITHOUT_SYSTEMD)
    assert removed.returncode == 0 and not file.exists()
    again = home.run("service", "uninstall", "--json", environment=WITHOUT_SYSTEMD)
    assert again.returncode == 0 and json.loads(again.stdout)["removed"] is False
    assert "installed  no" in home.run("service", "status", environment=WITHOUT_SYSTEMD).stdout


def test_a_unit_that_is_not_ours_stays_as_it_is(home):
    file = home.path / "config/systemd/user/perilune-default.service"
    file.parent.mkdir(parents=True)
    file.write_text("[Service]\nExecStart=/bin/mine\n")
    for command in ("install", "uninstall"):
        ended = home.run("service", command, environment=WITHOUT_SYSTEMD)
        assert ended.returncode == 1 and "not written by `perilune service install`" in ended.stderr
    assert file.read_text() == "[Service]\nExecStart=/bin/mine\n"
    file.unlink()
    (home.path / "elsewhere").write_text("precious")
    file.symlink_to(home.path / "elsewhere")
    assert home.run("service", "install", environment=WITHOUT_SYSTEMD).returncode == 1
    assert (home.path / "elsewhere").read_text() == "precious"
