"""The C part: the echo, and the timed part of the client, built where the rest is built."""

import ctypes
import os
import subprocess
from pathlib import Path

SOURCES = Path(__file__).parent / "native"
TARGET = Path(os.environ["PERILUNE_BINARY"]).parent.parent / "benchmark"

BUSY, REPLY, IDLE = 1, 2, 4
CHANNELS = ("shell", "iopub", "control", "hb")
PREFIX = 24


class Outcome(ctypes.Structure):
    """When what happened to a request, in seconds of the monotonic clock; 0 for what did not."""

    _fields_ = [
        ("sent", ctypes.c_double),
        ("busy", ctypes.c_double),
        ("replied", ctypes.c_double),
        ("idle", ctypes.c_double),
        ("ok", ctypes.c_int32),
        ("padding", ctypes.c_int32),
    ]


class Totals(ctypes.Structure):
    """What came over iopub."""

    _fields_ = [
        ("messages", ctypes.c_int64),
        ("bytes", ctypes.c_int64),
        ("lines", ctypes.c_int64),
        ("foreign", ctypes.c_int64),
    ]


def build(name: str, *options: str) -> Path:
    """Compiles a source, unless it is older than what was made of it."""
    source, made = SOURCES / f"{name}.c", TARGET / name
    if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
        TARGET.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", *options, "-o", made, source, "-lzmq", "-pthread"], check=True)
    return made


def echo() -> Path:
    """The program that answers with canned messages."""
    return build("echo")


def client() -> ctypes.CDLL:
    """The functions of the client."""
    library = ctypes.CDLL(str(build("client", "-shared", "-fPIC")))
    pointer, integer, number = ctypes.c_void_p, ctypes.c_int64, ctypes.c_double
    outcomes, totals = ctypes.POINTER(Outcome), ctypes.POINTER(Totals)
    signatures = {
        "client_open": (pointer, ctypes.c_char_p * len(CHANNELS), ctypes.c_char_p),
        "client_close": (None, pointer),
        "client_send": (None, pointer, ctypes.c_int, ctypes.c_char_p),
        "client_send_all": (None, pointer, ctypes.c_int, ctypes.c_char_p, integer, outcomes),
        "client_receive": (integer, pointer, ctypes.c_int, integer, integer, number, outcomes, totals),
        "client_take_turns": (
            *(integer, pointer, ctypes.c_int, ctypes.c_char_p),
            *(integer, integer, number, number, outcomes, totals),
        ),
        "client_beat": (integer, pointer, integer, number, ctypes.POINTER(number)),
        "knock": (ctypes.c_int, ctypes.c_int, number),
    }
    for name, (result, *arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
