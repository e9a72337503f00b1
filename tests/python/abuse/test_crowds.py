"""Many kernels, many clients, and clients that come and go."""

import json
import time
from contextlib import ExitStack

import psutil
from frontend import Frontend

from .raw import GREETING, Peer, execute, is_served, memory, plug, ready, request

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
MIB = 1 << 20


def until(condition, what: str, seconds: float = 30):
    """Waits for what another process does."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"no {what} within {seconds} s"
        time.sleep(0.005)
    return found


def test_a_hundred_kernels_started_at_once_all_answer(start, connect, chance):
    anywhere = {f"{channel}_port": 0 for channel in CHANNELS}
    kernels = [start(transport=chance.choice(["tcp", "tcp", "ipc"]), **anywhere) for _ in range(100)]

    def bound(kernel):
        connection = json.loads(kernel.connection_file.read_text())
        return connection if connection["shell_port"] else None

    for kernel in chance.sample(kernels, len(kernels)):
        kernel.connection = until(lambda k=kernel: bound(k), "port")
        client = connect(kernel)
        number = chance.randrange(1 << 30)
        assert client.run(f"{number}").plain == str(number)
        client.reply(client.send("shutdown_request", {"restart": False}, "control"))
        client.close()
    assert [kernel.wait(5) for kernel in kernels] == [0] * 100


def visit(kernel, chance) -> None:
    """A whole client: it subscribes, runs a cell, and leaves somehow."""
    identity = b"v" + chance.randbytes(16)
    peers = [Peer(kernel, channel, identity) for channel in ("shell", "control", "stdin", "iopub")]
    shell, control, _, iopub = peers
    shell.send(execute(kernel.connection, "visits = (visits or 0) + 1"))
    frames = shell.receive()
    assert len(frames) == 6 and b'"status":"ok"' in frames[5], frames
    control.send(request(kernel.connection, "kernel_info_request"))
    control.receive()
    assert b"iopub_welcome" in b"".join(iopub.receive())
    for peer in peers:
        if peer is not iopub and chance.random() < 0.2:
            peer.send(execute(kernel.connection, "1")[: chance.randrange(1, 200)])
        chance.choice([peer.close, peer.crash])()


def test_a_thousand_reconnects_leave_nothing_behind(kernel, client, chance):
    """A leak would be there each time; what the allocator keeps for later is not."""

    def visits(count: int) -> int:
        for n in range(count):
            visit(kernel, chance)
            if n % 50 == 0:
                client.drain()
        client.drain()
        return memory(kernel)

    at = [visits(100)]
    files = psutil.Process(kernel.pid).num_fds()
    at += [visits(1000) for _ in range(3)]
    until(lambda: psutil.Process(kernel.pid).num_fds() <= files + 4, "end of the connections")
    growths = [(after - before) / MIB for before, after in zip(at, at[1:])]
    print("growth in MiB over each thousand:", growths)
    assert min(growths) < 0.5
    assert client.run("visits").plain == "3100"
    client.foreign.clear()


def test_two_hundred_clients_at_once_come_and_go(start, connect, chance, soft_limit_of_files):
    """A shell's soft limit of 1,024 open files is no limit to them."""
    with soft_limit_of_files(1024):
        kernel = start()
    client = connect(kernel)
    for _ in range(2):
        with ExitStack() as stack:
            shells, subscribers = [], []
            for n in range(200):
                for channel in ("shell", "control", "stdin", "hb", "iopub"):
                    peer = Peer(kernel, channel)
                    stack.callback(chance.choice([peer.close, peer.crash]))
                    if channel == "shell":
                        shells.append(peer)
                    if channel == "iopub":
                        subscribers.append(peer)
                if n % 50 == 0:
                    is_served(client)
            for n, shell in enumerate(shells):
                shell.send(execute(kernel.connection, f"return {n}"))
            for shell in shells:
                assert b'"status":"ok"' in shell.receive()[5]
            for subscriber in subscribers:
                assert b"iopub_welcome" in b"".join(subscriber.receive())
            is_served(client)
    is_served(client)


def test_two_hundred_silent_and_half_open_connections_are_in_nobodys_way(kernel, client, chance):
    with ExitStack() as stack:
        for _ in range(200):
            channel = chance.choice(CHANNELS)
            idle = stack.enter_context(plug(kernel, channel))
            said = GREETING + ready("DEALER")
            idle.sendall(said[: chance.choice([0, 1, 10, 11, 63, 64, 65, chance.randrange(len(said))])])
            if chance.random() < 0.2:
                is_served(client)
        with_them = Frontend(kernel.connection)
        stack.callback(with_them.close)
        is_served(with_them)
        is_served(client)
        assert memory(kernel) < 40 * MIB
    is_served(client)


def test_the_same_identity_comes_back_again_and_again(kernel, client, chance):
    """Also while its old connection stands, and also when that one ends after the new one came."""
    before = None
    for n in range(200):
        peer = Peer(kernel, "shell", b"the same")
        if before and chance.random() < 0.5:
            chance.choice([before.close, before.crash])()
        peer.send(execute(kernel.connection, f"return {n}", user_expressions={"n": str(n)}))
        content = json.loads(peer.receive()[5])
        assert content["user_expressions"]["n"]["data"]["text/plain"] == str(n)
        if n % 3 == 0:
            # A reply that is on its way when the owner leaves is nobody else's.
            peer.send(execute(kernel.connection, "return 'late'"))
            peer.crash()
            Peer(kernel, "shell", b"another").close()
            client.settle(client.send("kernel_info_request"))
        before = peer
    is_served(client)


def test_a_client_that_vanishes_in_the_middle_of_a_big_reply(kernel, client, chance):
    base = memory(kernel)
    client.run("big = ('0123456789'):rep(2000000)").succeeded()
    for _ in range(10):
        shell, iopub = Peer(kernel, "shell", receive_buffer=4096), Peer(kernel, "iopub", receive_buffer=4096)
        shell.send(execute(kernel.connection, "display.html(big)", user_expressions={"big": "big"}))
        chance.choice([shell, iopub]).stream.read(chance.randrange(1, 5000))
        for peer in chance.sample([shell, iopub], 2):
            chance.choice([peer.close, peer.crash])()
        is_served(client)
    client.run("big = nil collectgarbage()").succeeded()
    assert memory(kernel) - base < 64 * MIB


def test_each_question_goes_to_who_runs_the_cell(kernel, connect, chance):
    clients = [connect(kernel) for _ in range(3)]
    for n in range(40):
        running = {
            client: client.execute(f"return perilune.input('{client.session}')", allow_stdin=True)
            for client in chance.sample(clients, 3)
        }
        while running:
            # Which of them is first is for the sockets to decide.
            asked = until(lambda: [c for c in clients if c.sockets["stdin"].poll(0)], "question")
            assert len(asked) == 1, "a question to the wrong client"
            client = asked[0]
            request = running.pop(client)
            question = client.question(request)
            assert question.content["prompt"] == client.session
            for other in clients:
                if other is not client and chance.random() < 0.3:
                    other.answer(question, "an intruder's")
            answer = f"{n} of {client.session}"
            client.answer(question, answer)
            assert answer in client.settle(request).plain
