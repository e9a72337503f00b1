"""A kernel that outlives its terminal: how it starts, hears signals, ends, and what it takes."""

import json
import os
import select
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .client import Broken, Client
from .scheduling import Scheduling
from .subject import ROOT

Figure = tuple[str, float | str]

PATIENCE = 30.0


class Daemon:
    """One that was started by `perilune kernel start --daemon`, in a home of its own."""

    def __init__(self, binary: Path, home: Path, name: str):
        self.environment = os.environ | {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_STATE_HOME": str(home / "state"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        }
        command = [binary, "kernel", "start", "--daemon", "--json", "--name", name]
        began = time.monotonic()
        started = subprocess.run(command, env=self.environment, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE)
        self.started_in = time.monotonic() - began
        if started.returncode != 0:
            raise Broken(f"the daemon did not start: {started.stderr.decode()}")
        self.about = json.loads(started.stdout)
        self.pid = self.about["pid"]
        self.folder = home / "state/perilune/kernels" / name
        self.pidfd = os.pidfd_open(self.pid)

    def client(self) -> Client:
        return Client(json.loads(Path(self.about["connection_file"]).read_text()))

    def memory(self) -> dict[str, float]:
        """Megabytes (10^6) of its proportional and its resident share."""
        sizes = {}
        for line in Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()[1:]:
            name, size = line.split(":")
            sizes[name] = int(size.split()[0]) * 1024 / 1e6
        return {"pss": sizes["Pss"], "rss": sizes["Rss"]}

    def dump(self) -> float:
        """Seconds from SIGUSR2 to the file that it asks for, whole and in its place."""
        folder = self.folder / "dumps"
        before = set(os.listdir(folder)) if folder.exists() else set()
        began = time.monotonic()
        signal.pidfd_send_signal(self.pidfd, signal.SIGUSR2)
        while time.monotonic() - began < PATIENCE:
            if folder.exists() and any(name.endswith(".json") for name in set(os.listdir(folder)) - before):
                return time.monotonic() - began
            time.sleep(0.0001)
        raise Broken("SIGUSR2 had no effect")

    def stop(self) -> float:
        """Seconds from SIGTERM to the end of the process."""
        began = time.monotonic()
        signal.pidfd_send_signal(self.pidfd, signal.SIGTERM)
        if not wait_for(self.pidfd):
            raise Broken("SIGTERM had no effect")
        took = time.monotonic() - began
        os.close(self.pidfd)
        self.pidfd = -1
        return took

    def close(self) -> None:
        if self.pidfd >= 0:
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
            wait_for(self.pidfd)
            os.close(self.pidfd)


def wait_for(pidfd: int) -> bool:
    return bool(select.select([pidfd], [], [], PATIENCE)[0])


@contextmanager
def daemon(binary: Path, name: str, scheduling: Scheduling):
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="perilune-benchmark-")))
        with scheduling.kernel(pinned=False):
            process = Daemon(binary, home, name)
        stack.callback(process.close)
        yield process


def figures(binary: Path, starts: int, signals: int, scheduling: Scheduling) -> dict[str, float | str]:
    """All of a daemon's life; why there is none, if it failed."""
    try:
        return dict(life(binary, starts, signals, scheduling))
    except (Broken, OSError, subprocess.TimeoutExpired) as broken:
        return {"failed: daemon": str(broken)}


def of_the_log() -> dict[str, float | str]:
    """What rotation takes; why that is not known, if it is not."""
    try:
        return dict(rotation())
    except (Broken, OSError, ValueError) as broken:
        return {"failed: log": str(broken)}


def life(binary: Path, starts: int, signals: int, scheduling: Scheduling) -> Iterator[Figure]:
    """Start, memory, signals and end; the end saves a small session."""
    started, stopped, dumped, pss, rss = [], [], [], [], []
    for number in range(starts):
        with scheduling.client(pinned=False), daemon(binary, f"bench-{number}", scheduling) as process:
            started.append(process.started_in)
            time.sleep(0.3)
            memory = process.memory()
            pss.append(memory["pss"])
            rss.append(memory["rss"])
            # The first makes the folder, and reads code that has not run before.
            process.dump()
            for _ in range(signals):
                dumped.append(process.dump())
                # At rest again.
                time.sleep(0.02)
            with process.client() as client:
                client.ready()
                client.execute("t = {} for i = 1, 1000 do t[i] = {i} end")
            stopped.append(process.stop())
    yield "daemon_start", statistics.median(started)
    yield "daemon_stop", statistics.median(stopped)
    yield "daemon_signal_p50", statistics.median(dumped)
    yield "daemon_signal_p99", max(dumped)
    yield "daemon_pss", statistics.median(pss)
    yield "daemon_rss", statistics.median(rss)


def rotation() -> Iterator[Figure]:
    """What a line of the log takes for which the log is rotated."""
    command = ["cargo", "bench", "--quiet", "--locked", "-p", "perilune-daemon", "--bench", "rotation", "--", "--json"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if ran.returncode != 0:
        raise Broken(f"the log was not measured: {ran.stderr.strip().splitlines()[-1:]}")
    figures = json.loads(ran.stdout.strip().splitlines()[-1])
    yield "log_rotation_p50", figures["rotation_p50"]
    yield "log_rotation_p99", figures["rotation_p99"]
    yield "log_line_p50", figures["line_p50"]
