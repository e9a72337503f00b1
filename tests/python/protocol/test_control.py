"""Control and heartbeat answer whatever Lua does."""

import os
import socket

import pytest

SPINS = "print('spinning') while true do end"


@pytest.fixture
def spinning(client):
    """A cell that never ends by itself."""
    request = client.execute(SPINS)
    client.printed(request, "spinning")
    yield request
    client.ask("interrupt_request", {}, "control")
    client.settle(request)


def test_kernel_info_on_control_answers_while_lua_spins(client, spinning):
    """Reference system, defect 8: control was polled by the task that ran the cell."""
    exchange = client.ask("kernel_info_request", {}, "control")
    assert exchange.content["language_info"]["name"] == "lua"
    assert exchange.reply_after < 1.0


def test_the_heartbeat_beats_while_lua_spins(client, spinning):
    """Reference system, defect 8: no echo, so JupyterLab declared the kernel dead."""
    assert client.ping(b"still there?") == b"still there?"


def test_usage_is_told_while_lua_spins(client, spinning):
    usage = client.ask("usage_request", {}, "control").content
    assert usage["pid"] > 0 and usage["hostname"] == socket.gethostname()
    assert 0 < usage["kernel_memory"] < usage["host_virtual_memory"]["total"]
    assert usage["cpu_count"] == os.cpu_count()


def test_usage_is_of_the_kernels_own_process(kernel, client):
    assert client.ask("usage_request", {}, "control").content["pid"] == kernel.pid


@pytest.mark.parametrize("payload", [b"ping", b"", b"\x00\xff\x80<IDS|MSG>", os.urandom(10_000)])
def test_the_heartbeat_echoes_any_bytes(client, payload):
    """evcxr always answers "ping"."""
    assert client.ping(payload) == payload


def test_the_heartbeat_answers_many_clients(kernel, connect):
    clients = [connect(kernel) for _ in range(5)]
    for n, client in enumerate(clients * 3):
        assert client.ping(str(n).encode()) == str(n).encode()


def test_the_heartbeat_beats_while_the_queue_is_long(client, spinning):
    requests = [client.execute("1") for _ in range(500)]
    assert client.ping(b"x") == b"x"
    client.ask("interrupt_request", {}, "control")
    for request in requests:
        client.settle(request)


@pytest.mark.parametrize("writes", ["display.html('x')", "io.write('o') io.stderr:write('e')", "print(('x'):rep(1000))"])
def test_control_and_heartbeat_answer_while_output_floods(client, tmp_path, writes):
    """The sockets get their turn, though the cell writes faster than its output can be sent."""
    enough = tmp_path / "enough"
    code = f"print('begun') repeat for i = 1, 1000 do {writes} end until io.open('{enough}')"
    request = client.execute(code)
    client.printed(request, "begun")
    assert client.ping(b"still there?") == b"still there?"
    asked = client.send("kernel_info_request", {}, "control")
    client.reply(asked)
    enough.touch()
    client.settle(asked)
    client.settle(request).succeeded()
