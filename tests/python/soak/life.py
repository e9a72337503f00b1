"""What users do to a kernel, one after the other, and what it takes when it rests."""

import itertools
import json
import signal
import time
from collections import Counter
from pathlib import Path
from random import Random

import zmq
from daemon.home import Daemon, Home
from frontend import Frontend
from frontend.wire import encode

from .trend import Sample

# So small that the log is rotated and the journal loses its oldest all the time.
SETTINGS = [
    "log.level=debug",
    "log.max_size=64KiB",
    "log.keep=3",
    "journal.max_size=1MiB",
]
# More signatures and more cells than the kernel remembers, so that it takes no more for their sake.
SIGNATURES = 70_000
ACTS = 1_200


class Life:
    """A daemon of its own, in a home of its own, and one user who stays."""

    def __init__(self, binary: Path, random: Random):
        self.random = random
        self.done: Counter[str] = Counter()
        self.home = Home(binary)
        self.numbers = itertools.count()
        try:
            settings = [word for setting in SETTINGS for word in ("--set", setting)]
            started = self.home.run("kernel", "start", "--daemon", "--name", "soak", "--json", *settings)
            assert started.returncode == 0, started.stderr
            self.kernel = Daemon(self.home, "soak", json.loads(started.stdout))
            self.process = self.kernel.process
            self.client = self.kernel.connect()
        except BaseException:
            self.home.close()
            raise

    def __enter__(self) -> "Life":
        return self

    def __exit__(self, *_) -> None:
        self.client.close()
        self.home.close()

    # The life

    def warm_up(self) -> None:
        """Fills what is bounded, and lets each kind of thing happen."""
        self.client.close()
        self._flood("kernel_info_request", {}, SIGNATURES)
        self.client = self.kernel.connect()
        while self.done.total() < ACTS:
            self.round()
        self.done.clear()

    def round(self) -> None:
        """Each kind of thing once or a few times, in any order."""
        actions = self.random.choices(ACTIONS, k=3 * len(ACTIONS))
        for action in actions:
            action(self)
            self.done[action.__name__] += 1

    def sample(self, began: float) -> Sample:
        """What it takes now, with what nobody needs collected."""
        self.client.run("collectgarbage() collectgarbage()").succeeded()
        # A front end keeps what it has heard; a user's would have been reloaded meanwhile.
        self.client.close()
        self.client = self.kernel.connect()
        self._wait_for_rest()
        status = self.client.ask("perilune_status_request", {}, channel="control").content
        memory = dict(line.split(":\t") for line in self._proc("status").splitlines() if ":\t" in line)
        return Sample(
            seconds=time.monotonic() - began,
            memory=int(memory["RssAnon"].split()[0]) * 1024 / 1e6,
            lua=status["memory"]["language"] / 1e6,
            descriptors=self.process.num_fds(),
            threads=self.process.num_threads(),
            children=len(self.process.children(recursive=True)),
            disk=sum(path.stat().st_size for path in self.home.folder("soak").rglob("*") if path.is_file()) / 1e6,
        )

    def is_well(self) -> None:
        """Nothing that happened may have left an error in the log, or a message lost."""
        status = self.client.ask("perilune_status_request", {}, channel="control").content
        assert status["dropped"] == 0, status
        panics = [line for line in self.kernel.log.splitlines() if "panic" in line]
        assert not panics, panics

    # What users do

    def run_a_cell(self) -> None:
        number = next(self.numbers)
        assert self.client.run(f"x = {number}; return x").plain == str(number)

    def fail(self) -> None:
        error = self.client.run("local t = {}\nreturn t.missing.field").failed().error
        assert "missing" in error["evalue"]

    def define_things(self) -> None:
        self.client.run(
            "local cache = {}\n"
            "function square(n) cache[n] = cache[n] or n * n; return cache[n] end\n"
            "for i = 1, 500 do square(i) end"
        ).succeeded()

    def print_lines(self) -> None:
        lines = self.random.randrange(1, 400)
        text = self.client.run(f"for i = 1, {lines} do print(i) end").succeeded().text()
        assert text == "".join(f"{i}\n" for i in range(1, lines + 1))

    def write_much(self) -> None:
        assert len(self.client.run("io.write(('x'):rep(200000))").succeeded().text()) == 200_000

    def write_by_a_child(self) -> None:
        cell = self.client.run("os.execute('echo from a child')").succeeded()
        assert cell.text() == "from a child\n", (cell.streams, self.kernel.log[-2000:])

    def show_things(self) -> None:
        self.client.run(
            "display.html('<b>%s</b>', 'bold')\n"
            "local h = display('one', {id = 'soak'}) h:update('two')\n"
            "plot.line({3, 1, 2})\n"
            "for i in progress(20) do end"
        ).succeeded()

    def use_a_widget(self) -> None:
        self.client.run("local w = widgets.slider{min = 0, max = 9} display(w) w.value = 5 w:close()").succeeded()

    def ask_for_help(self) -> None:
        self.client.ask("complete_request", {"code": "string.", "cursor_pos": 7})
        self.client.ask("inspect_request", {"code": "string.format", "cursor_pos": 13, "detail_level": 0})
        self.client.ask("is_complete_request", {"code": "for i = 1, 2 do"})
        self.client.ask("history_request", {"hist_access_type": "tail", "n": 10, "raw": True, "output": False})

    def interrupt_by_a_message(self) -> None:
        running = self._spin()
        self.client.ask("interrupt_request", {}, channel="control")
        assert self.client.settle(running).failed().error["ename"] == "Interrupted"

    def interrupt_by_a_signal(self) -> None:
        running = self._spin()
        self.kernel.signal(signal.SIGINT)
        assert self.client.settle(running).failed().error["ename"] == "Interrupted"

    def come_and_go(self) -> None:
        other = self.kernel.connect()
        try:
            number = next(self.numbers)
            assert other.run(f"return {number}").plain == str(number)
        finally:
            other.close()

    def listen_and_stop_listening(self) -> None:
        """A subscriber that takes nothing, and leaves while much is written."""
        context = zmq.Context()
        try:
            silent = context.socket(zmq.SUB)
            silent.setsockopt(zmq.RCVHWM, 1)
            silent.setsockopt(zmq.RCVBUF, 4096)
            silent.subscribe(b"")
            silent.connect(self.client.endpoint("iopub"))
            self.write_much()
            self.print_lines()
        finally:
            context.destroy(linger=0)

    def be_refused(self) -> None:
        """What is not signed by the kernel's key."""
        frames = encode(b"another key", json.dumps(self.client.header("execute_request")).encode(), b"{}")
        self.client.throw(frames)
        self.run_a_cell()

    def save_the_state(self) -> None:
        reply = self.client.ask("perilune_save_request", {}, channel="control").content
        assert reply["status"] == "ok", reply

    def reload(self) -> None:
        self.kernel.signal(signal.SIGUSR1)
        self.client.ask("perilune_reload_request", {}, channel="control")

    def dump(self) -> None:
        reply = self.client.ask("perilune_dump_request", {}, channel="control").content
        assert reply["status"] == "ok", reply
        # An operator has looked at it.
        Path(reply["file"]).unlink()

    def look_back(self) -> None:
        content = {"after": None, "parent": None, "limit_bytes": 100_000}
        assert self.client.ask("perilune_journal_request", content, channel="control").content["status"] == "ok"

    def hang_up(self) -> None:
        self.kernel.signal(signal.SIGHUP)
        self.run_a_cell()

    # Parts of it

    def _spin(self):
        running = self.client.execute("print('on') while true do end")
        self.client.printed(running, "on\n")
        return running

    def _flood(self, type: str, content: dict, count: int) -> None:
        """Sends requests, and takes nothing but their replies."""
        other = self.kernel.connect()
        other.sockets["iopub"].close()
        shell, body, waiting = other.sockets["shell"], json.dumps(content).encode(), 0
        for number in range(count):
            shell.send_multipart(encode(other.key, json.dumps(other.header(type)).encode(), body))
            waiting += 1
            while waiting >= 200 or number + 1 == count and waiting:
                assert shell.poll(60_000), f"no reply to a {type}"
                shell.recv_multipart()
                waiting -= 1
        other.close()

    def _wait_for_rest(self) -> None:
        """Connections that were left a moment ago are closed when the kernel notices."""
        found = None
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            now = (self.process.num_fds(), self.process.num_threads(), len(self.process.children()))
            if now == found:
                return
            found = now
            self.client._poller.poll(200)

    def _proc(self, name: str) -> str:
        return Path(f"/proc/{self.kernel.pid}/{name}").read_text()


ACTIONS = [
    Life.run_a_cell,
    Life.fail,
    Life.define_things,
    Life.print_lines,
    Life.write_much,
    Life.write_by_a_child,
    Life.show_things,
    Life.use_a_widget,
    Life.ask_for_help,
    Life.interrupt_by_a_message,
    Life.interrupt_by_a_signal,
    Life.come_and_go,
    Life.listen_and_stop_listening,
    Life.be_refused,
    Life.save_the_state,
    Life.reload,
    Life.dump,
    Life.look_back,
    Life.hang_up,
]
