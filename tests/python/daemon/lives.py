"""Kernels with a name, with and without a terminal's process above them, that tests send signals to."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
from frontend import Frontend, gone

from .home import PATIENCE, Home

CAUGHT = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2]


def until(condition, what: str, patience: float = PATIENCE):
    """Waits until the condition holds, and returns what it gave."""
    deadline = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < deadline, f"no {what} within {patience} s"
        time.sleep(0.002)
    return found


def mask(pid: int, field: str) -> set[int]:
    """The signals in a field of /proc/PID/status, such as SigCgt."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            bits = int(line.split()[1], 16)
            return {number for number in range(1, 65) if bits >> (number - 1) & 1}
    raise AssertionError(f"{field} of {pid}")


class Life:
    """A kernel, however it was started, and its strict client."""

    def __init__(self, home: Home, name: str, pid: int, process: subprocess.Popen | None, log: Path):
        self.home, self.name, self.pid, self.process, self.log_file = home, name, pid, process, log
        self.clients: list[Frontend] = []

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    @property
    def dumps(self) -> list[Path]:
        return sorted((self.home.folder(self.name) / "dumps").glob("dump-*.json"))

    def connect(self) -> Frontend:
        client = Frontend(json.loads(self.home.connection_file(self.name).read_text()))
        self.clients.append(client)
        return client

    def signal(self, *numbers: int) -> None:
        for number in numbers:
            os.kill(self.pid, number)

    def status(self, client: Frontend) -> dict:
        return client.ask("perilune_status_request", {}, "control").content

    def dumped(self, count: int = 1) -> dict:
        """The newest dump, once there are so many."""
        return json.loads(until(lambda: len(self.dumps) >= count and self.dumps, f"{count} dumps")[-1].read_text())

    def logged(self, words: str) -> None:
        until(lambda: words in self.log, f"{words!r} in the log")

    def ended(self) -> int | None:
        """Waits for the end. Returns the exit code where it is ours to know."""
        if self.process:
            return self.process.wait(PATIENCE)
        try:
            assert gone(psutil.Process(self.pid), PATIENCE), self.log
        except psutil.NoSuchProcess:
            pass
        return None

    def ends_with(self, code: int) -> None:
        assert self.ended() in (code, None), self.log

    def close(self) -> None:
        for client in self.clients:
            client.close()


def begin_in_front(home: Home, name: str, *arguments, **options) -> Life:
    """Starts one with `--foreground`, and does not wait for it."""
    log = home.path / f"{name}.log"
    with log.open("wb") as file:
        process = home.command(
            "kernel", "start", "--foreground", "--name", name, "--log-level", "info", *arguments,
            stdout=file, stderr=file, start_new_session=True, **options,
        )  # fmt: skip
    return Life(home, name, process.pid, process, log)
