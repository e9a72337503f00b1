"""What is measured of a kernel. Each measure yields figures by name; times are in seconds."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

from . import native
from .client import Answers, Broken, Client
from .process import Process
from .scheduling import Scheduling
from .subject import LINES, Subject

# A figure's name and value, or why there is none.
Figure = tuple[str, float | str]


@dataclass(frozen=True)
class Size:
    """How much is done."""

    round_trips: int = 1000
    # Seconds for each kind of round trip; only slow kernels need as much.
    budget: float = 4.0
    warm_up: int = 100
    pipelined: int = 500
    mebibytes: int = 15
    beats_while_busy: int = 50
    interrupts: int = 5
    stall: float = 2.0
    cells: int = 10_000
    reconnects: int = 1_000
    daemons: int = 5
    signals: int = 20
    programs: int = 5
    stops: int = 200


QUICK = Size(
    round_trips=200,
    budget=1.0,
    warm_up=20,
    mebibytes=5,
    beats_while_busy=10,
    interrupts=2,
    cells=1_000,
    reconnects=100,
    daemons=2,
    signals=5,
    programs=3,
    stops=50,
)


def percentile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def quantiles(name: str, values: list[float]) -> Iterator[Figure]:
    yield f"{name}_p50", statistics.median(values)
    yield f"{name}_p99", percentile(values, 0.99)


class Bench:
    """Measures one subject; each measure has a fresh process."""

    def __init__(self, subject: Subject, size: Size, scheduling: Scheduling):
        self.subject, self.size, self.scheduling = subject, size, scheduling

    def start(self, pinned: bool) -> Process:
        with self.scheduling.kernel(pinned):
            return Process(self.subject.command, self.subject.environment)

    def connect(self, process: Process) -> Client:
        if native.client().knock(process.connection["shell_port"], 30) != 0:
            raise Broken("the kernel does not listen")
        return Client(process.connection)

    # Start and end

    def life(self) -> Iterator[Figure]:
        """From the start of the process to its first answers, and from shutdown_request to its end."""
        times: dict[str, list[float]] = {"start": [], "start_execute": [], "shutdown": []}
        for _ in range(self.subject.starts):
            with self.scheduling.client(pinned=True), self.start(pinned=True) as process, self.connect(process) as client:
                first = client.reply("kernel_info_request", {})
                times["start"].append(first.replied - process.started)
                executed = client.reply("execute_request", client.cell(self.subject.words.nothing))
                times["start_execute"].append(executed.replied - process.started)
                client.ready()
                asked = client.send("shutdown_request", {"restart": False}, "control")
                times["shutdown"].append(process.wait() - asked)
        yield from ((name, statistics.median(values)) for name, values in times.items())

    # One thing after the other, client and kernel each on a CPU of its own

    def round_trips(self) -> Iterator[Figure]:
        words, size = self.subject.words, self.size
        with self.scheduling.client(pinned=True), self.start(pinned=True) as process, self.connect(process) as client:
            client.ready()
            time.sleep(0.3)
            memory = process.memory()
            yield "pss_at_rest", memory["pss"]
            yield "rss_at_rest", memory["rss"]

            def asked(type: str, content: dict) -> Answers:
                client.take_turns(type, [content] * size.warm_up, budget=size.budget / 4)
                return client.take_turns(type, [content] * size.round_trips, budget=size.budget)

            yield from quantiles("kernel_info", asked("kernel_info_request", {}).to_reply)

            cell = client.cell(words.nothing)
            client.take_turns("execute_request", [cell] * size.warm_up, budget=size.budget / 4)
            before = process.cpu()
            executed = client.take_turns("execute_request", [cell] * size.round_trips, budget=size.budget)
            yield "cpu_per_execute", (process.cpu() - before) / executed.asked
            yield from quantiles("execute_reply", executed.to_reply)
            yield from quantiles("execute_idle", executed.to_idle)

            yield from quantiles("failure_idle", asked("execute_request", client.cell(words.failure)).to_idle)
            yield from quantiles("complete", asked("complete_request", words.completion).to_reply)

            if words.many_globals:
                yield from self._complete_among_many(client)

            client.beats(size.warm_up)
            yield from quantiles("heartbeat", client.beats(size.round_trips))

    def _complete_among_many(self, client: Client) -> Iterator[Figure]:
        words, size = self.subject.words, self.size
        client.execute(words.many_globals)
        asked = [words.completions_among_many[i % len(words.completions_among_many)] for i in range(size.round_trips)]
        seconds = client.take_turns("complete_request", asked, budget=size.budget).to_reply
        yield "complete_many_p50", statistics.median(seconds)
        yield "complete_many_p95", percentile(seconds, 0.95)

    # Much at once, on all CPUs

    def volume(self) -> Iterator[Figure]:
        words, size = self.subject.words, self.size
        with self.scheduling.client(pinned=False), self.start(pinned=False) as process, self.connect(process) as client:
            client.ready()
            client.execute(words.nothing)

            cells = [client.cell(words.nothing)] * size.pipelined
            piped = client.all_at_once("execute_request", cells)
            yield "pipelined_per_second", len(cells) / piped.lasted
            yield "pipelined_idles_lost", piped.without_idle
            yield "pipelined_replies_lost", piped.without_reply
            yield "pipelined_foreign", piped.totals.foreign

            printing = [client.cell(words.lines)]
            # The echo makes its text when it is first asked.
            client.all_at_once("execute_request", printing)
            printed = client.all_at_once("execute_request", printing)
            yield "lines_per_second", printed.totals.lines / printed.lasted
            yield "lines_lost", LINES - printed.totals.lines
            yield "lines_messages", printed.totals.messages
            stalled = client.all_at_once("execute_request", printing, stall=size.stall)
            yield "stalled_lines_lost", LINES - stalled.totals.lines
            yield "stalled_idles_lost", stalled.without_idle

            def whole(code: str) -> float:
                client.execute(code)
                answers = client.take_turns("execute_request", [client.cell(code)] * size.mebibytes)
                return statistics.median(answers.to_idle)

            client.execute(words.mebibyte)
            yield "mebibyte_out", whole(words.mebibyte_out)
            yield "mebibyte_in", whole(words.mebibyte_in)

    def busy(self) -> Iterator[Figure]:
        """Control, heartbeat and interrupts while the language spins."""
        if self.subject.words.spin is None:
            return
        count = self.size.beats_while_busy
        message, by_signal, control, beats = [], [], [], []
        with self.scheduling.client(pinned=False), self.start(pinned=False) as process, self.connect(process) as client:
            client.ready()
            for turn in range(2 * self.size.interrupts):
                running = client.begin(self.subject.words.spin)
                # Real-time threads that spin are stopped after 950 ms of a second.
                control += client.take_turns("kernel_info_request", [{}] * count, "control", budget=0.2).to_reply
                beats += client.beats(count)
                if turn == 0:
                    yield from self._complete_while_busy(client)
                if turn % 2:
                    sent = process.interrupt()
                    by_signal.append(running.wait(native.REPLY).replied - sent)
                else:
                    sent = client.send("interrupt_request", {}, "control")
                    message.append(running.wait(native.REPLY).replied - sent)
                if running.outcomes[0].ok:
                    raise Broken("the interrupted cell did not fail")
                running.wait(native.IDLE)
        yield from quantiles("interrupt", message)
        yield from quantiles("sigint", by_signal)
        yield from quantiles("control_while_busy", control)
        yield from quantiles("heartbeat_while_busy", beats)

    def _complete_while_busy(self, client: Client) -> Iterator[Figure]:
        try:
            asked = client.reply("complete_request", self.subject.words.completion, silence=0.2)
            yield "complete_while_busy", asked.replied - asked.sent
        except Broken as broken:
            yield "failed: completion while code spins", str(broken)

    # Memory over time

    def endurance(self) -> Iterator[Figure]:
        size, words = self.size, self.subject.words
        with self.scheduling.client(pinned=False), self.start(pinned=False) as process:
            with self.connect(process) as client:
                client.ready()

                def run(cells: int) -> None:
                    for _ in range(0, cells, 100):
                        client.take_turns("execute_request", [client.cell(words.nothing)] * 100)

                # Code that runs for the first time is read into memory, which is no leak.
                run(500)
                at_first = process.memory()["pss"]
                run(size.cells)
                after_cells = process.memory()["pss"]
            self._reconnect(process, 20)
            before_reconnects = process.memory()["pss"]
            self._reconnect(process, size.reconnects)
            after_reconnects = process.memory()["pss"]
        yield "pss_after_cells", after_cells
        yield "pss_growth_cells", after_cells - at_first
        yield "pss_after_reconnects", after_reconnects
        yield "pss_growth_reconnects", after_reconnects - before_reconnects

    @staticmethod
    def _reconnect(process: Process, count: int) -> None:
        for _ in range(count):
            with Client(process.connection) as client:
                client.reply("kernel_info_request", {})

    def everything(self, with_endurance: bool) -> dict[str, float | str]:
        """All figures of one round; a measure that fails says why instead."""
        figures: dict[str, float | str] = {}
        measures = [self.life, self.round_trips, self.volume, self.busy]
        for measure in measures + [self.endurance] * with_endurance:
            try:
                figures.update(measure())
            except Broken as broken:
                figures[f"failed: {measure.__name__}"] = str(broken)
        return figures
