"""What each signal does to a kernel, whenever it comes: none is lost, and none ends it by itself."""

import json
import os
import pty
import resource
import shutil
import signal
import stat
import subprocess
import time
from contextlib import suppress

import psutil
import pytest
from frontend import Frontend

from .lives import CAUGHT, Life, begin_in_front, mask, until

TERM, INT, HUP, USR1, USR2 = CAUGHT
#: Those after which a kernel goes on.
HARMLESS = [INT, HUP, USR1, USR2]


def names(number: signal.Signals) -> str:
    return number.name


@pytest.fixture(params=["foreground", "daemon"])
def live(request, home, daemon):
    """Starts a kernel in one of the two ways that give it a name, and waits until it answers."""
    lives: list[Life] = []

    def start(*arguments) -> Life:
        if request.param == "daemon":
            started = daemon("it", *arguments)
            life = Life(home, "it", started.pid, None, home.folder("it") / "kernel.log")
        else:
            life = begin_in_front(home, "it", *arguments)
            until(lambda: "the kernel listens" in life.log or life.process.poll() is not None, "start")
        lives.append(life)
        return life

    yield start
    for life in lives:
        life.close()


def settings(life: Life, text: str) -> None:
    folder = life.home.path / "config/perilune"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(text)


# At rest.


def test_all_are_caught_and_none_is_blocked_or_ignored(live):
    life = live()
    life.connect().run("1")
    assert set(CAUGHT) <= mask(life.pid, "SigCgt")
    assert not set(CAUGHT) & (mask(life.pid, "SigBlk") | mask(life.pid, "SigIgn"))


def test_term_is_a_graceful_end(live):
    life = live()
    client = life.connect()
    client.run("1")
    life.signal(TERM)
    client.wait(lambda: any(m.type == "shutdown_reply" for m in client.foreign), "word of the end")
    life.ends_with(0)
    assert not life.home.connection_file("it").exists()
    assert not life.home.registry.joinpath("it.json").exists()


@pytest.mark.parametrize("number", [INT, HUP], ids=names)
def test_at_rest_an_interrupt_and_a_hang_up_change_nothing(live, number):
    life = live()
    client = life.connect()
    client.run("kept = 1").succeeded()
    life.signal(number)
    # Whatever it did would be done when the next signal is.
    life.signal(USR2)
    life.dumped()
    assert client.run("return kept").succeeded().plain == "1"


def test_a_limit_on_the_size_of_files_is_an_error_for_who_writes_and_not_the_end(live):
    life = live()
    client = life.connect()
    client.run("1")
    resource.prlimit(life.pid, resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    file = life.home.path / "large"
    write = f"local file = io.open('{file}', 'w'); print(file:write(('x'):rep(4 << 20))); print(file:close())"
    assert "File too large" in client.run(write).succeeded().text("stdout")
    assert client.run("return 1").plain == "1"


def test_usr1_reads_the_configuration_anew_and_says_what_changed(live):
    life = live()
    client = life.connect()
    client.run("1")
    settings(life, "[shutdown]\ndrain = '3s'\n")
    life.signal(USR1)
    life.logged("shutdown.drain")
    life.logged("SIGUSR1")
    assert client.run("1").plain == "1"


def test_usr1_with_a_configuration_that_is_wrong_changes_nothing_and_says_why(live):
    life = live()
    settings(life, "[shutdown]\ndrian = '3s'\n")
    life.signal(USR1)
    life.logged("drian")
    assert life.connect().run("1").plain == "1"


def test_usr2_writes_what_the_kernel_is_at(live):
    life = live()
    client = life.connect()
    client.run("x = 1").succeeded()
    life.signal(USR2)
    dump = life.dumped()
    file = life.dumps[0]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    kernel = dump["kernel"]
    assert dump["schema_version"] == 1 and (kernel["pid"], kernel["name"], kernel["state"]) == (life.pid, "it", "idle")
    assert kernel["running"] is None and kernel["executions"] == 1 and kernel["clients"] == 1
    assert dump["executor"] == {"state": "waits for work"}
    assert {"executor", "capture"} <= {thread["name"] for thread in dump["process"]["threads"]}
    assert dump["process"]["descriptors"]["open"] > 5 and dump["process"]["memory"]["resident"] > 1 << 20
    assert dump["clients"]["subscribers"][0]["backlog_bytes"] == 0
    assert dump["vitals"]["received"]["shell"]["messages"]["execute"] == 1
    assert "shutdown.drain" in dump["configuration"]
    key = json.loads(life.home.connection_file("it").read_text())["key"]
    assert key not in file.read_text()


def test_a_request_does_what_the_signal_does(live):
    life = live()
    client = life.connect()
    told = client.ask("perilune_dump_request", {}, "control").content
    assert told["file"] == str(life.dumps[0]) and told["bytes"] == life.dumps[0].stat().st_size
    settings(life, "[shutdown]\ndrain = '3s'\n")
    reloaded = client.ask("perilune_reload_request", {}, "control").content
    assert "shutdown.drain" in json.dumps(reloaded)
    settings(life, "[shutdown]\ndrain = 'soon'\n")
    refused = client.ask("perilune_reload_request", {}, "control").content
    assert refused["status"] == "error" and "shutdown.drain" in refused["evalue"]


def test_old_dumps_make_room_for_new_ones(live):
    life = live()
    client = life.connect()
    for _ in range(20):
        client.ask("perilune_dump_request", {}, "control")
    assert len(life.dumps) == 16


# Doubled.


@pytest.mark.parametrize("number", HARMLESS, ids=names)
def test_many_of_one_are_no_more_than_one(live, number):
    life = live()
    client = life.connect()
    client.run("kept = 1").succeeded()
    life.signal(*[number] * 50)
    life.signal(USR2)
    life.dumped()
    assert client.run("return kept").succeeded().plain == "1"


def test_all_at_once_are_all_heard(live):
    life = live()
    client = life.connect()
    cell = client.execute("print 'on' while true do end")
    client.printed(cell, "on")
    settings(life, "[shutdown]\ndrain = '0s'\nflush = '2s'\n")
    life.signal(HUP, USR1, USR2, INT)
    assert client.settle(cell).failed().error["ename"] == "Interrupted"
    life.dumped()
    life.logged("shutdown.flush")
    assert client.run("1").plain == "1"


# While a cell runs.

CELLS = {
    "a loop": "print 'on' repeat until go() return 42",
    "a sleep": "print 'on' perilune.sleep(0.3) repeat until go() return 42",
    "a pipe": "print 'on' local line = io.popen('while ! [ -e go ]; do sleep 0.01; done; echo line'):read('l') return 42",
    "a child": "print 'on' assert(os.execute('while ! [ -e go ]; do sleep 0.01; done')) return 42",
    "a question": "print 'on' assert(io.read() == 'answer') return 42",
}
GO = "function go() local file = io.open('go') if file then file:close() end return file end"


def begin_cell(life: Life, client: Frontend, doing: str):
    client.run(f"{GO} kept = 1").succeeded()
    cell = client.execute(CELLS[doing], allow_stdin=True)
    client.printed(cell, "on")
    question = client.question(cell) if doing == "a question" else None
    if doing in ("a pipe", "a child"):
        until(lambda: "sh" in children(life), "the child")

    def go():
        folder = os.readlink(f"/proc/{life.pid}/cwd")
        with open(os.path.join(folder, "go"), "w"):
            pass
        if question:
            client.answer(question, "answer")

    return cell, go


def children(life: Life) -> set[str]:
    """The names of the programs that a kernel has started."""
    names = set()
    for child in psutil.Process(life.pid).children():
        with suppress(psutil.NoSuchProcess):
            names.add(child.name())
    return names


def with_folder(live, tmp_path) -> Life:
    return live("--cwd", str(tmp_path))


@pytest.mark.parametrize("doing", CELLS)
def test_an_interrupt_ends_the_cell_and_keeps_the_kernel(live, tmp_path, record_property, doing):
    life = with_folder(live, tmp_path)
    client = life.connect()
    cell, _ = begin_cell(life, client, doing)
    began = time.monotonic()
    life.signal(INT)
    client.reply(cell)
    record_property("milliseconds", 1e3 * (time.monotonic() - began))
    assert client.settle(cell).failed().error["ename"] == "Interrupted"
    assert client.run("return kept").plain == "1"


@pytest.mark.parametrize("doing", CELLS)
def test_the_others_leave_the_cell_alone_and_do_their_work(live, tmp_path, doing):
    life = with_folder(live, tmp_path)
    client = life.connect()
    cell, go = begin_cell(life, client, doing)
    settings(life, "[shutdown]\ndrain = '3s'\n")
    life.signal(HUP, USR1, USR2)
    dump = life.dumped()
    assert dump["kernel"]["state"] == "busy" and dump["executor"]["state"] == "runs code"
    running = dump["kernel"]["running"]
    assert running["msg_id"] == cell.id and running["code"] == CELLS[doing][:200] and running["execution_count"] == 2
    assert dump["asks_a_question"] == (doing == "a question")
    if doing in ("a pipe", "a child"):
        assert "sh" in {child["name"] for child in dump["children"]}
    life.logged("shutdown.drain")
    go()
    assert client.settle(cell).succeeded().plain == "42"


@pytest.mark.parametrize("doing", CELLS)
def test_term_interrupts_the_cell_answers_it_and_ends(live, tmp_path, doing):
    life = with_folder(live, tmp_path)
    client = life.connect()
    cell, _ = begin_cell(life, client, doing)
    life.signal(TERM)
    assert client.settle(cell).reply.content["status"] == "error"
    life.ends_with(0)


def test_a_sleep_is_as_long_as_it_was_whatever_comes(live):
    life = live()
    client = life.connect()
    cell = client.execute("print 'on' local began = os.time() perilune.sleep(2) return os.time() - began >= 1")
    client.printed(cell, "on")
    life.signal(HUP, USR1, USR2)
    assert client.settle(cell).succeeded().plain == "true"


# While it starts.


@pytest.mark.parametrize("number", HARMLESS, ids=names)
def test_what_comes_before_it_listens_is_done_when_it_does(home, number):
    life = begin_in_front(home, "it")
    until(lambda: set(CAUGHT) <= mask(life.pid, "SigCgt"), "handlers")
    life.signal(number, number)
    life.logged("the kernel listens")
    client = life.connect()
    assert client.run("1").plain == "1"
    if number == USR2:
        life.dumped()
    if number == USR1:
        life.logged("SIGUSR1")
    life.close()


def test_term_before_it_listens_ends_it_well(home):
    life = begin_in_front(home, "it")
    until(lambda: set(CAUGHT) <= mask(life.pid, "SigCgt"), "handlers")
    life.signal(TERM)
    assert life.ended() == 0, life.log
    assert not life.home.connection_file("it").exists()


def test_a_start_that_hangs_is_ended_by_the_third_term(perilune, tmp_path):
    os.mkfifo(tmp_path / "never.json")
    process = subprocess.Popen([perilune, "kernel", "start", "-f", tmp_path / "never.json"], stderr=subprocess.DEVNULL)
    try:
        until(lambda: set(CAUGHT) <= mask(process.pid, "SigCgt"), "handlers")
        sent = 0
        while process.poll() is None:
            process.send_signal(TERM)
            sent += 1
            time.sleep(0.1)
            assert sent < 50
        assert process.returncode == 128 + TERM and sent >= 3
    finally:
        process.kill()
        process.wait()


# With a terminal.


def in_terminal(home, *before):
    """A kernel that was started from a terminal; the terminal, and the kernel."""
    master, slave = pty.openpty()
    log = home.path / "log"
    script = 'exec "$@" >"$LOG" 2>&1'
    process = subprocess.Popen(
        ["setsid", "--ctty", "sh", "-c", script, "sh", *before,
         home.binary, "kernel", "start", "--foreground", "--name", "it", "--log-level", "info"],
        stdin=slave, env=home.environment | {"LOG": str(log)}, cwd=home.work,
    )  # fmt: skip
    os.close(slave)
    life = Life(home, "it", process.pid, process, log)
    until(log.exists, "log")
    life.logged("the kernel listens")
    return master, life


def test_a_kernel_ends_well_with_the_terminal_it_was_started_from(home):
    terminal, life = in_terminal(home)
    client = life.connect()
    assert client.run("1").plain == "1"
    os.close(terminal)
    client.wait(lambda: any(m.type == "shutdown_reply" for m in client.foreign), "word of the end")
    assert life.ended() == 0
    life.close()


def test_under_nohup_it_does_not(home):
    terminal, life = in_terminal(home, shutil.which("nohup"))
    client = life.connect()
    assert client.run("1").plain == "1"
    os.close(terminal)
    assert client.run("2").plain == "2"
    assert HUP in mask(life.pid, "SigIgn")
    life.signal(TERM)
    assert life.ended() == 0
    life.close()


# What children inherit.


def test_children_of_cells_have_all_signals_as_usual(live):
    life = live()
    client = life.connect()
    text = client.run(
        "print(io.popen('cat /proc/self/status'):read('a'))\n"
        "os.execute('cat /proc/self/status')"
    ).succeeded().text()  # fmt: skip
    fields = [line.split(":\t") for line in text.splitlines() if line.startswith(("SigBlk", "SigIgn", "SigCgt"))]
    assert [name for name, _ in fields] == ["SigBlk", "SigIgn", "SigCgt"] * 2
    ours = sum(1 << number - 1 for number in [*CAUGHT, signal.SIGURG, signal.SIGPIPE])
    assert {int(bits, 16) & ours for _, bits in fields} == {0}, fields
    assert {bits for name, bits in fields if name != "SigIgn"} == {"0" * 16}, "none is blocked, none is caught"


FORKS = """
#include <unistd.h>
void lua_pushinteger(void *, long long);
int luaopen_forks(void *L) {
    int pid = fork();
    if (pid == 0)
        for (;;) pause();
    lua_pushinteger(L, pid);
    return 1;
}
"""


@pytest.mark.parametrize("number", CAUGHT, ids=names)
def test_a_child_that_c_code_forks_dies_of_them_as_any_process(live, tmp_path, number):
    life = live()
    client = life.connect()
    (tmp_path / "forks.c").write_text(FORKS)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "forks.so", tmp_path / "forks.c"], check=True)
    child = int(client.run(f"package.cpath = '{tmp_path}/?.so'\nreturn (require 'forks')").succeeded().plain)
    os.kill(child, number)
    status = until(lambda: state_of(child) in ("Z", None), "end of the child")
    assert status and client.run("1").plain == "1", "the kernel is none the worse"


def state_of(pid: int) -> str | None:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return None
