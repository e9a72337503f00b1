"""A process that is measured: its life, and what /proc and the clocks say of it."""

import os
import select
import shutil
import signal
import tempfile
import time
from pathlib import Path

from frontend import connection, write_connection_file

from .client import Broken


class Process:
    """A kernel that was just started, on ports of its own."""

    def __init__(self, command, environment: dict[str, str]):
        self.directory = Path(tempfile.mkdtemp(prefix="perilune-benchmark-"))
        self.connection = connection()
        file = self.directory / "kernel.json"
        write_connection_file(file, self.connection)
        arguments = [str(part) for part in command(file, self.connection)]
        nothing = os.open(os.devnull, os.O_RDWR)
        self.started = time.monotonic()
        self.pid = os.posix_spawn(
            arguments[0],
            arguments,
            os.environ | environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, nothing, descriptor) for descriptor in (0, 1, 2)],
            setpgroup=0,
        )
        os.close(nothing)
        self.ended: float | None = None

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_) -> None:
        if self.ended is None:
            os.killpg(self.pid, signal.SIGKILL)
            self.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def wait(self, patience: float = 30) -> float:
        """Waits for the end of the process. Returns when it ended."""
        watchdog = os.pidfd_open(self.pid)
        try:
            if not select.select([watchdog], [], [], patience)[0]:
                raise Broken("the process did not end")
            self.ended = time.monotonic()
            os.waitpid(self.pid, 0)
        finally:
            os.close(watchdog)
        return self.ended

    def cpu(self) -> float:
        """Seconds of CPU that all its threads used, also those that have ended."""
        # The clock of another process, as clock_getcpuclockid(3) makes it.
        return time.clock_gettime((~self.pid << 3) | 2)

    def memory(self) -> dict[str, float]:
        """Megabytes (10^6) of its proportional and its resident share."""
        sizes = {}
        for line in Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()[1:]:
            name, size = line.split(":")
            sizes[name] = int(size.split()[0]) * 1024 / 1e6
        return {"pss": sizes["Pss"], "rss": sizes["Rss"]}

    def interrupt(self) -> float:
        """Sends SIGINT, as Jupyter does by default. Returns when."""
        now = time.monotonic()
        os.kill(self.pid, signal.SIGINT)
        return now
