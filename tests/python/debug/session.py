"""A strict client that debugs a kernel: jupyter_client on control, shell and iopub.

Every response and event is held against the protocol's schema. It fails on a message that nobody
asserted, on a reply without its busy and its idle, and on a second reply.
"""

import itertools
import json
import time
from dataclasses import dataclass, field

import zmq
from frontend import KernelProcess
from ipykernel.compiler import murmur2_x86
from jupyter_client.blocking.client import BlockingKernelClient

from .protocol import check_event, check_response

PATIENCE = 30.0

# What a client is told of at any time, and need not wait for.
AMBIENT = {"breakpoint", "invalidated", "loadedSource", "module", "thread"}


class Refused(Exception):
    """The debugger said no; why is the message."""


@dataclass
class Cell:
    """A cell that was sent, and what has come of it so far."""

    id: str
    code: str
    reply: dict | None = None
    messages: list[dict] = field(default_factory=list)
    idle: bool = False
    asserted: bool = False

    @property
    def text(self) -> str:
        return "".join(m["content"]["text"] for m in self.messages if m["msg_type"] == "stream")

    @property
    def result(self) -> str | None:
        for message in self.messages:
            if message["msg_type"] == "execute_result":
                return message["content"]["data"]["text/plain"]
        return None


@dataclass
class Asked:
    """A debug_request under way."""

    command: str
    seq: int
    response: dict | None = None
    statuses: list[str] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return self.response is not None and self.statuses == ["busy", "idle"]


class Session:
    """One front end with a debugger."""

    # What JupyterLab 4.6 sends, but for the name of the kernel.
    JUPYTERLAB = {
        "clientID": "jupyterlab",
        "clientName": "JupyterLab",
        "adapterID": "lua",
        "pathFormat": "path",
        "linesStartAt1": True,
        "columnsStartAt1": True,
        "supportsVariableType": True,
        "supportsVariablePaging": True,
        "supportsRunInTerminalRequest": True,
        "locale": "en",
    }

    def __init__(self, kernel: KernelProcess):
        self.client = BlockingKernelClient(connection_file=str(kernel.connection_file))
        self.client.load_connection_file()
        # The heartbeat of jupyter_client would be a thread more for each test.
        self.client.start_channels(hb=False)
        self._seq = itertools.count(1)
        self._asked: dict[str, Asked] = {}
        self._cells: dict[str, Cell] = {}
        self._events: list[dict] = []
        self.ambient: list[dict] = []
        self._others: dict[str, str] = {}
        self._control: dict[str, dict] = {}
        self.info: dict | None = None
        channels = ("shell", "control", "iopub", "stdin")
        self._sockets = {getattr(self.client, f"{name}_channel").socket: name for name in channels}
        self._poller = zmq.Poller()
        for socket in self._sockets:
            self._poller.register(socket, zmq.POLLIN)
        # On control, since shell waits behind a cell that has stopped.
        self._is_welcome = False
        self.wait(lambda: self._is_welcome, "iopub_welcome")
        self.ask_control("kernel_info_request", {})

    # Asking

    def send(self, command: str, arguments: dict | None = None, content: dict | None = None, channel: str = "control") -> str:
        """Sends a request of the protocol, or `content` in its place; its id."""
        seq = next(self._seq)
        if content is None:
            content = {"seq": seq, "type": "request", "command": command}
            if arguments is not None:
                content["arguments"] = arguments
        message = self.client.session.msg("debug_request", content)
        id = message["header"]["msg_id"]
        self._asked[id] = Asked(command, content.get("seq") if isinstance(content, dict) else None)
        getattr(self.client, f"{channel}_channel").send(message)
        return id

    def seq_of(self, id: str) -> int:
        """By which number the protocol knows a request."""
        return self._asked[id].seq

    def answer(self, id: str, patience: float = PATIENCE) -> dict:
        """The body of the response to a request, when its idle is there too."""
        asked = self._asked[id]
        self.wait(lambda: asked.is_over, f"end of {asked}", patience)
        del self._asked[id]
        if not asked.response["success"]:
            raise Refused(asked.response["message"])
        return asked.response.get("body")

    def request(self, command: str, patience: float = PATIENCE, **arguments) -> dict:
        """Asks, and waits for the answer."""
        return self.answer(self.send(command, arguments), patience)

    def refused(self, command: str, **arguments) -> str:
        """Why a request is refused."""
        try:
            body = self.request(command, **arguments)
        except Refused as refusal:
            return str(refusal)
        raise AssertionError(f"{command} was done: {body}")

    def start(self, **options) -> dict:
        """Does what JupyterLab does when its bug is clicked. Returns the capabilities."""
        self.info = self.request("debugInfo")
        capabilities = self.request("initialize", **self.JUPYTERLAB | options)
        self.request("attach")
        self.event("initialized")
        self.request("setExceptionBreakpoints", filters=[])
        self.request("inspectVariables")
        self.request("modules")
        return capabilities

    def path(self, code: str) -> str:
        """What a cell is known by, computed as front ends compute it."""
        info = self.info or self.request("debugInfo")
        return f"{info['tmpFilePrefix']}{murmur2_x86(code, info['hashSeed'])}{info['tmpFileSuffix']}"

    def break_at(self, code_or_path: str, *breakpoints: int | dict) -> list[dict]:
        """Sets the breakpoints of a cell, given by its code, or of a file, given by its path."""
        path = code_or_path
        if not path.startswith("/"):
            path = self.request("dumpCell", code=code_or_path)["sourcePath"]
            assert path == self.path(code_or_path)
        wanted = [{"line": b} if isinstance(b, int) else b for b in breakpoints]
        body = self.request("setBreakpoints", source={"path": path}, breakpoints=wanted, sourceModified=False)
        assert len(body["breakpoints"]) == len(wanted)
        return body["breakpoints"]

    # Running

    def execute(self, code: str, **options) -> Cell:
        id = self.client.execute(code, **{"allow_stdin": False} | options)
        cell = self._cells[id] = Cell(id, code)
        return cell

    def finish(self, cell: Cell, patience: float = PATIENCE) -> Cell:
        """Waits for a cell's reply and idle."""
        self.wait(lambda: cell.idle and cell.reply, f"end of {cell}", patience)
        cell.asserted = True
        return cell

    def run(self, code: str, **options) -> Cell:
        """Runs a cell to its end, which must be good."""
        cell = self.finish(self.execute(code, **options))
        assert cell.reply["status"] == "ok", cell
        return cell

    def interrupt(self) -> None:
        self.ask_control("interrupt_request", {})

    def ask_control(self, msg_type: str, content: dict, patience: float = PATIENCE) -> dict:
        """What control answers to something else."""
        message = self.client.session.msg(msg_type, content)
        id = message["header"]["msg_id"]
        self._others[id] = msg_type
        self.client.control_channel.send(message)
        self.wait(lambda: id in self._control, f"reply to {msg_type}", patience)
        return self._control.pop(id)

    # Hearing

    def event(self, name: str, patience: float = PATIENCE) -> dict:
        """The body of the next event, which must be this one."""
        self.wait(lambda: self._events, f"event {name}", patience)
        event = self._events.pop(0)
        assert event["event"] == name, f"{event} where {name} was expected"
        return event.get("body", {})

    def any_event(self, patience: float = PATIENCE) -> str:
        """The name of the next event."""
        self.wait(lambda: self._events, "event", patience)
        return self._events.pop(0)["event"]

    def stopped(self, reason: str = "breakpoint", patience: float = PATIENCE) -> list[dict]:
        """The frames of code that stops now for this reason."""
        body = self.event("stopped", patience)
        assert body["reason"] == reason, body
        assert body["allThreadsStopped"] is True
        return self.frames(body["threadId"])

    def frames(self, thread: int = 1) -> list[dict]:
        return self.request("stackTrace", threadId=thread)["stackFrames"]

    def go(self, command: str = "continue", thread: int = 1, **arguments) -> None:
        """Lets stopped code go on."""
        self.request(command, threadId=thread, **arguments)
        self.event("continued")

    def step(self, command: str, thread: int = 1, **arguments) -> list[dict]:
        """Steps, and returns the frames where it ends."""
        self.go(command, thread, **arguments)
        return self.stopped("step")

    def variables(self, reference: int, **part) -> dict[str, dict]:
        found = self.request("variables", variablesReference=reference, **part)["variables"]
        return {variable["name"]: variable for variable in found}

    def scopes(self, frame: dict) -> dict[str, dict]:
        found = self.request("scopes", frameId=frame["id"])["scopes"]
        return {scope["name"]: scope for scope in found}

    def locals(self, frame: dict) -> dict[str, dict]:
        return self.variables(self.scopes(frame)["Locals"]["variablesReference"])

    def values(self, frame: dict) -> dict[str, str]:
        return {name: variable["value"] for name, variable in self.locals(frame).items()}

    def evaluate(self, expression: str, frame: dict | None = None, context: str = "repl") -> str:
        where = {"frameId": frame["id"]} if frame else {}
        return self.request("evaluate", expression=expression, context=context, **where)["result"]

    def wait(self, condition, what: str, patience: float = PATIENCE) -> None:
        deadline = time.monotonic() + patience
        while not condition():
            left = deadline - time.monotonic()
            assert left > 0, f"no {what} within {patience} s; events: {self._events}, cells: {self._cells}"
            self._receive(left)

    def drain(self) -> None:
        """Takes what has come already."""
        while self._receive(0):
            pass

    def _receive(self, seconds: float) -> bool:
        ready = dict(self._poller.poll(min(seconds, 1.0) * 1000))
        for socket, channel in self._sockets.items():
            if socket in ready:
                _, message = self.client.session.recv(socket, mode=0)
                getattr(self, f"_on_{channel}")(message)
        return bool(ready)

    def _on_control(self, message: dict) -> None:
        self._on_reply(message)

    def _on_shell(self, message: dict) -> None:
        self._on_reply(message)

    def _on_stdin(self, message: dict) -> None:
        raise AssertionError(f"nobody asked for {message}")

    def _on_reply(self, message: dict) -> None:
        id = message["parent_header"]["msg_id"]
        if id in self._cells:
            assert self._cells[id].reply is None, f"a second {message}"
            self._cells[id].reply = message["content"]
        elif id in self._others:
            assert message["content"]["status"] == "ok", message
            self._control[id] = message["content"]
        else:
            asked = self._asked[id]
            assert message["msg_type"] == "debug_reply", message
            assert asked.response is None, f"a second {message}"
            response = asked.response = message["content"]
            assert response["type"] == "response", response
            if isinstance(asked.seq, int):
                assert response["request_seq"] == asked.seq, response
            assert response["command"] == asked.command, response
            check_response(asked.command, response)

    def _on_iopub(self, message: dict) -> None:
        id = message["parent_header"].get("msg_id")
        if message["msg_type"] == "iopub_welcome":
            self._is_welcome = True
        elif message["msg_type"] == "debug_event":
            event = message["content"]
            assert event["type"] == "event", event
            check_event(event)
            # What is said because another client came, or to him alone: that code has stopped already.
            is_others = event.get("body", {}).get("client") not in (None, self.client.session.session)
            is_ambient = event["event"] in AMBIENT or is_others
            (self.ambient if is_ambient else self._events).append(event)
        elif id in self._asked:
            assert message["msg_type"] == "status", message
            self._asked[id].statuses.append(message["content"]["execution_state"])
            assert ["busy", "idle"][: len(self._asked[id].statuses)] == self._asked[id].statuses
        elif id in self._cells:
            cell = self._cells[id]
            assert not cell.idle, f"{message} came after the idle of {cell}"
            if message["msg_type"] == "status":
                cell.idle = message["content"]["execution_state"] == "idle"
            else:
                cell.messages.append(message)
        elif message["parent_header"].get("session") == self.client.session.session and id not in self._others:
            assert message["msg_type"] == "status", message

    def close(self, strictly: bool = True) -> None:
        """Leaves; looks whether anything came that nobody asserted."""
        try:
            if strictly:
                self.drain()
                assert not self._events, f"events that nobody expected: {self._events}"
                assert not self._asked, f"requests that were not answered: {self._asked}"
                unasserted = [cell for cell in self._cells.values() if not cell.asserted]
                assert not unasserted, f"cells that nobody waited for: {unasserted}"
        finally:
            self.client.stop_channels()


def source_line(code: str, marker: str) -> int:
    """The number of the line of code that ends with a comment of this text."""
    lines = [n for n, line in enumerate(code.splitlines(), 1) if line.rstrip().endswith(f"-- {marker}")]
    assert len(lines) == 1, f"{marker} in {json.dumps(code)}"
    return lines[0]
