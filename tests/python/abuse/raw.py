"""A peer that speaks ZMTP 3.0 over a bare socket, well or badly."""

import json
import socket
import struct
import time
import uuid
from pathlib import Path

import psutil
from frontend import Frontend, KernelProcess, encode

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
PATIENCE = 20.0


def frame(body: bytes, more: bool = False, command: bool = False) -> bytes:
    flags = (1 if more else 0) | (4 if command else 0)
    if len(body) < 256:
        return bytes([flags, len(body)]) + body
    return bytes([flags | 2]) + struct.pack(">Q", len(body)) + body


def multipart(frames: list[bytes]) -> bytes:
    """The bytes of one message."""
    *first, last = frames
    return b"".join(frame(body, more=True) for body in first) + frame(last)


def ready(kind: str, identity: bytes = b"") -> bytes:
    body = b"\x05READY"
    for name, value in ((b"Socket-Type", kind.encode()), (b"Identity", identity)):
        body += bytes([len(name)]) + name + struct.pack(">I", len(value)) + value
    return frame(body, command=True)


def request(connection: dict, type: str, content: dict | None = None) -> bytes:
    """The bytes of a signed request."""
    header = {
        "msg_id": uuid.uuid4().hex,
        "session": "raw",
        "username": "tester",
        "date": "2026-01-01T00:00:00Z",
        "msg_type": type,
        "version": "5.5",
    }
    key = connection["key"].encode()
    return multipart(encode(key, json.dumps(header).encode(), json.dumps(content or {}).encode()))


def execute(connection: dict, code: str, **options) -> bytes:
    return request(connection, "execute_request", {"code": code, "silent": False} | options)


def plug(kernel: KernelProcess, channel: str, receive_buffer: int | None = None) -> socket.socket:
    """A TCP connection on which nothing was said yet, once the kernel listens."""
    address = ("127.0.0.1", kernel.connection[f"{channel}_port"])
    deadline = time.monotonic() + PATIENCE
    while True:
        plugged = socket.socket()
        if receive_buffer:
            plugged.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plugged.settimeout(PATIENCE)
        try:
            plugged.connect(address)
            return plugged
        except ConnectionRefusedError:
            plugged.close()
            assert time.monotonic() < deadline and kernel.process.poll() is None, "nobody listens"
            time.sleep(0.005)


class Peer:
    """One connection to one channel, beyond its handshake."""

    def __init__(self, kernel: KernelProcess, channel: str, identity: bytes = b"", receive_buffer: int | None = None):
        self.socket = plug(kernel, channel, receive_buffer)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.socket.makefile("rb")
        kind = {"iopub": "SUB", "hb": "REQ"}.get(channel, "DEALER")
        self.socket.sendall(GREETING + ready(kind, identity))
        assert len(self._exactly(64)) == 64
        flags, body = self._frame()
        assert flags == 4 and body.startswith(b"\x05READY"), body
        if channel == "iopub":
            self.socket.sendall(frame(b"\x01"))

    def _exactly(self, count: int) -> bytes:
        data = self.stream.read(count)
        if len(data) < count:
            raise ConnectionError("the kernel has closed the connection")
        return data

    def _frame(self) -> tuple[int, bytes]:
        flags, short = self._exactly(2)
        length = short
        if flags & 2:
            length = int.from_bytes(bytes([short]) + self._exactly(7))
        return flags, self._exactly(length)

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def receive(self) -> list[bytes]:
        """The frames of the next message."""
        frames = []
        while True:
            flags, body = self._frame()
            frames.append(body)
            if not flags & 1:
                return frames

    def pour(self, data: bytes) -> int:
        """Sends as much of it as the kernel takes just now; returns how much."""
        self.socket.setblocking(False)
        try:
            return self.socket.send(data)
        except BlockingIOError:
            return 0
        finally:
            self.socket.settimeout(PATIENCE)

    def close(self) -> None:
        """Leaves in order."""
        self.stream.close()
        self.socket.close()

    def crash(self) -> None:
        """Leaves as a machine does that lost its power and came back: with a reset."""
        if self.socket.fileno() >= 0:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


def memory(kernel: KernelProcess) -> int:
    """The kernel's proportional share, in bytes."""
    return psutil.Process(kernel.pid).memory_full_info().pss


def most_memory(kernel: KernelProcess) -> int:
    """The most that the kernel has ever had in memory, in bytes."""
    status = Path(f"/proc/{kernel.pid}/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM:"))


def is_served(client: Frontend) -> None:
    """A cell's way there and back, as fast as anybody may expect it on a busy machine."""
    cell = client.run("'served'", patience=5).succeeded()
    assert "served" in cell.plain
    assert cell.reply_after < 1, f"{cell.reply_after:.3f} s"
