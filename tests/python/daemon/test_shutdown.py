"""How a kernel ends: in phases, each with a deadline, none of which stops the next."""

import json
import re
import signal
import time

import psutil
import pytest
from frontend import gone

from .home import PATIENCE
from .lives import Life, begin_in_front

PHASES = [
    "refuse new requests",
    "drain",
    "interrupt",
    "save the state",
    "end the language",
    "send what is left",
    "give everything back",
]
UNTIL_TOLD = "print 'on' repeat local file = io.open('go') until file return 42"


@pytest.fixture
def live(home):
    """Starts a kernel under the test's eyes, and waits until it listens."""
    lives: list[Life] = []

    def start(*settings: str) -> Life:
        options = [option for setting in settings for option in ("--set", setting)]
        life = begin_in_front(home, "it", "--cwd", home.work, *options)
        lives.append(life)
        life.logged("the kernel listens")
        return life

    yield start
    for life in lives:
        life.close()


def phases(life: Life) -> dict[str, tuple[str, float]]:
    """Each phase that the log tells of, in order: how it went, and its milliseconds."""
    lines = re.findall(r'shutdown: ([a-z ]+) phase="?([a-z ]+?)"? milliseconds=(\d+\.?\d{,3})\n', life.log)
    return {phase: (went, float(milliseconds)) for went, phase, milliseconds in lines}


def go(life: Life) -> None:
    (life.home.work / "go").touch()


def test_each_phase_says_how_long_it_took(live):
    life = live("shutdown.drain=30s")
    client = life.connect()
    client.run("1")
    life.signal(signal.SIGTERM)
    assert life.ended() == 0
    told = phases(life)
    assert list(told) == [phase for phase in PHASES if phase != "interrupt"], life.log
    assert {went for went, _ in told.values()} == {"done"}
    assert "a signal told it to" in life.log


def test_what_runs_may_finish_when_a_signal_ends_the_kernel(live):
    life = live("shutdown.drain=30s")
    client = life.connect()
    cell = client.execute(UNTIL_TOLD)
    client.printed(cell, "on")
    waiting = client.execute("2")
    client.queued(1)
    life.signal(signal.SIGTERM)
    life.logged("refuse new requests")
    go(life)
    assert client.settle(cell).succeeded().plain == "42"
    assert client.settle(waiting).reply.content["status"] == "aborted", "what waits does not begin"
    assert life.ended() == 0


def test_what_runs_is_interrupted_when_it_takes_too_long(live):
    life = live("shutdown.drain=100ms")
    client = life.connect()
    cell = client.execute("print 'on' while true do end")
    client.printed(cell, "on")
    life.signal(signal.SIGTERM)
    assert client.settle(cell).failed().error["ename"] == "Interrupted"
    assert life.ended() == 0
    assert phases(life)["drain"][0] == "not done in time" and phases(life)["interrupt"][0] == "done"


def test_a_client_that_ends_the_kernel_waits_for_nothing_unless_it_is_told_to(live):
    life = live("shutdown.drain=60s")
    client = life.connect()
    cell = client.execute("print 'on' while true do end")
    client.printed(cell, "on")
    asked = client.send("shutdown_request", {"restart": False}, "control")
    assert client.settle(cell).failed().error["ename"] == "Interrupted"
    assert client.settle(asked).content == {"status": "ok", "restart": False}
    assert life.ended() == 0
    assert "drain" not in phases(life)


def test_new_requests_are_refused_and_what_tells_of_the_kernel_is_answered(live):
    life = live("shutdown.drain=60s")
    client = life.connect()
    cell = client.execute(UNTIL_TOLD)
    client.printed(cell, "on")
    life.signal(signal.SIGTERM)
    life.logged("refuse new requests")
    other = life.connect()
    for type, content, channel in [
        ("execute_request", {"code": "1"}, "shell"),
        ("complete_request", {"code": "pri", "cursor_pos": 3}, "shell"),
        ("is_complete_request", {"code": "1"}, "shell"),
        ("history_request", {"hist_access_type": "tail", "n": 1}, "shell"),
        ("perilune_reload_request", {}, "control"),
    ]:
        refused = other.ask(type, content, channel).content
        assert (refused["status"], refused["ename"]) == ("error", "ShuttingDown"), refused
    assert other.ask("kernel_info_request", {}, "control").content["status"] == "ok"
    assert other.ping(b"still there?") == b"still there?"
    status = life.status(other)
    assert status["state"] == "stopping" and status["running"]["msg_id"] == cell.id
    go(life)
    assert client.settle(cell).succeeded().plain == "42"
    assert life.ended() == 0


def test_a_question_can_be_answered_while_it_drains(live):
    life = live("shutdown.drain=60s")
    client = life.connect()
    cell = client.execute("return io.read('n')", allow_stdin=True)
    question = client.question(cell)
    life.signal(signal.SIGTERM)
    life.logged("refuse new requests")
    client.answer(question, "42")
    assert client.settle(cell).succeeded().plain == "42"
    assert life.ended() == 0


# Signals and requests during the end.


@pytest.fixture
def draining(live):
    """A kernel that ends as soon as its cell has."""
    life = live("shutdown.drain=60s", "shutdown.interrupt=60s")
    client = life.connect()
    cell = client.execute(UNTIL_TOLD)
    client.printed(cell, "on")
    life.signal(signal.SIGTERM)
    life.logged("refuse new requests")
    return life, client, cell


def test_an_interrupt_ends_what_is_waited_for(draining):
    life, client, cell = draining
    life.signal(signal.SIGINT)
    assert client.settle(cell).failed().error["ename"] == "Interrupted"
    assert life.ended() == 0


def test_a_dump_tells_what_is_waited_for(draining):
    life, client, cell = draining
    life.signal(signal.SIGUSR2)
    dump = life.dumped()
    assert dump["kernel"]["state"] == "stopping" and dump["kernel"]["running"]["msg_id"] == cell.id
    go(life)
    assert life.ended() == 0


def test_a_hang_up_and_a_reload_change_nothing(draining):
    life, client, cell = draining
    life.signal(signal.SIGHUP, signal.SIGUSR1)
    life.logged("SIGUSR1 came, but the kernel ends")
    go(life)
    assert client.settle(cell).succeeded().plain == "42"
    assert life.ended() == 0


def test_a_request_for_the_end_is_answered_when_it_comes(draining):
    life, client, cell = draining
    asked = client.send("shutdown_request", {"restart": True}, "control")
    life.status(client)
    go(life)
    assert client.settle(asked).content == {"status": "ok", "restart": True}
    assert life.ended() == 0


def test_a_dump_that_was_asked_for_just_before_the_end_is_written(live):
    life = live()
    life.connect().run("1")
    life.signal(signal.SIGUSR2, signal.SIGTERM)
    assert life.ended() == 0
    assert json.loads(life.dumps[0].read_text())["kernel"]["pid"] == life.pid


# When it does not go as it should.


def test_a_cell_that_cannot_be_stopped_is_left_behind(live, stuck):
    life = live("shutdown.interrupt=300ms")
    client = life.connect()
    client.run("keep = io.popen('sleep 60')").succeeded()
    children = psutil.Process(life.pid).children(recursive=True)
    cell = client.execute(stuck)
    client.printed(cell, "in C")
    life.signal(signal.SIGTERM)
    assert life.ended() == 0
    told = phases(life)
    assert told["interrupt"][0] == "not done in time" and list(told)[-2:] == PHASES[-2:]
    assert children and all(gone(child, PATIENCE) for child in children)


@pytest.mark.parametrize("setting", ["shutdown.drain=60s", "shutdown.interrupt=60s"])
def test_a_second_term_forces_the_end_and_leaves_nothing_in_the_way(live, home, stuck, setting):
    life = live(setting)
    client = life.connect()
    client.run("keep = io.popen('sleep 60')").succeeded()
    child = psutil.Process(life.pid).children(recursive=True)[0]
    cell = client.execute(stuck)
    client.printed(cell, "in C")
    life.signal(signal.SIGTERM)
    life.logged("refuse new requests")
    # Within 50 ms they would be one.
    time.sleep(0.1)
    life.signal(signal.SIGTERM)
    assert life.ended() == 128 + signal.SIGTERM
    assert "a second SIGTERM came" in life.log
    assert gone(child, PATIENCE)
    client.wait(lambda: any(m.type == "shutdown_reply" for m in client.foreign), "word of the end")
    assert not home.connection_file("it").exists()

    again = begin_in_front(home, "it")
    again.logged("the kernel listens")
    assert again.connect().run("return 6 * 7").plain == "42"
    again.signal(signal.SIGTERM)
    assert again.ended() == 0
    again.close()


def test_two_at_once_are_one(live):
    """As timeout(1) sends it: to the process, and to its group. Stopped, so that they surely are."""
    life = live()
    client = life.connect()
    cell = client.execute("print 'on' while true do end")
    client.printed(cell, "on")
    life.signal(signal.SIGSTOP, signal.SIGTERM, signal.SIGTERM, signal.SIGCONT)
    assert life.ended() == 0
    assert client.settle(cell).failed().error["ename"] == "Interrupted"


def test_a_term_after_a_request_only_hurries_it(live):
    """As Jupyter does, when a kernel takes its time."""
    life = live("shutdown.drain_on_request=60s")
    client = life.connect()
    cell = client.execute("print 'on' while true do end")
    client.printed(cell, "on")
    asked = client.send("shutdown_request", {"restart": False}, "control")
    life.logged("refuse new requests")
    life.signal(signal.SIGTERM)
    assert client.settle(cell).failed().error["ename"] == "Interrupted"
    assert client.settle(asked).content["status"] == "ok"
    assert life.ended() == 0
    assert phases(life)["drain"][0] == "skipped"


def test_a_client_that_does_not_read_delays_the_end_no_longer_than_it_may(live):
    life = live("shutdown.flush=100ms")
    client = life.connect()
    deaf = life.connect()
    client.run("1")
    cell = client.execute("for i = 1, 200 do io.write(('x'):rep(100000), '\\n') end")
    client.settle(cell).succeeded()
    life.signal(signal.SIGTERM)
    assert life.ended() == 0
    assert "send what is left" in phases(life) and deaf.foreign == []
