"""`perilune repl` in a terminal that answers at once: how soon a prompt is there."""

import os
import pty
import select
import signal
import statistics
import time
from pathlib import Path

from .measures import percentile

# What the line editor asks before it draws: where the cursor is.
QUESTION, ANSWER = b"\x1b[6n", b"\x1b[1;1R"
CELLS = 200
PATIENCE = 30.0


class Session:
    """A session, and its terminal."""

    def __init__(self, binary: Path):
        self.seen = b""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            environment = os.environ | {"TERM": "xterm-256color"}
            os.execve(binary, ["perilune", "repl", "--quiet"], environment)

    def until_prompt(self, number: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while b"%d> " % number not in self.seen:
            ready, _, _ = select.select([self.terminal], [], [], PATIENCE)
            if not ready or time.monotonic() > deadline:
                raise SystemExit(f"no prompt came: {self.seen[-200:]!r}")
            data = os.read(self.terminal, 1 << 16)
            os.write(self.terminal, ANSWER * data.count(QUESTION))
            self.seen += data

    def enter(self, number: int) -> float:
        """Seconds from Enter to the prompt of that number. The cell is typed before."""
        self.seen = b""
        os.write(self.terminal, b"x = 1")
        # Its last character is drawn.
        while b"1\x1b" not in self.seen and not self.seen.endswith(b"1"):
            self.seen += os.read(self.terminal, 1 << 16)
        self.seen = b""
        began = time.perf_counter()
        os.write(self.terminal, b"\r")
        self.until_prompt(number)
        return time.perf_counter() - began

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


def figures(binary: Path) -> dict[str, float]:
    began = time.perf_counter()
    session = Session(binary)
    try:
        session.until_prompt(1)
        start = time.perf_counter() - began
        times = [session.enter(number) for number in range(2, CELLS + 2)]
    finally:
        session.close()
    return {
        "prompt_start": start,
        "prompt_p50": statistics.median(times),
        "prompt_p99": percentile(times, 0.99),
    }
