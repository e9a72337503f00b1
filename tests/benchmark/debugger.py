"""What a debugger costs that waits for a line, beside none; and how soon variables are there."""

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Empty

from jupyter_client import BlockingKernelClient

from .client import Broken
from .lua import PLAIN
from .measures import Figure, percentile
from .process import Process
from .scheduling import Scheduling
from .subject import Subject

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.lua"))
NEVER_CALLED, NEVER_REACHED = "-- never called", "-- never reached"
PATIENCE = 60.0

# A source of its own, of which a function is there to be called.
OTHER = "function other(n)\n  return n + 1\nend"

# Stops often, where there is something to look at.
STOPS = """
local function turn(n)
  local square, text, list = n * n, ("x"):rep(n %% 50), {n, n + 1, n + 2, name = "turn"}
  return square + #text + #list
end
local total = 0
for n = 1, %d do
  total = total + turn(n)
end
return total
"""
RETURNS = 4

HOOK = """
local lines = {[%d] = {["@%s"] = true}}
debug.sethook(function(_, line)
  local sources = lines[line]
  if sources and sources[debug.getinfo(2, "S").source] then error("it is never reached") end
end, "l")
"""


def line_of(program: str, mark: str) -> int:
    """The line with a mark, counted from 1."""
    (line,) = [number for number, text in enumerate(program.splitlines(), 1) if mark in text]
    return line


class Debugged:
    """A kernel and a front end that debugs it, as Jupyter's do: by requests on the control channel."""

    def __init__(self, process: Process):
        self.process = process
        self.client = BlockingKernelClient(connection_file=str(process.directory / "kernel.json"))
        self.client.load_connection_file()
        self.client.start_channels(hb=False)
        self.client.wait_for_ready(PATIENCE)
        self.number = 0

    def close(self) -> None:
        self.client.stop_channels()

    def ask(self, command: str, **arguments) -> dict:
        """The body of the reply to a debug request."""
        self.number += 1
        request = {"type": "request", "seq": self.number, "command": command, "arguments": arguments}
        message = self.client.session.msg("debug_request", request)
        self.client.control_channel.send(message)
        while True:
            reply = self.client.get_control_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                break
        if not reply["content"].get("success"):
            raise Broken(f"{command}: {reply['content'].get('message')}")
        return reply["content"].get("body") or {}

    def attach(self) -> None:
        self.ask("initialize", clientID="benchmark", adapterID="lua", linesStartAt1=True, pathFormat="path")
        self.ask("attach")
        self.ask("configurationDone")

    def set_breakpoint(self, code: str, line: int) -> None:
        """In a cell with this code, whether it has run or not."""
        path = self.ask("dumpCell", code=code)["sourcePath"]
        (found,) = self.ask("setBreakpoints", source={"path": path}, breakpoints=[{"line": line}])["breakpoints"]
        if not found["verified"] or found["line"] != line:
            raise Broken(f"the breakpoint is not where it was set: {found}")

    def run(self, code: str) -> None:
        reply = self.client.execute_interactive(code, output_hook=lambda message: None, timeout=PATIENCE)
        if reply["content"]["status"] != "ok":
            raise Broken(f"a program failed under the debugger: {reply['content'].get('evalue')}")

    def cpu_of(self, code: str) -> float:
        before = self.process.cpu()
        self.run(code)
        return self.process.cpu() - before

    def stopped(self) -> tuple[float, int]:
        """When the next stop is heard of, and the thread that stopped."""
        while True:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            if message["msg_type"] == "debug_event" and message["content"]["event"] == "stopped":
                return time.monotonic(), message["content"]["body"]["threadId"]


# What is set before a program runs, by what it is called; each in a kernel of its own.


def without(debugged: Debugged, program: str) -> None:
    pass


def attached(debugged: Debugged, program: str) -> None:
    pass


def in_another_source(debugged: Debugged, program: str) -> None:
    debugged.run(OTHER)
    debugged.set_breakpoint(OTHER, 2)


def in_another_function(debugged: Debugged, program: str) -> None:
    debugged.set_breakpoint(program, line_of(program, NEVER_CALLED))


def in_the_way(debugged: Debugged, program: str) -> None:
    debugged.set_breakpoint(program, line_of(program, NEVER_REACHED))


WAYS = {
    "without": without,
    "attached": attached,
    "source": in_another_source,
    "function": in_another_function,
    "hot": in_the_way,
}


@contextmanager
def debugged(subject: Subject, scheduling: Scheduling, pinned: bool) -> Iterator[Debugged]:
    with ExitStack() as stack:
        with scheduling.kernel(pinned):
            process = stack.enter_context(Process(subject.command, subject.environment))
        debugged = Debugged(process)
        stack.callback(debugged.close)
        yield debugged


def figures(subject: Subject, repetitions: int, stops: int, scheduling: Scheduling) -> dict[str, float | str]:
    """Factors and times of a kernel; why there are none, if it has no debugger."""
    try:
        return dict(slow_downs(subject, repetitions, scheduling)) | dict(looks(subject, stops, scheduling))
    except (Broken, Empty, OSError, RuntimeError) as broken:
        return {"failed: debugger": str(broken) or type(broken).__name__}


def slow_downs(subject: Subject, repetitions: int, scheduling: Scheduling) -> Iterator[Figure]:
    """CPU of each program in each of the ways, as a factor of that without a debugger; in turns."""
    for path in PROGRAMS:
        program = path.read_text()
        with ExitStack() as stack:
            kernels = {}
            for name, prepare in WAYS.items():
                kernels[name] = stack.enter_context(debugged(subject, scheduling, pinned=False))
                if name != "without":
                    kernels[name].attach()
                prepare(kernels[name], program)
            for kernel in kernels.values():
                # Pages and caches.
                kernel.run(program)
            seconds = {name: [] for name in WAYS}
            for _ in range(repetitions):
                for name, kernel in kernels.items():
                    seconds[name].append(kernel.cpu_of(program))
        for name in WAYS:
            if name != "without":
                yield f"debug_{name}_{path.stem}", min(seconds[name]) / min(seconds["without"])


def looks(subject: Subject, stops: int, scheduling: Scheduling) -> Iterator[Figure]:
    """From each of many stops to the variables there, which takes three requests one after the other."""
    with scheduling.client(pinned=True), debugged(subject, scheduling, pinned=True) as kernel:
        kernel.attach()
        code = STOPS % stops
        kernel.set_breakpoint(code, RETURNS)
        kernel.client.execute(code)
        took = []
        for _ in range(stops):
            began, thread = kernel.stopped()
            frame = kernel.ask("stackTrace", threadId=thread)["stackFrames"][0]
            scopes = kernel.ask("scopes", frameId=frame["id"])["scopes"]
            variables = kernel.ask("variables", variablesReference=scopes[0]["variablesReference"])["variables"]
            took.append(time.monotonic() - began)
            if not {"square", "text", "list"} <= {variable["name"] for variable in variables}:
                raise Broken(f"variables are missing: {variables}")
            kernel.ask("continue", threadId=thread)
    yield "debug_variables_p50", statistics.median(took)
    yield "debug_variables_p95", percentile(took, 0.95)


# Others, in plain Lua


def beside(repetitions: int, scheduling: Scheduling, lldebugger: Path | None) -> Iterator[Figure]:
    """What others take for a breakpoint that is not reached, as factors of plain Lua."""
    for path in PROGRAMS:
        line = line_of(path.read_text(), NEVER_REACHED)
        with scheduling.kernel(pinned=False):
            alone = min(_cpu([path]) for _ in range(repetitions))
            hooked = min(_cpu(["-e", HOOK % (line, path), path]) for _ in range(repetitions))
            yield f"debug_sethook_{path.stem}", hooked / alone
            if lldebugger:
                folder, name = lldebugger.resolve().parent, lldebugger.stem
                start = f"package.path = '{folder}/?.lua;' .. package.path require('{name}').start(true)"
                # It takes long: once is enough.
                theirs = _cpu(["-e", start, path], f"break set {path}:{line}\ncont\n")
                yield f"debug_lldebugger_{path.stem}", theirs / alone


def _cpu(arguments: list, typed: str = "") -> float:
    """Seconds of CPU that `lua5.4` takes."""
    reader, writer = os.pipe()
    os.write(writer, typed.encode())
    os.close(writer)
    nothing = os.open(os.devnull, os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, reader, 0), (os.POSIX_SPAWN_DUP2, nothing, 1)]
    pid = os.posix_spawnp(PLAIN, [PLAIN, *map(str, arguments)], os.environ, file_actions=actions)
    os.close(reader)
    os.close(nothing)
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"{PLAIN} {arguments[-1]} failed")
    return usage.ru_utime + usage.ru_stime
