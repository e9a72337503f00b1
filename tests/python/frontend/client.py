"""A strict Jupyter front end on libzmq.

Every message it receives is checked against the specification. It fails on a message that comes
after the idle of its request, on a reply that nobody asked for and on a status out of turn.
"""

import itertools
import json
import os
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

import zmq

from . import schema
from .wire import Message, decode, encode

# Long, because the machine may be busy with other things; what is expected comes in milliseconds.
PATIENCE = 30.0


@dataclass
class Request:
    """What was sent, with the very bytes of its header."""

    type: str
    channel: str
    id: str
    raw_header: bytes
    sent: float = field(default_factory=time.monotonic)


@dataclass
class Exchange:
    """A request with all that came of it, in order."""

    request: Request
    reply: Message | None
    iopub: list[Message]
    reply_after: float
    below: list[Message] = field(default_factory=list)
    """What a comm's handler wrote: it carries the header of the cell it belongs below."""

    @property
    def content(self) -> dict:
        return self.reply.content

    @property
    def outputs(self) -> list[Message]:
        """What a notebook would show: everything but the statuses and the echoed input."""
        return [m for m in self.iopub if m.type not in ("status", "execute_input", "shutdown_reply")]

    def all(self, type: str) -> list[Message]:
        return [m for m in self.iopub if m.type == type]

    def text(self, name: str = "stdout") -> str:
        return "".join(m.content["text"] for m in self.all("stream") if m.content["name"] == name)

    @property
    def streams(self) -> list[tuple[str, str]]:
        """Stream text in order, neighbours of the same stream joined."""
        written = ((m.content["name"], m.content["text"]) for m in self.all("stream"))
        return [
            (name, "".join(text for _, text in group))
            for name, group in itertools.groupby(written, key=lambda part: part[0])
        ]

    @property
    def result(self) -> dict | None:
        """The MIME bundle of the value that the cell showed."""
        results = self.all("execute_result")
        assert len(results) <= 1, results
        return results[0].content["data"] if results else None

    @property
    def plain(self) -> str | None:
        return self.result and self.result["text/plain"]

    @property
    def error(self) -> dict | None:
        """The content of the error message, which the reply must repeat."""
        errors = self.all("error")
        assert len(errors) <= 1, errors
        if not errors:
            return None
        for key in ("ename", "evalue", "traceback"):
            assert self.content[key] == errors[0].content[key], key
        return errors[0].content

    @property
    def traceback(self) -> str:
        return "\n".join(self.error["traceback"])

    def succeeded(self) -> "Exchange":
        assert self.content["status"] == "ok", f"{self.content}\n{self.outputs}"
        return self

    def failed(self) -> "Exchange":
        assert self.content["status"] == "error", f"{self.content}\n{self.outputs}"
        assert self.error, self.iopub
        return self


class Frontend:
    """One client of a kernel, with its own session and sockets."""

    def __init__(self, connection: dict, welcome: bool = True, identity: bytes | None = None):
        self.connection = connection
        self.key = connection["key"].encode()
        self.session = uuid.uuid4().hex
        self.identity = identity or os.urandom(8).hex().encode()
        self.context = zmq.Context()
        self.starting: list[Message] = []
        self.foreign: list[Message] = []
        self.welcomes: list[Message] = []
        self._requests: dict[str, Request] = {}
        self._replies: dict[str, Message] = {}
        self._reply_times: dict[str, float] = {}
        self._iopub: dict[str, list[Message]] = {}
        self._idle: set[str] = set()
        # The comm message that is being handled, and what was written below cells meanwhile.
        self._handled: Message | None = None
        self._below: dict[str, list[Message]] = {}
        self._questions: list[Message] = []
        self.kernel_session: str | None = None

        self.sockets = {
            "shell": self.socket(zmq.DEALER, "shell"),
            "control": self.socket(zmq.DEALER, "control"),
            "stdin": self.socket(zmq.DEALER, "stdin"),
            "iopub": self.socket(zmq.SUB, "iopub"),
        }
        self.sockets["iopub"].setsockopt(zmq.RCVHWM, 0)
        self.sockets["iopub"].subscribe(b"")
        self._poller = zmq.Poller()
        for socket in self.sockets.values():
            self._poller.register(socket, zmq.POLLIN)
        if welcome:
            try:
                self.wait(lambda: self.welcomes, "iopub_welcome")
            except BaseException:
                self.close()
                raise

    def endpoint(self, channel: str) -> str:
        port = self.connection[f"{channel}_port"]
        separator = "-" if self.connection["transport"] == "ipc" else ":"
        return f"{self.connection['transport']}://{self.connection['ip']}{separator}{port}"

    def socket(self, kind: int, channel: str) -> zmq.Socket:
        """One more socket to a channel, which the caller reads."""
        socket = self.context.socket(kind)
        socket.linger = 0
        if kind == zmq.DEALER:
            socket.identity = self.identity
        if kind == zmq.SUB:
            socket.setsockopt(zmq.RCVHWM, 0)
        # A question to a client whose stdin is still on its way to the kernel is lost, with any
        # kernel, because a ROUTER drops what is for nobody.
        monitor = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
        socket.connect(self.endpoint(channel))
        connected = monitor.poll(PATIENCE * 1000)
        socket.disable_monitor()
        assert connected, f"{channel} does not answer within {PATIENCE} s"
        return socket

    # Sending

    def header(self, type: str, **other) -> dict:
        return {
            "msg_id": uuid.uuid4().hex,
            "session": self.session,
            "username": "tester",
            "date": datetime.now(UTC).isoformat(),
            "msg_type": type,
            "version": "5.5",
        } | other

    def send(
        self,
        type: str,
        content: dict | None = None,
        channel: str = "shell",
        buffers: list[bytes] = (),
        raw_header: bytes | None = None,
        parent: dict | None = None,
    ) -> Request:
        """Sends a signed message, with `raw_header` as its header if given."""
        raw_header = raw_header or json.dumps(self.header(type)).encode()
        request = Request(type, channel, json.loads(raw_header)["msg_id"], raw_header)
        self._requests[request.id] = request
        self.sockets[channel].send_multipart(
            encode(
                self.key,
                raw_header,
                json.dumps(content or {}).encode(),
                parent=json.dumps(parent or {}).encode(),
                buffers=list(buffers),
            )
        )
        return request

    def send_frames(self, frames: list[bytes], channel: str = "shell") -> Request:
        """Sends frames as they are, the request in them good or not so good."""
        header = json.loads(frames[2])
        request = Request(header["msg_type"], channel, header["msg_id"], frames[2])
        self._requests[request.id] = request
        self.sockets[channel].send_multipart(frames)
        return request

    def throw(self, frames: list[bytes], channel: str = "shell") -> None:
        """Sends frames that make no sense, over a connection of their own, which they may cost."""
        socket = self.context.socket(zmq.DEALER)
        socket.connect(self.endpoint(channel))
        socket.send_multipart(frames)
        socket.close(linger=1000)

    def execute(self, code: str, **options) -> Request:
        return self.send(
            "execute_request",
            {
                "code": code,
                "silent": False,
                "store_history": True,
                "user_expressions": {},
                "allow_stdin": False,
                "stop_on_error": True,
            }
            | options,
        )

    def answer(self, question: Message, value: str) -> None:
        """Answers an input_request."""
        self.sockets["stdin"].send_multipart(
            encode(
                self.key,
                json.dumps(self.header("input_reply")).encode(),
                json.dumps({"status": "ok", "value": value}).encode(),
                parent=question.raw_header,
            )
        )

    # Receiving

    def run(self, code: str, patience: float = PATIENCE, **options) -> Exchange:
        """Runs a cell to its idle."""
        return self.settle(self.execute(code, **options), patience)

    def ask(self, type: str, content: dict | None = None, channel: str = "shell", **other) -> Exchange:
        """Sends a request and waits for its idle."""
        return self.settle(self.send(type, content, channel, **other))

    def settle(self, request: Request, patience: float = PATIENCE) -> Exchange:
        """Everything that came of a request, once its reply and its idle are there."""
        expects_reply = request.type.endswith("_request") and request.type in KNOWN
        self.wait(
            lambda: request.id in self._idle and (not expects_reply or request.id in self._replies),
            f"reply and idle of {request.type} ({self._describe(request)})",
            patience,
        )
        messages = self._iopub[request.id]
        states = [m.content["execution_state"] for m in messages if m.type == "status"]
        assert states == ["busy", "idle"], f"{request.type}: {messages}"
        assert messages[0].type == "status", f"{request.type}: {messages}"
        return Exchange(
            request,
            self._replies.get(request.id),
            messages,
            self._reply_times.get(request.id, time.monotonic()) - request.sent,
            self._below.get(request.id, []),
        )

    def reply(self, request: Request, patience: float = PATIENCE) -> Message:
        """The reply, which may come before the idle."""
        self.wait(lambda: request.id in self._replies, f"reply to {request.type}", patience)
        return self._replies[request.id]

    def answered(self, request: Request) -> bool:
        """Whether the reply has been received."""
        return request.id in self._replies

    def output(self, request: Request, condition, patience: float = PATIENCE) -> Message:
        """The first message on iopub of a request that still runs for which `condition` holds."""

        def matching():
            return [m for m in self._iopub.get(request.id, []) if condition(m)]

        self.wait(lambda: matching() or request.id in self._idle, f"output of {request.type}", patience)
        assert matching(), f"the end came first: {self._describe(request)}"
        return matching()[0]

    def printed(self, request: Request, text: str) -> None:
        """Waits until a cell that runs has written `text` to stdout."""

        def so_far() -> bool:
            messages = self._iopub.get(request.id, [])
            return text in "".join(m.content["text"] for m in messages if m.type == "stream")

        self.wait(lambda: so_far() or request.id in self._idle, f"{text!r}")
        assert so_far(), f"the end came before {text!r}: {self._describe(request)}"

    def queued(self, count: int) -> None:
        """Waits until so many requests wait in the kernel for their turn: what is sent on another
        channel than they were may otherwise come before them."""
        deadline = time.monotonic() + PATIENCE
        while self.ask("perilune_status_request", {}, "control").content["queued"] < count:
            assert time.monotonic() < deadline, f"no {count} requests wait within {PATIENCE} s"

    def question(self, request: Request, patience: float = PATIENCE) -> Message:
        """The input_request of a cell that runs."""
        self.wait(lambda: self._questions or request.id in self._idle, "input_request", patience)
        assert self._questions, f"the end came before a question: {self._describe(request)}"
        question = self._questions.pop(0)
        assert question.raw_parent == request.raw_header
        return question

    def wait(self, condition, what: str, patience: float = PATIENCE) -> None:
        """Receives until the condition holds."""
        deadline = time.monotonic() + patience
        while not condition():
            left = deadline - time.monotonic()
            assert left > 0, f"no {what} within {patience} s"
            self._receive(left)

    def seen(self, frames: list[bytes]) -> list[Message]:
        """What has come of the request in these frames."""
        id = json.loads(frames[2])["msg_id"]
        reply = self._replies.get(id)
        return self._iopub.get(id, []) + ([reply] if reply else [])

    def drain(self) -> None:
        """Takes what has already arrived."""
        while self._receive(0):
            pass

    def _receive(self, seconds: float) -> bool:
        ready = dict(self._poller.poll(min(seconds, 1.0) * 1000))
        for channel, socket in self.sockets.items():
            if socket in ready:
                frames = socket.recv_multipart()
                message = decode(self.key, frames)
                schema.check(channel, message)
                if self.kernel_session is None:
                    self.kernel_session = message.header["session"]
                assert message.header["session"] == self.kernel_session, "one session per kernel"
                getattr(self, f"_on_{channel}")(message)
        return bool(ready)

    def _on_reply(self, channel: str, message: Message) -> None:
        request = self._requests.get(message.parent_id)
        assert request, f"nobody asked for {message!r}"
        assert message.raw_parent == request.raw_header, "the parent header is echoed byte by byte"
        assert message.identities == [], f"identities left in {message!r}"
        assert request.channel == channel, f"{message!r} came on {channel}"
        assert message.type == request.type.replace("_request", "_reply"), message
        assert request.id not in self._replies, f"a second {message!r}"
        self._replies[request.id] = message
        self._reply_times[request.id] = time.monotonic()

    def _on_shell(self, message: Message) -> None:
        self._on_reply("shell", message)

    def _on_control(self, message: Message) -> None:
        self._on_reply("control", message)

    def _on_stdin(self, message: Message) -> None:
        self._questions.append(message)

    def _on_iopub(self, message: Message) -> None:
        if message.type == "iopub_welcome":
            assert message.parent == {}, message.raw_parent
            self.welcomes.append(message)
            return
        assert len(message.identities) == 1, f"{message!r} needs one topic, has {message.identities}"
        if message.content.get("execution_state") == "starting":
            self.starting.append(message)
            return
        if message.type == "status":
            state = message.content["execution_state"]
            if state == "busy" and message.parent.get("msg_type") in COMM:
                self._handled = message
            elif state == "idle" and self._handled and self._handled.parent_id == message.parent_id:
                self._handled = None
        request = self._requests.get(message.parent_id)
        if request is None:
            self.foreign.append(message)
            return
        assert message.raw_parent == request.raw_header, "the parent header is echoed byte by byte"
        if request.id in self._idle and self._handled and message.type in OUTPUT:
            assert request.type == "execute_request", f"{message!r} is of no cell"
            self._below.setdefault(self._handled.parent_id, []).append(message)
            return
        # All else belongs between busy and idle.
        assert request.id not in self._idle, f"{message!r} came after the idle of {self._describe(request)}"
        heard = self._iopub.setdefault(request.id, [])
        if message.content.get("execution_state") == "busy" and heard:
            # Said again of a cell that still runs when a completion has been answered meanwhile, and
            # to tell all who listen what the cell asks.
            answered = ("complete_request", "perilune_journal_request", "debug_request")
            completions = any(r.type in answered for r in self._requests.values())
            asks = "perilune_question" in message.metadata
            assert asks or completions or self.foreign, f"busy twice for {self._describe(request)}"
            return
        heard.append(message)
        if message.content.get("execution_state") == "idle":
            self._idle.add(request.id)

    def _describe(self, request: Request) -> str:
        return f"{request.type}, so far {self._iopub.get(request.id, [])}"

    def ping(self, payload: bytes = b"\x00ping\xff", patience: float = PATIENCE) -> bytes:
        """What the heartbeat answers."""
        socket = self.socket(zmq.REQ, "hb")
        try:
            socket.send(payload)
            assert socket.poll(patience * 1000), f"no heartbeat within {patience} s"
            return socket.recv()
        finally:
            socket.close()

    def close(self) -> None:
        """Leaves without a word."""
        self.context.destroy(linger=0)


COMM = {"comm_open", "comm_msg", "comm_close"}

# What a comm's handler may write below a cell that ended long ago.
OUTPUT = {"stream", "display_data", "update_display_data", "clear_output", "error"}

KNOWN = {
    "execute_request",
    "inspect_request",
    "complete_request",
    "history_request",
    "is_complete_request",
    "connect_request",
    "comm_info_request",
    "kernel_info_request",
    "interrupt_request",
    "shutdown_request",
    "usage_request",
    "debug_request",
    "perilune_journal_request",
    "perilune_answer_request",
    "perilune_status_request",
    "perilune_save_request",
    "perilune_dump_request",
    "perilune_reload_request",
    "perilune_log_request",
}
