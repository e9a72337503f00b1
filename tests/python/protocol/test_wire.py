"""Frames, signatures and headers: nothing is parsed before the signature, nothing trusted after."""

import json
import os
import uuid

import pytest
import zmq
from frontend import DELIMITER, decode, encode, sign


def execute_frames(client, code: str, key: bytes | None = None, **other) -> list[bytes]:
    content = json.dumps({"code": code, "silent": False}).encode()
    header = json.dumps(client.header("execute_request")).encode()
    return encode(client.key if key is None else key, header, content, **other)


def defined(client, name: str) -> bool:
    """Whether a cell has set a global."""
    return client.run(f"print({name} ~= nil)").succeeded().text() == "true\n"


@pytest.mark.parametrize("forge", ["another key", "no signature", "half a signature", "one bit"])
def test_a_wrong_signature_has_no_effect_at_all(client, forge):
    """Reference system, defect 10: signatures were never checked, so anybody could run code."""
    frames = execute_frames(client, "forged = 1", key=b"guess" if forge == "another key" else None)
    signature = frames[1]
    frames[1] = {
        "another key": signature,
        "no signature": b"",
        "half a signature": signature[:32],
        "one bit": bytes([signature[0] ^ 1]) + signature[1:],
    }[forge]
    client.send_frames(frames)
    client.send_frames(frames, "control")
    assert not defined(client, "forged")
    client.drain()
    assert client.seen(frames) == [], "no busy, no error, nothing"


def test_a_replayed_message_is_refused(client):
    """ark, evcxr, xeus-lua, ILua and deno run it again."""
    frames = execute_frames(client, "times = (times or 0) + 1")
    request = client.send_frames(frames)
    client.settle(request)
    for _ in range(3):
        client.send_frames(frames)
    assert client.run("print(times)").text() == "1\n"


def test_a_message_refused_for_its_signature_is_not_a_replay_when_it_comes_right(client):
    """Only what was verified is remembered; ipykernel remembers first and verifies then."""
    frames = execute_frames(client, "honest = 1")
    forged = [*frames[:5], b'{"code": "honest = 2"}']
    client.send_frames(forged)
    client.send_frames(frames)
    assert client.run("print(honest)").text() == "1\n"


def test_buffers_are_outside_the_signature(client):
    """ark and evcxr sign them too and refuse every message that has some."""
    frames = execute_frames(client, "buffered = 1", buffers=[b"one", b"", os.urandom(100_000)])
    client.send_frames(frames)
    assert defined(client, "buffered")


GARBAGE = {
    "nothing": [b""],
    "no delimiter": [b"one", b"two", b"three"],
    "the delimiter alone": [DELIMITER],
    "the delimiter last": [b"x", DELIMITER],
    "a signature and no more": [DELIMITER, b"0" * 64],
    "four frames": [DELIMITER, b"0" * 64, b"{}", b"{}"],
    "bytes that are no text": [DELIMITER, b"\xff" * 64, b"\xff", b"\xfe", b"\x00", b"\x80"],
    "many frames": [b"x"] * 2000,
    "a megabyte": [DELIMITER, b"0" * 64, os.urandom(1 << 20), b"{}", b"{}", b"{}"],
}


@pytest.mark.parametrize("channel", ["shell", "control", "stdin"])
@pytest.mark.parametrize("frames", GARBAGE.values(), ids=GARBAGE)
def test_frames_of_garbage_do_no_harm(client, channel, frames):
    """evcxr, xeus and ark panic or read beyond a buffer, before any signature."""
    for _ in range(3):
        client.throw(frames, channel)
    assert client.run("'alive'").succeeded().result
    assert client.ask("kernel_info_request", {}, "control").content["status"] == "ok"


@pytest.mark.parametrize(
    "parts",
    [
        [b"", b"", b"", b""],
        [b"{", b"{}", b"{}", b"{}"],
        [b"[]", b"[]", b"[]", b"[]"],
        [b"null", b"null", b"null", b"null"],
        [b"{}", b"{}", b"{}", b"{}"],
        [b'{"msg_type": 5}', b"{}", b"{}", b"{}"],
        [b"[" * 100_000, b"{}", b"{}", b"{}"],
        [b"\xff\xfe", b"{}", b"{}", b"{}"],
    ],
    ids=["empty", "half an object", "arrays", "nulls", "no fields", "wrong types", "deep", "not UTF-8"],
)
def test_signed_nonsense_does_no_harm(client, parts):
    client.throw([DELIMITER, sign(client.key, parts), *parts])
    assert client.run("'alive'").succeeded().result


@pytest.mark.parametrize("content", [b"[]", b"null", b"{", b'"text"', b"\xff", b"[" * 50_000])
def test_a_good_header_with_bad_content_is_busy_error_idle(client, content):
    parts = [json.dumps(client.header("execute_request")).encode(), b"{}", b"{}", content]
    refused = client.settle(client.send_frames([DELIMITER, sign(client.key, parts), *parts]))
    assert refused.content["status"] == "error"
    assert client.run("'alive'").succeeded().result


HEADERS = {
    "spaces": b'{ "msg_id" : "%s",  "msg_type":"execute_request" ,"session": "s", "username":"u", "version":"5.3", "date": "2026-01-01T00:00:00Z" }',
    "unknown keys": b'{"msg_id":"%s","msg_type":"execute_request","session":"s","username":"u","version":"5.5","date":"2026-01-01T00:00:00Z","subshell_id":null,"vendor":{"a":[1,2.50,1e400]}}',
    "escapes": b'{"msg_id":"%s","msg_type":"execute_request","session":"\\u0073","username":"\\u00e9\\ud83c\\udf19","version":"5.3","date":"2026-01-01T00:00:00.000000+00:00"}',
    "line breaks": b'{\n\t"msg_id": "%s",\r\n\t"msg_type": "execute_request",\n"session":"s","username":"u","version":"5.3","date":"x"}',
    "doubled keys": b'{"msg_id":"%s","a":1,"a":2,"msg_type":"execute_request","session":"s","username":"u","version":"5.3","date":"x"}',
    "no date": b'{"msg_id":"%s","msg_type":"execute_request","session":"s","username":"u","version":"5.3"}',
    "a null date": b'{"msg_id":"%s","msg_type":"execute_request","session":"s","username":"u","version":"5.3","date":null}',
    "nothing but what is needed": b'{"msg_id":"%s","msg_type":"execute_request"}',
    "large numbers": b'{"msg_id":"%s","msg_type":"execute_request","session":"s","n":123456789012345678901234567890,"z":-0.0,"version":"5.3"}',
}


@pytest.mark.parametrize("template", HEADERS.values(), ids=HEADERS)
def test_the_parent_header_is_echoed_byte_by_byte(client, template):
    """Unknown keys and odd formatting survive. The client compares the bytes of every message."""
    raw = template % uuid.uuid4().hex.encode()
    cell = client.settle(client.send("execute_request", {"code": "print 'x'\n1"}, raw_header=raw)).succeeded()
    assert [m.raw_parent for m in (*cell.iopub, cell.reply)] == [raw] * 6


def test_the_identity_is_the_clients_own_whatever_it_is(kernel, connect):
    """Reference system, defect 1: every reply went to one hard-coded identity."""
    for identity in (b"a", b"\x01" * 255, b"\xff\xfe", "ünïcödé".encode()):
        client = connect(kernel, identity=identity)
        assert client.run("1").plain == "1"
        client.close()


def test_identities_of_several_frames_are_kept_whole(client):
    """A client behind a proxy has more than one; the reply finds the way back through all."""
    frames = execute_frames(client, "2")
    client.sockets["shell"].send_multipart([b"hop", b"", b"hop two", *frames])
    assert client.sockets["shell"].poll(10_000)
    message = decode(client.key, client.sockets["shell"].recv_multipart())
    assert message.identities == [b"hop", b"", b"hop two"]
    assert message.type == "execute_reply"


def test_iopub_messages_have_topic_delimiter_and_signature(client):
    """Reference system, defects 3 and 12: one unsigned JSON blob; the delimiter first, buffers a
    JSON frame. The client checks each frame of each message; here is what it must have seen."""
    cell = client.run("print 'x'").succeeded()
    for message in cell.iopub:
        assert len(message.identities) == 1 and message.identities[0]
        assert len(message.signature) == 64


def test_the_session_is_the_kernels_own(client):
    """Reference system, defect 11; evcxr and runtimed copy the client's too."""
    client.run("1")
    assert client.kernel_session not in (None, client.session)


def test_the_session_differs_from_kernel_to_kernel(start, connect):
    first, second = connect(start()), connect(start())
    first.run("1"), second.run("1")
    assert first.kernel_session != second.kernel_session


def test_message_ids_are_unique(client):
    cell = client.run("for i = 1, 50 do display(i) end").succeeded()
    ids = [m.header["msg_id"] for m in (*cell.iopub, cell.reply)]
    assert len(ids) == len(set(ids)) >= 50


def test_dates_are_times_that_python_understands(client):
    """ark and evcxr write nine fractional digits, which jupyter_client leaves a string."""
    from jupyter_client.jsonutil import parse_date
    from datetime import UTC, datetime, timedelta

    cell = client.run("print 'x'")
    for message in (*cell.iopub, cell.reply):
        date = parse_date(message.header["date"])
        assert abs(datetime.now(UTC) - date) < timedelta(minutes=1)


def test_a_client_that_left_before_its_reply_is_no_trouble(kernel, client, connect):
    """jupyter_server asks for kernel_info on a passing socket and closes it."""
    for _ in range(20):
        passing = connect(kernel, welcome=False)
        passing.send("kernel_info_request")
        passing.execute("1")
        passing.close()
    assert client.run("'alive'").succeeded().result


def test_a_client_comes_back_with_the_same_identity(kernel, connect):
    first = connect(kernel, identity=b"me")
    assert first.run("x = 1\nx").plain == "1"
    first.close()
    second = connect(kernel, identity=b"me")
    assert second.run("x").plain == "1"


def test_a_client_takes_over_an_identity_still_connected(kernel, connect):
    """ROUTER_HANDOVER: a front end that reconnects through a new socket is heard, not ignored."""
    first = connect(kernel, identity=b"me")
    first.run("x = 1")
    second = connect(kernel, identity=b"me")
    assert second.run("x").plain == "1"


def test_without_a_key_nothing_is_signed_and_nothing_checked(start, connect):
    client = connect(start(key=""))
    cell = client.run("print 'open'").succeeded()
    assert {m.signature for m in (*cell.iopub, cell.reply)} == {b""}


def test_the_key_is_taken_literally(start, connect):
    """It looks like hex or a uuid, and is neither."""
    for key in ("a0436f6c-1916-498b-8eb9-e81ab9368e84", "ünïcödé 🌙", "00"):
        assert connect(start(key=key)).run("1").plain == "1"


def test_ports_may_be_strings(start, connect, monkeypatch):
    from frontend import connection

    wanted = connection()
    kernel = start(**{k: str(v) if k.endswith("_port") else v for k, v in wanted.items()})
    assert connect(kernel).run("1").plain == "1"


def test_raw_sockets_of_libzmq_agree(kernel, client):
    """Reference system: "validated by raw ZeroMQ" looked at kernel_info_reply and nothing else."""
    socket = client.context.socket(zmq.DEALER)
    socket.linger = 0
    socket.connect(client.endpoint("shell"))
    frames = execute_frames(client, "40 + 2")
    socket.send_multipart(frames)
    assert socket.poll(10_000)
    reply = decode(client.key, socket.recv_multipart())
    socket.close()
    assert reply.raw_parent == frames[2]
    assert reply.content["status"] == "ok"
