"""A way to a kernel that can be cut."""

import json
import selectors
import socket
import struct
import threading
from pathlib import Path

PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")


class Proxy:
    """Ports that lead elsewhere, until they are cut."""

    def __init__(self, targets: list[tuple[str, int]]):
        self._targets: dict[socket.socket, tuple[str, int]] = {}
        self._selector = selectors.DefaultSelector()
        self._peers: dict[socket.socket, socket.socket] = {}
        self._lock = threading.Lock()
        self.is_open = True
        self.cuts = 0
        for target in targets:
            listener = socket.create_server(("127.0.0.1", 0))
            self._targets[listener] = target
            self._selector.register(listener, selectors.EVENT_READ)
        self.ports = [listener.getsockname()[1] for listener in self._targets]
        self._ended = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @classmethod
    def of_kernel(cls, connection_file: Path, own_file: Path) -> "Proxy":
        """One that leads to a kernel; what connects to it is written into a file of its own."""
        connection = json.loads(connection_file.read_text())
        proxy = cls([(connection["ip"], connection[name]) for name in PORTS])
        own_file.write_text(json.dumps(connection | dict(zip(PORTS, proxy.ports))))
        own_file.chmod(0o600)
        proxy.connection_file = own_file
        return proxy

    def cut(self) -> None:
        """Resets every connection, as a network does that forgets them."""
        with self._lock:
            self.cuts += 1
            for end in list(self._peers):
                self._reset(end)

    def close(self) -> None:
        self._ended = True
        self._thread.join(10)
        self.cut()
        for listener in self._targets:
            listener.close()

    def _reset(self, end: socket.socket) -> None:
        for side in (end, self._peers.pop(end, None)):
            if side is None or side.fileno() < 0:
                continue
            self._peers.pop(side, None)
            self._selector.unregister(side)
            side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            side.close()

    def _serve(self) -> None:
        while not self._ended:
            for key, _ in self._selector.select(0.05):
                with self._lock:
                    self._move(key.fileobj)

    def _move(self, ready: socket.socket) -> None:
        if ready in self._targets:
            near, _ = ready.accept()
            if not self.is_open:
                near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                near.close()
                return
            far = socket.create_connection(self._targets[ready])
            for one, other in ((near, far), (far, near)):
                self._peers[one] = other
                self._selector.register(one, selectors.EVENT_READ)
            return
        if ready not in self._peers:
            return
        try:
            data = ready.recv(1 << 16)
            if data:
                self._peers[ready].sendall(data)
                return
        except OSError:
            pass
        self._reset(ready)
