"""A daemon whose code has stopped is ended and started anew by the commands for that."""

import time
from dataclasses import dataclass

import psutil
import pytest
from daemon.home import Daemon

CODE = """local n = 1
n = n + 1
print('went on')
return n"""

# Promptly, though the machine may be busy: far from what a kernel has to drain.
SOON = 5.0
DRAIN = ("--set", "shutdown.drain=60s")


@dataclass
class Debugged:
    """A daemon as front ends that debug take it."""

    daemon: Daemon

    @property
    def connection_file(self) -> str:
        return self.daemon.about["connection_file"]

    @property
    def process(self) -> "Debugged":
        return self

    def poll(self) -> int | None:
        """As of a child's process: none while it lives."""
        try:
            return None if self.daemon.process.status() != psutil.STATUS_ZOMBIE else 0
        except psutil.NoSuchProcess:
            return 0


@pytest.fixture
def stopped(daemon, sessions):
    """A daemon, one who debugs it, and a cell that has stopped."""
    debugged = Debugged(daemon("halted", *DRAIN))
    debugger = sessions(debugged)
    debugger.start()
    return debugged, debugger, stop_in(debugger)


def stop_in(debugger):
    debugger.break_at(CODE, 2)
    cell = debugger.execute(CODE)
    [frame] = debugger.stopped()
    assert frame["line"] == 2
    return cell


def hears_the_end(debugger, cell) -> None:
    """The code has gone on, to be ended, and there is nothing to debug any more."""
    assert sorted([debugger.any_event(), debugger.any_event()]) == ["continued", "terminated"]
    debugger.wait(lambda: cell.reply, "reply", SOON)
    assert (cell.reply["status"], cell.text) == ("error", "")


def ends_at_once(home, *arguments) -> str:
    began = time.monotonic()
    ended = home.run("kernel", *arguments)
    assert ended.returncode == 0, ended.stderr
    assert time.monotonic() - began < SOON
    # What is said of a kernel that has to be told twice.
    assert "SIGTERM" not in ended.stderr
    return ended.stdout


def test_stop_does_not_wait_for_who_debugs(home, stopped):
    debugged, debugger, cell = stopped
    assert ends_at_once(home, "stop", "halted") == "Stopped halted\n"
    hears_the_end(debugger, cell)
    assert debugged.daemon.is_gone()


def test_restart_does_not_either_and_what_comes_can_be_debugged(home, stopped, sessions):
    debugged, debugger, cell = stopped
    assert ends_at_once(home, "restart", "halted").startswith("Restarted halted as process ")
    hears_the_end(debugger, cell)
    new = Debugged(Daemon(home, "halted", home.record("halted")))
    assert new.daemon.pid != debugged.daemon.pid

    again = sessions(new)
    info = again.request("debugInfo")
    assert (info["isStarted"], info["breakpoints"], info["stoppedThreads"]) == (False, [], [])
    again.start()
    cell = stop_in(again)
    again.go()
    assert again.finish(cell).result == "2"


def test_a_session_that_is_to_be_saved_says_what_it_waits_for(home, stopped):
    _, debugger, cell = stopped
    waits = home.run("kernel", "save", "halted", "--timeout", "0.5")
    assert waits.returncode == 4
    told, *why = waits.stderr.splitlines()
    assert told == "perilune: a debugger has stopped the code at cell[1]:2 (breakpoint)"
    assert "`perilune kernel interrupt halted`" in " ".join(why)
    debugger.go()
    debugger.finish(cell)
    assert home.run("kernel", "save", "halted").stderr == ""


def test_an_interrupt_ends_the_cell_alone(home, stopped):
    _, debugger, cell = stopped
    assert "halted" in ends_at_once(home, "interrupt", "halted")
    debugger.event("continued")
    debugger.finish(cell, SOON)
    assert cell.reply["ename"] == "Interrupted"
    cell = stop_in(debugger)
    debugger.go()
    debugger.finish(cell)
