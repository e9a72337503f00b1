"""Whether a kernel is well, asked over HTTP."""

import ctypes
import http.client
import json
import os
import re
import socket
import stat
import threading
import time
from urllib.parse import urlsplit

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from .lives import until

ROUTES = ["/health/live", "/health/ready", "/metrics"]


class Health:
    """Asks a kernel's health, as a supervisor does."""

    def __init__(self, home, name: str = "own"):
        record = home.record(name)
        self.address = record["health"]
        self.path = self.address.removeprefix("unix:") if self.address.startswith("unix:") else None
        file = record["health_token_file"]
        self.token = open(file).read().strip() if file else None

    def plug(self) -> socket.socket:
        if self.path:
            plugged = socket.socket(socket.AF_UNIX)
            plugged.settimeout(20)
            plugged.connect(self.path)
            return plugged
        split = urlsplit(self.address)
        return socket.create_connection((split.hostname, split.port), 20)

    def ask(self, route: str, method: str = "GET", headers: dict | None = None, **other) -> http.client.HTTPResponse:
        given = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        given |= headers or {}
        connection = http.client.HTTPConnection("localhost", timeout=20)
        connection.sock = self.plug()
        connection.request(method, route, headers={name: value for name, value in given.items() if value is not None}, **other)
        response = connection.getresponse()
        response.text = response.read().decode()
        connection.close()
        return response

    def json(self, route: str) -> tuple[int, dict]:
        response = self.ask(route)
        return response.status, json.loads(response.text)

    def figures(self) -> dict[str, float]:
        """Each sample, by its name and labels in order."""
        samples = {}
        for family in text_string_to_metric_families(self.ask("/metrics").text):
            for sample in family.samples:
                labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
                samples[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
        return samples


@pytest.fixture(params=["tcp", "unix"])
def health(request, home, daemon):
    """The health of a kernel called `own`, both ways."""
    address = "127.0.0.1:0" if request.param == "tcp" else f"unix:{home.path}/health"
    daemon("own", "--health", address)
    return Health(home)


@pytest.fixture
def tcp(home, daemon):
    daemon("own", "--health", "127.0.0.1:0")
    return Health(home)


def test_it_is_off_unless_it_is_asked_for(home, daemon):
    kernel = daemon("own")
    record = home.record("own")
    assert (record["health"], record["health_token_file"]) == (None, None)
    assert "health" not in [thread.name for thread in threads(kernel)]


def threads(kernel):
    class Thread:
        def __init__(self, id):
            self.name = open(f"/proc/{kernel.pid}/task/{id}/comm").read().strip()

    return [Thread(thread.id) for thread in kernel.process.threads()]


def test_a_kernel_that_is_well_says_so(health):
    code, live = health.json("/health/live")
    assert code == 200 and live["status"] == "live" and 0 < live["io"]["answered_in_seconds"] < 2
    code, ready = health.json("/health/ready")
    assert (code, ready["status"], ready["state"]) == (200, "ready", "idle")
    response = health.ask("/health/live")
    assert response.getheader("Content-Type") == "application/json" and response.getheader("Cache-Control") == "no-store"


def test_a_kernel_that_runs_a_cell_is_ready_all_the_same(home, daemon):
    kernel = daemon("own", "--health", f"unix:{home.path}/health")
    health, client = Health(home), kernel.connect()
    running = client.execute("while true do end")
    deadline = time.monotonic() + 20
    while (answer := health.json("/health/ready"))[1]["executor"]["state"] != "running":
        assert time.monotonic() < deadline
    code, ready = answer
    assert (code, ready["status"], ready["state"]) == (200, "ready", "busy")
    assert ready["executor"]["running_seconds"] >= 0
    assert health.json("/health/live")[0] == 200
    client.ask("interrupt_request", channel="control")
    client.settle(running)
    client.close()


def test_a_kernel_whose_io_thread_is_stuck_is_not_live_nor_ready(home):
    """That thread alone is held, as a debugger does it; the one that serves health goes on."""
    process = home.command("kernel", "start", "--name", "own", "--health", f"unix:{home.path}/health")
    deadline = time.monotonic() + 60
    while home.run("kernel", "wait", "own").returncode:
        assert time.monotonic() < deadline
    health = Health(home)
    assert health.json("/health/live")[0] == 200
    seize, interrupt, detach = 0x4206, 0x4207, 17
    ptrace = ctypes.CDLL(None, use_errno=True).ptrace
    ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    # The I/O thread is the process's first.
    assert ptrace(seize, process.pid, None, None) == 0, os.strerror(ctypes.get_errno())
    assert ptrace(interrupt, process.pid, None, None) == 0
    os.waitpid(process.pid, os.WUNTRACED)
    code, live = health.json("/health/live")
    assert (code, live["status"]) == (503, "not live") and live["io"] == {"late_after_seconds": 2.0}
    code, ready = health.json("/health/ready")
    assert (code, ready["status"]) == (503, "not ready")
    assert "perilune_uptime_seconds" in health.figures(), "the figures are there all the same"
    assert ptrace(detach, process.pid, None, None) == 0
    assert health.json("/health/live")[0] == 200
    process.terminate()
    process.communicate(timeout=30)


def test_every_route_needs_the_token_over_tcp(tcp):
    for route in [*ROUTES, "/", "/nothing", "/health"]:
        for method in ["GET", "POST", "HEAD", "OPTIONS"]:
            for authorization in [None, "", "Bearer", "Bearer ", "Bearer x", f"Bearer {tcp.token}x", f"Basic {tcp.token}", tcp.token]:
                response = tcp.ask(route, method, {"Authorization": authorization})
                assert response.status == 401, (route, method, authorization)
                assert response.getheader("WWW-Authenticate") == "Bearer"
                assert tcp.token not in response.text
    assert tcp.ask("/health/live", headers={"Authorization": f"bearer {tcp.token}"}).status == 200


def test_the_token_is_its_owners_alone_and_goes_with_the_kernel(home, daemon):
    kernel = daemon("own", "--health", "127.0.0.1:0")
    file = home.folder("own") / "health-token"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and len(Health(home).token) == 64
    status = home.run("kernel", "status", "own")
    assert Health(home).address in status.stdout and str(file) in status.stdout, status.stdout
    about = json.loads(home.run("kernel", "status", "own", "--json").stdout)["kernels"][0]
    assert (about["health"], about["health_token_file"]) == (Health(home).address, str(file))
    first = Health(home).token
    kernel.terminate()
    assert not file.exists()
    daemon("own", "--health", "127.0.0.1:0")
    assert Health(home).token != first


def test_a_token_from_the_environment(home, daemon):
    daemon("own", "--health", "127.0.0.1:0", environment={"PERILUNE_HEALTH_TOKEN": "chosen-by-the-operator"})
    health = Health(home)
    assert health.token is None and health.ask("/health/live").status == 401
    assert health.ask("/health/live", headers={"Authorization": "Bearer chosen-by-the-operator"}).status == 200
    for wrong in ["short", "no-text-but-long\udcff"]:
        options = {"environment": {"PERILUNE_HEALTH_TOKEN": wrong}}
        ended = home.run("kernel", "start", "--daemon", "--name", "other", "--health", "127.0.0.1:0", **options)
        assert ended.returncode == 1 and "PERILUNE_HEALTH_TOKEN is no token" in ended.stderr, ended.stderr
        assert wrong[:5] not in ended.stderr


def test_a_page_whose_name_was_made_to_lead_here_learns_nothing(tcp):
    port = urlsplit(tcp.address).port
    for host in ["evil.example", f"evil.example:{port}", "localhost.evil.example", "192.168.0.1", ""]:
        response = tcp.ask("/metrics", headers={"Host": host})
        assert response.status == 421 and "perilune_" not in response.text, host
    for host in ["localhost", f"localhost:{port}", f"127.0.0.1:{port}", "[::1]"]:
        assert tcp.ask("/health/live", headers={"Host": host}).status == 200, host


def test_a_unix_socket_is_its_owners_alone_and_needs_no_token(home, daemon):
    path = home.path / "health"
    kernel = daemon("own", "--health", f"unix:{path}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Health(home).token is None and Health(home).ask("/health/live").status == 200
    kernel.kill()
    assert path.exists(), "who is killed cleans up nothing"
    again = daemon("own", "--health", f"unix:{path}")
    assert Health(home).ask("/health/live").status == 200
    ended = home.run("kernel", "start", "--daemon", "--name", "other", "--health", f"unix:{path}")
    assert ended.returncode == 1 and "somebody listens there already" in ended.stderr
    again.terminate()
    assert not path.exists()
    path.write_text("precious")
    ended = home.run("kernel", "start", "--daemon", "--health", f"unix:{path}")
    assert ended.returncode == 1 and "there is something that is no socket" in ended.stderr
    assert path.read_text() == "precious"


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.168.1.1:80", "example.org:80", "80", "unix:relative"])
def test_where_others_could_ask_it_is_refused(home, address):
    ended = home.run("kernel", "start", "--daemon", "--health", address)
    assert ended.returncode != 0 and "health" in ended.stderr
    until(lambda: not home.processes(), "end of the daemon")


def test_a_port_that_is_taken_is_told(home, daemon):
    taken = socket.create_server(("127.0.0.1", 0))
    ended = home.run("kernel", "start", "--daemon", "--health", "127.0.0.1:%d" % taken.getsockname()[1])
    assert ended.returncode == 1 and "health cannot be served on" in ended.stderr
    taken.close()


def test_nothing_else_is_there(health):
    for route in ["/", "/health", "/health/", "/healthz", "/metrics/", "/../etc/passwd", "/health/live/x", "/%2e%2e/"]:
        assert health.ask(route).status == 404, route
    for route in ROUTES:
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"]:
            assert health.ask(route, method).status == 405, (route, method)
        head = health.ask(route, "HEAD")
        assert (head.status, head.text) == (200, "")
    assert health.ask("/health/live", "POST", body=b"x" * 100_000).status == 413
    assert health.ask("/health/live?x=" + "y" * 1000).status == 200


def test_the_figures_are_prometheuss(home, daemon):
    kernel = daemon("own", "--health", "127.0.0.1:0")
    health, client = Health(home), kernel.connect()
    before = health.figures()
    for code in ["return 1", "print('x')", "error('no')"]:
        client.run(code)
    client.ask("kernel_info_request", channel="control")
    after = health.figures()
    gained = {name: after[name] - before.get(name, 0) for name in after}
    assert gained["perilune_executions_total{outcome=ok}"] == 2
    assert gained["perilune_executions_total{outcome=error}"] == 1
    assert gained["perilune_execution_duration_seconds_count"] == 3
    assert gained["perilune_queue_wait_seconds_count"] >= 3
    assert gained["perilune_control_answer_seconds_count"] >= 1
    assert gained["perilune_messages_total{channel=shell,class=execute,direction=received}"] == 3
    assert gained["perilune_messages_total{channel=shell,class=execute,direction=sent}"] == 3
    assert gained["perilune_messages_total{channel=iopub,class=status,direction=sent}"] >= 6
    assert gained["perilune_messages_bytes_total{channel=shell,direction=received}"] > 100
    assert after["perilune_clients{channel=iopub}"] == 1 and after["perilune_clients{channel=shell}"] == 1
    assert after["perilune_state{state=idle}"] == 1 and after["perilune_state{state=busy}"] == 0
    assert after["perilune_queue_requests"] == after["perilune_outbox_bytes"] == 0
    assert after["perilune_build_info{version=%s}" % kernel.about["version"]] == 1
    assert after["perilune_journal_bytes"] > 0 and after["perilune_lua_memory_bytes"] > 10_000
    assert after["perilune_log_lines_lost_total"] == 0
    dropped = [value for name, value in after.items() if name.startswith("perilune_messages_dropped_total")]
    assert len(dropped) == 2 and set(dropped) == {0}
    assert abs(after["process_start_time_seconds"] + after["perilune_uptime_seconds"] - time.time()) < 5
    process = kernel.process
    assert abs(after["process_resident_memory_bytes"] - process.memory_info().rss) < 32 << 20
    assert abs(after["process_open_fds"] - process.num_fds()) < 10 and after["process_cpu_seconds_total"] > 0
    client.close()


def test_the_figures_keep_to_the_conventions(home, daemon):
    """What `promtool check metrics` would say, in short."""
    daemon("own", "--health", "127.0.0.1:0")
    response = Health(home).ask("/metrics")
    assert response.getheader("Content-Type").startswith("application/openmetrics-text; version=1.0.0")
    assert response.text.endswith("# EOF\n")
    families = list(text_string_to_metric_families(response.text))
    assert len(families) > 20 and len({family.name for family in families}) == len(families)
    for family in families:
        assert re.fullmatch(r"(perilune|process)_[a-z_]+", family.name), family.name
        assert family.documentation and family.documentation[0].isupper(), family.name
        assert not re.search(r"_(milliseconds|kilobytes|mb|ms|counter|gauge|total)(_|$)", family.name)
        assert (family.unit == "") or family.name.endswith(f"_{family.unit}"), family.name
        assert family.unit in ("", "seconds", "bytes")
        for sample in family.samples:
            assert all(re.fullmatch(r"[a-z]+", name) for name in sample.labels), sample
            if family.type == "counter":
                assert sample.name.endswith("_total") and sample.value >= 0


def test_many_may_ask_at_once(health):
    answers = []

    def ask() -> None:
        answers.append(health.ask("/metrics").status)

    asking = [threading.Thread(target=ask) for _ in range(100)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join(30)
    assert answers == [200] * 100


def test_who_asks_slowly_or_asks_nonsense_keeps_nobody_from_being_answered(home, daemon):
    kernel = daemon("own", "--health", "127.0.0.1:0")
    health = Health(home)
    before = kernel.process.num_fds()
    slow = [health.plug() for _ in range(40)]
    for plugged in slow:
        plugged.sendall(b"GET /health/live HTTP/1.1\r\nX: ")
    began = time.monotonic()
    assert health.ask("/health/live").status == 200, "the slow have left by now"
    assert time.monotonic() - began < 15
    for plugged in slow:
        while plugged.recv(1000):
            pass
        plugged.close()
    for nonsense in [b"\0" * 1000, b"GET\r\n\r\n", b"\x16\x03\x01" * 500, b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000]:
        with health.plug() as plugged:
            try:
                plugged.sendall(nonsense + b"\r\n\r\n")
                while plugged.recv(1000):
                    pass
            except ConnectionError:
                pass
    assert health.ask("/health/live").status == 200
    kernel.run("return 1")
    deadline = time.monotonic() + 20
    while kernel.process.num_fds() > before + 3:
        assert time.monotonic() < deadline, "every connection was given back"
