"""Peers that mean no good. Whoever means well is served meanwhile, and memory stays bounded."""

import itertools
import json
import time
import uuid

import pytest
from frontend import DELIMITER, encode, sign

from .raw import GREETING, Peer, execute, frame, is_served, memory, most_memory, multipart, plug, ready, request

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
MIB = 1 << 20


def damaged(chance, good: bytes) -> bytes:
    """Good bytes that something happened to."""
    bad = bytearray(good)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(bad))
        match chance.randrange(4):
            case 0:
                bad[at] ^= 1 << chance.randrange(8)
            case 1:
                bad[at:at] = chance.randbytes(chance.randint(1, 20))
            case 2:
                del bad[at : at + chance.randint(1, 20)]
                bad = bad or bytearray(b"\0")
            case 3:
                bad[at : at + 8] = chance.choice([2**40, 2**62, 2**63, 2**64 - 1]).to_bytes(8)
    return bytes(bad)


def test_garbage_on_every_socket_at_every_point_of_a_conversation(kernel, client, chance):
    """Random bytes, and good ones that were flipped, cut, doubled or given endless lengths."""
    for n in range(600):
        channel = chance.choice(CHANNELS)
        good = GREETING + ready("DEALER" if channel != "iopub" else "SUB") + execute(kernel.connection, "harm = 1")
        bad = chance.choice([lambda: damaged(chance, good), lambda: chance.randbytes(chance.randrange(2000))])()
        peer = plug(kernel, channel)
        try:
            # In pieces, so that the kernel stops at any point of it.
            cut = chance.randrange(len(bad) + 1)
            peer.sendall(bad[:cut])
            peer.sendall(bad[cut:])
        except (BrokenPipeError, ConnectionResetError):
            pass
        peer.close()
        if n % 20 == 0:
            is_served(client)
    client.foreign.clear()
    assert memory(kernel) < 40 * MIB


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("length", [2**40, 2**62, 2**63, 2**64 - 1], ids=["2^40", "2^62", "2^63", "2^64-1"])
def test_a_frame_may_claim_any_length(kernel, client, channel, length):
    """The crate zeromq reserves it, and the process is gone."""
    for flags in (2, 3, 6):
        peer = Peer(kernel, channel)
        peer.send(bytes([flags]) + length.to_bytes(8))
        # Its end, maybe with a reason before.
        try:
            while peer.stream.read(1000):
                pass
        except ConnectionResetError:
            pass
        peer.close()
    is_served(client)
    assert memory(kernel) < 40 * MIB


def test_truncated_messages_are_never_acted_on(kernel, client, chance):
    whole = execute(kernel.connection, "harm = (harm or 0) + 1")
    for n in range(300):
        peer = Peer(kernel, chance.choice(["shell", "control"]))
        peer.send(whole[: chance.randrange(len(whole))])
        chance.choice([peer.close, peer.crash])()
        if n % 20 == 0:
            is_served(client)
    assert client.run("print(harm)").text() == "nil\n"


def test_wrong_and_replayed_signatures_by_the_thousand(kernel, client, chance):
    good = encode(
        client.key,
        json.dumps(client.header("execute_request")).encode(),
        b'{"code": "times = (times or 0) + 1"}',
    )
    forged = [DELIMITER, b"0" * 64, *good[2:]]
    client.settle(client.send_frames(good))
    peers = [Peer(kernel, "shell"), Peer(kernel, "control"), Peer(kernel, "stdin")]
    for _ in range(100):
        batch = b"".join(multipart(chance.choice([good, forged])) for _ in range(100))
        chance.choice(peers).send(batch)
        is_served(client)
    assert client.run("print(times)").text() == "1\n"
    assert memory(kernel) < 40 * MIB


DEEP = 100_000
HUGE = 30 * MIB
CONTENT = {
    "deep arrays": b'{"code": "1", "extra": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"code": ' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}",
    "deep and cut off": b'{"code": "1", "extra": ' + b"[" * DEEP,
    "huge text": b'{"code": "1 --' + b"x" * HUGE + b'"}',
    "a huge array": b'{"code": "1", "extra": [' + b"1," * (HUGE // 2) + b"1]}",
    "a huge number": b'{"code": "1", "extra": ' + b"9" * MIB + b"}",
    "invalid UTF-8": b'{"code": "return \'\xff\xfe\xc0\x80\'"}',
    "an overlong character": b'{"code": "return \'\xc0\xaf\'"}',
    "a lone surrogate": b'{"code": "return \'\\ud800\'"}',
    "a lone surrogate in a key": b'{"code": "1", "\\udfff": 1}',
    "surrogates in the wrong order": b'{"code": "return \'\\udf19\\ud83c\'"}',
    "encoded surrogates": b'{"code": "return \'\xed\xa0\x80\'"}',
    "a zero": b'{"code": "return \'\\u0000\'"}',
    "a code that is a number": b'{"code": 5}',
    "a code twice": b'{"code": "1", "code": "2"}',
    "nothing": b"",
}


TYPES = {
    "shell": ("execute_request", "complete_request", "inspect_request", "is_complete_request", "history_request"),
    "control": ("kernel_info_request", "interrupt_request", "usage_request"),
}


@pytest.mark.parametrize("channel", TYPES)
@pytest.mark.parametrize("content", CONTENT.values(), ids=CONTENT)
def test_any_content_is_busy_reply_idle(kernel, client, content, channel):
    for type in TYPES[channel]:
        parts = [json.dumps(client.header(type)).encode(), b"{}", b"{}", content]
        sent = client.send_frames([DELIMITER, sign(client.key, parts), *parts], channel)
        assert client.settle(sent).content["status"]
    is_served(client)
    assert most_memory(kernel) < 256 * MIB


@pytest.mark.parametrize("part", ["header", "parent", "metadata"])
@pytest.mark.parametrize("content", CONTENT.values(), ids=CONTENT)
def test_any_json_elsewhere_does_no_harm(kernel, client, content, part):
    """A header without an id, and a message that cannot be named, have no reply."""
    parts = {"header": json.dumps(client.header("kernel_info_request")).encode(), "parent": b"{}", "metadata": b"{}"}
    if part == "header" and content.startswith(b"{"):
        content = parts["header"][:-1] + b"," + content[1:]
    parts[part] = content
    signed = [*parts.values(), b"{}"]
    for channel in ("shell", "control"):
        peer = Peer(kernel, channel)
        peer.send(multipart([DELIMITER, sign(client.key, signed), *signed]))
        is_served(client)
        peer.close()
    assert memory(kernel) < 256 * MIB


def flood(peers: list[Peer], next_batch, probe, seconds: float) -> int:
    """Pours into connections that nobody reads from; returns how many bytes were taken."""
    waiting = {peer: b"" for peer in peers}
    poured, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(20):
            for peer in peers:
                data = waiting[peer] or next_batch()
                count = peer.pour(data)
                poured += count
                waiting[peer] = data[count:]
        probe()
    return poured


KINDS = {
    "forged": lambda connection: multipart(encode(b"guess", b'{"msg_id": "%s"}' % uuid.uuid4().hex.encode(), b"{}")),
    "kernel_info": lambda connection: request(connection, "kernel_info_request"),
    "execute": lambda connection: execute(connection, "1"),
    "complete": lambda connection: request(connection, "complete_request", {"code": "str", "cursor_pos": 3}),
}


@pytest.mark.parametrize("channel", ["shell", "control"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_flood_without_reading_leaves_the_others_served(kernel, kind, channel):
    """The flooding peers never take a reply, and send as much as they can."""
    flooding = [Peer(kernel, channel, receive_buffer=4096) for _ in range(3)]
    # Without iopub, where it would hear of every request of the flood and measure Python.
    healthy = Peer(kernel, "shell", b"healthy")
    control = Peer(kernel, "control", b"healthy")
    slowest, most = {"cell": 0.0, "control": 0.0}, 0

    def probe():
        nonlocal most
        for name, peer, data in (
            ("cell", healthy, execute(kernel.connection, "return 'served'")),
            ("control", control, request(kernel.connection, "kernel_info_request")),
        ):
            began = time.monotonic()
            peer.send(data)
            assert b'"status":"ok"' in peer.receive()[5]
            slowest[name] = max(slowest[name], time.monotonic() - began)
        most = max(most, memory(kernel))

    batches = [b"".join(KINDS[kind](kernel.connection) for _ in range(500)) for _ in range(60)]
    poured = flood(flooding, itertools.cycle(batches).__next__, probe, 1.5)
    times = ", ".join(f"{name} {seconds * 1e3:.0f} ms" for name, seconds in slowest.items())
    print(f"{poured / MIB:.0f} MiB poured, {most / MIB:.0f} MiB at most, slowest {times}")
    assert poured > 100_000
    assert slowest["control"] < 1
    # What a client with the key has queued is run in the order it came, and takes its time.
    assert slowest["cell"] < (1 if kind in ("forged", "kernel_info") else 10)
    assert most < 300 * MIB
