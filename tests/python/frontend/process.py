"""The kernel's process, launched as a Jupyter client launches one."""

import json
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psutil

# Ports below the range that the system hands out by itself, a stretch of it for each process, so
# that nobody takes one between our choosing it and the kernel's binding it.
_FIRST = 10_000 + os.getpid() % 200 * 100
_next_port = _FIRST


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    global _next_port
    while True:
        port = _next_port
        _next_port = _FIRST + (port + 1 - _FIRST) % 100
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


CHANNELS = ("shell", "iopub", "stdin", "control", "hb")


def connection(transport: str = "tcp", directory: Path | None = None, **other) -> dict:
    """What a connection file holds, as Jupyter writes it; `other` replaces fields."""
    if transport == "ipc":
        ip, ports = str(directory / "ipc"), {name: at for at, name in enumerate(CHANNELS, 1)}
    else:
        ip, ports = "127.0.0.1", {name: free_port() for name in CHANNELS}
    return {
        "transport": transport,
        "ip": ip,
        **{f"{name}_port": port for name, port in ports.items()},
        "key": secrets.token_hex(16),
        "signature_scheme": "hmac-sha256",
        "kernel_name": "lua",
    } | other


def write_connection_file(path: Path, content: dict) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file)


class KernelProcess:
    """A running `perilune kernel start` and the connection file it was given."""

    def __init__(
        self,
        binary: Path,
        transport: str = "tcp",
        arguments: tuple[str, ...] = (),
        environment: dict[str, str | None] | None = None,
        prefix: list[str] | None = None,
        **connection_fields,
    ):
        # Not pytest's tmp_path: with that, the names of the sockets get too long.
        self._directory = tempfile.TemporaryDirectory(prefix="perilune-")
        self.directory = Path(self._directory.name)
        self.connection_file = self.directory / "kernel.json"
        self.connection = connection(transport, self.directory, **connection_fields)
        write_connection_file(self.connection_file, self.connection)
        # Of its own, unless the test says another.
        self.history = self.directory / "history.sqlite"
        self.log = self.directory / "log"
        variables = os.environ | {"JPY_PARENT_PID": str(os.getpid()), "PERILUNE_HISTORY": str(self.history)}
        variables |= environment or {}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*(prefix or []), binary, "kernel", "start", "--connection-file", self.connection_file, *arguments],
                env={name: value for name, value in variables.items() if value is not None},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.directory,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def interrupt(self) -> None:
        """What a client does whose kernelspec says `interrupt_mode: signal`."""
        os.killpg(self.pid, signal.SIGINT)

    def wait(self, seconds: float) -> int:
        """The exit code of a process that is expected to end by itself."""
        return self.process.wait(seconds)

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.pid).children(recursive=True)

    def wait_for_child(self, name: str, seconds: float = 10) -> psutil.Process:
        """The descendant process of that name, as soon as it runs."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for child in self.children():
                try:
                    if child.name() == name:
                        return child
                except psutil.NoSuchProcess:
                    continue
            time.sleep(0.01)
        raise AssertionError(f"no child named {name} within {seconds} s")

    def close(self) -> None:
        """Ends the process the hard way, if it still runs, and removes what it left."""
        if self.process.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
            self.process.wait()
        self._directory.cleanup()


def gone(process: psutil.Process, seconds: float) -> bool:
    """Whether a process ends within that time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.01)
    return False
