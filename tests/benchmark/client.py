"""A client with nothing in the timed path but libzmq: messages are made and signed before."""

import ctypes
import json
import secrets
import struct
import time
from dataclasses import dataclass

from frontend import encode

from . import native

SILENCE = 10.0


class Broken(Exception):
    """A kernel did not do what every kernel does."""


@dataclass
class Answers:
    """What came of a batch of requests, in order."""

    outcomes: list[native.Outcome]
    asked: int
    totals: native.Totals

    @property
    def to_reply(self) -> list[float]:
        return [o.replied - o.sent for o in self.outcomes]

    @property
    def to_idle(self) -> list[float]:
        """To the idle, or the reply where that comes last."""
        return [max(o.idle, o.replied) - o.sent for o in self.outcomes]

    @property
    def lasted(self) -> float:
        """From the first request sent to the last message that came."""
        return max(max(o.idle, o.replied) for o in self.outcomes) - self.outcomes[0].sent

    @property
    def without_idle(self) -> int:
        return self.asked - sum(o.idle > 0 for o in self.outcomes)

    @property
    def without_reply(self) -> int:
        return self.asked - sum(o.replied > 0 for o in self.outcomes)


class Client:
    """One client with its sockets, connected to a kernel that listens."""

    def __init__(self, connection: dict):
        self.library = native.client()
        self.key = connection["key"].encode()
        self.session = secrets.token_hex(16)
        self.prefix = secrets.token_hex(native.PREFIX // 2)
        self.next = 0
        self.totals = native.Totals()
        names = [f"tcp://127.0.0.1:{connection[f'{name}_port']}".encode() for name in native.CHANNELS]
        endpoints = (ctypes.c_char_p * len(names))(*names)
        self.pointer = self.library.client_open(endpoints, self.prefix.encode())
        if not self.pointer:
            raise Broken("the client could not be opened")

    def close(self) -> None:
        if self.pointer:
            self.library.client_close(self.pointer)
            self.pointer = None

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    # Making messages

    def batch(self, type: str, contents: list[dict]) -> tuple[int, bytes]:
        """Messages as bytes for the C part, and the number of the first."""
        first, made = self.next, []
        for content in contents:
            header = {
                "msg_id": f"{self.prefix}{self.next:08}",
                "session": self.session,
                "username": "benchmark",
                "date": "2026-01-01T00:00:00.000000Z",
                "msg_type": type,
                "version": "5.5",
            }
            frames = encode(self.key, json.dumps(header).encode(), json.dumps(content).encode())
            made.append(struct.pack("=I", len(frames)))
            made += [part for frame in frames for part in (struct.pack("=I", len(frame)), frame)]
            self.next += 1
        return first, b"".join(made)

    @staticmethod
    def cell(code: str) -> dict:
        """The content of an execute_request, the code first, where the echo looks for it."""
        return {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }

    # Asking

    def ready(self) -> None:
        """Waits until iopub is subscribed: until the idle of a request arrives."""
        deadline = time.monotonic() + SILENCE
        while time.monotonic() < deadline:
            first, message = self.batch("kernel_info_request", [{}])
            self.library.client_send(self.pointer, 0, message)
            outcome = native.Outcome()
            if self._receive(native.REPLY | native.IDLE, first, 1, 0.1, outcome) == 1:
                # What earlier requests left would be taken for answers to the next.
                self._receive(native.IDLE, self.next, 1, 0.05, native.Outcome())
                self.totals = native.Totals()
                return
        raise Broken("no idle reached the client")

    def take_turns(self, type: str, contents: list[dict], channel: str = "shell", budget: float = 60) -> Answers:
        """One request after the other, each to its reply and idle, as far as the budget goes."""
        first, batch = self.batch(type, contents)
        outcomes = (native.Outcome * len(contents))()
        self.totals = native.Totals()
        done = self.library.client_take_turns(
            self.pointer,
            native.CHANNELS.index(channel),
            batch,
            first,
            len(contents),
            budget,
            SILENCE,
            outcomes,
            self.totals,
        )
        if done == 0:
            raise Broken(f"{type}: reply or idle did not come")
        return Answers(outcomes[:done], done, self.totals)

    def reply(
        self, type: str, content: dict, channel: str = "shell", silence: float = SILENCE
    ) -> native.Outcome:
        """One request to its reply alone, for clients that are not subscribed yet, or not patient."""
        first, message = self.batch(type, [content])
        outcome = native.Outcome()
        self.library.client_send_all(self.pointer, native.CHANNELS.index(channel), message, 1, outcome)
        if self._receive(native.REPLY, first, 1, silence, outcome) != 1:
            raise Broken(f"{type}: no reply within {silence:g} s")
        return outcome

    def execute(self, code: str) -> Answers:
        """One cell, to its reply and idle."""
        return self.take_turns("execute_request", [self.cell(code)])

    def all_at_once(self, type: str, contents: list[dict], stall: float = 0, silence: float = 1) -> Answers:
        """All requests before anything is read; what is lost is no error here."""
        first, batch = self.batch(type, contents)
        outcomes = (native.Outcome * len(contents))()
        self.totals = native.Totals()
        self.library.client_send_all(self.pointer, 0, batch, len(contents), outcomes)
        time.sleep(stall)
        self._receive(native.REPLY | native.IDLE, first, len(contents), silence, outcomes)
        return Answers(list(outcomes), len(contents), self.totals)

    def begin(self, code: str) -> "Running":
        """A cell, once it is busy."""
        first, batch = self.batch("execute_request", [self.cell(code)])
        running = Running(self, first, (native.Outcome * 1)())
        self.library.client_send_all(self.pointer, 0, batch, 1, running.outcomes)
        running.wait(native.BUSY)
        return running

    def send(self, type: str, content: dict, channel: str) -> float:
        """Sends a request whose answer does not matter. Returns when."""
        _, message = self.batch(type, [content])
        now = time.monotonic()
        self.library.client_send(self.pointer, native.CHANNELS.index(channel), message)
        return now

    def beats(self, count: int) -> list[float]:
        """How long heartbeats took, one after the other."""
        seconds = (ctypes.c_double * count)()
        done = self.library.client_beat(self.pointer, count, SILENCE, seconds)
        if done < count:
            raise Broken("a heartbeat did not come back")
        return list(seconds)

    def _receive(self, until: int, first: int, count: int, silence: float, outcomes) -> int:
        outcomes = ctypes.cast(ctypes.byref(outcomes), ctypes.POINTER(native.Outcome))
        return self.library.client_receive(self.pointer, until, first, count, silence, outcomes, self.totals)


@dataclass
class Running:
    """A cell that was begun."""

    client: Client
    first: int
    outcomes: ctypes.Array

    def wait(self, until: int) -> native.Outcome:
        if self.client._receive(until, self.first, 1, SILENCE, self.outcomes) != 1:
            raise Broken("a running cell did not come as far as it should")
        return self.outcomes[0]
