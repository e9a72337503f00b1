"""Who is measured, and how each of them says what the others say in another language."""

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from . import native

ROOT = Path(__file__).resolve().parents[2]
MEBIBYTE = 1 << 20
LINES = 100_000


@dataclass(frozen=True)
class Words:
    """Cells that do the same in each language."""

    nothing: str
    failure: str
    lines: str
    # Makes the text that is then written, which is the language's work and not the kernel's.
    mebibyte: str
    mebibyte_out: str
    comment: str
    spin: str | None
    prefix: str = "pri"
    # Makes 10,000 globals; and what is then asked for.
    many_globals: str | None = None
    among_many: tuple[str, ...] = ()

    @property
    def completions_among_many(self) -> list[dict]:
        return [{"code": code, "cursor_pos": len(code)} for code in self.among_many]

    @property
    def completion(self) -> dict:
        return {"code": self.prefix, "cursor_pos": len(self.prefix)}

    @property
    def mebibyte_in(self) -> str:
        """Code that costs the language next to nothing."""
        return f"{self.comment} {'x' * MEBIBYTE}"


@dataclass(frozen=True)
class Subject:
    name: str
    command: Callable[[Path, dict], list]
    words: Words
    environment: dict[str, str] = field(default_factory=dict)
    # Starts in a round: enough for a median, few where one takes half a second.
    starts: int = 5


LUA = Words(
    nothing="x = 1",
    failure='error("no")',
    lines=f"for i = 1, {LINES} do print(i) end",
    mebibyte=f'mebibyte = ("x"):rep({MEBIBYTE})',
    mebibyte_out="io.write(mebibyte)",
    comment="--",
    spin="while true do end",
    many_globals='for i = 1, 10000 do _G["global_" .. i] = {field = i} end',
    among_many=(
        "g",
        "global_99",
        "local t = {alpha = 1, beta = function(x) end}\nt.",
        "---@param s string\nlocal function f(s)\n  s:re",
        "",
    ),
)
PYTHON = Words(
    nothing="x = 1",
    failure='raise ValueError("no")',
    lines=f"for i in range({LINES}): print(i)",
    mebibyte=f'mebibyte = "x" * {MEBIBYTE}',
    mebibyte_out='print(mebibyte, end="")',
    comment="#",
    spin="while True: pass",
)
CANNED = Words(
    nothing="x = 1",
    failure="x = 1",
    lines="lines ",
    mebibyte="x = 1",
    mebibyte_out="mebibyte ",
    comment="--",
    spin=None,
)


def perilune(name: str, binary: Path) -> Subject:
    def command(file: Path, _):
        return [binary, "kernel", "start", "--connection-file", file]

    return Subject(name, command, LUA, {"JPY_PARENT_PID": str(os.getpid())})


def ipykernel() -> Subject:
    def command(file: Path, _):
        return [sys.executable, "-m", "ipykernel_launcher", "-f", file]

    return Subject("ipykernel", command, PYTHON, starts=1)


def echo() -> Subject:
    program = native.echo()

    def command(_, connection: dict):
        ports = (connection[f"{channel}_port"] for channel in ("shell", "iopub", "stdin", "control", "hb"))
        return [program, *(f"tcp://127.0.0.1:{port}" for port in ports)]

    return Subject("echo", command, CANNED)
