"""`perilune kernel attach` and `perilune kernel output`: what was printed is seen, once."""

import json
import os
import pty
import signal
import subprocess
import time

import pytest

from .proxy import Proxy


@pytest.fixture
def attach(home):
    """Attaches, and detaches at the end of the test."""
    attached = []

    def attach(*arguments, **options) -> subprocess.Popen:
        process = home.command("kernel", "attach", *arguments, **options)
        attached.append(process)
        return process

    yield attach
    for process in attached:
        process.kill()
        process.communicate()


@pytest.fixture
def cut_off(home):
    """A way to a daemon that can be cut."""
    proxies = []

    def cut_off(daemon) -> Proxy:
        proxy = Proxy.of_kernel(home.connection_file(daemon.name), home.work / f"far-{len(proxies)}.json")
        proxies.append(proxy)
        return proxy

    yield cut_off
    for proxy in proxies:
        proxy.close()


def missed(home, *arguments):
    """What an attach shows that follows nothing."""
    ended = home.run("kernel", "attach", "--no-follow", *arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def run(home, name, code) -> str:
    ended = home.run("kernel", "exec", name, "-e", code)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def leave(home, name, code) -> str:
    """Runs code that nobody watches. Returns the request's id."""
    ended = home.run("kernel", "exec", "--detach", name, "-e", code)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def detach(process) -> tuple[str, str]:
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 0, stderr
    return stdout, stderr


def lines_until(stream, last: str) -> list[str]:
    """The lines of a stream up to this one."""
    lines = []
    for line in stream:
        lines.append(line.rstrip("\n"))
        if lines[-1] == last:
            break
    return lines


def counted(prefix: str, count: int) -> list[str]:
    return [f"{prefix} {number}" for number in range(1, count + 1)]


def test_what_was_missed_is_shown_once_with_cells_and_errors_beside_it(home, daemon):
    daemon("a")
    run(home, "a", "print('one')\nreturn {1, 2}")
    ended = home.run("kernel", "attach", "a", "--no-follow")
    assert (ended.returncode, ended.stdout) == (0, "one\n{1, 2}\n")
    assert "In [1]: print('one')\n        return {1, 2}\n" in ended.stderr
    assert missed(home, "a") == ""
    assert home.run("kernel", "exec", "a", "-e", "io.write('tw') io.stderr:write('!') error('bad')").returncode == 1
    ended = home.run("kernel", "attach", "a", "--no-follow")
    assert ended.stdout.strip() == "tw"
    assert "RuntimeError: cell[2]:1: bad" in ended.stderr and "!" in ended.stderr


def test_it_begins_where_one_wants(home, daemon):
    daemon("a")
    first = leave(home, "a", "print('one')")
    run(home, "a", "print('two')")
    assert missed(home, "a", "--since", "now") == ""
    run(home, "a", "print('three')")
    assert missed(home, "a") == "three\n"
    assert missed(home, "a", "--since", "start") == "one\ntwo\nthree\n"
    messages = [json.loads(line) for line in missed(home, "a", "--since", "start", "--json").splitlines()]
    one = next(m for m in messages if m["header"]["msg_type"] == "stream" and m["parent_header"]["msg_id"] == first)
    assert missed(home, "a", "--since", one["header"]["msg_id"]) == "two\nthree\n"
    unknown = home.run("kernel", "attach", "a", "--since", "no-such-message")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "no-such-message" in unknown.stderr


def test_for_programs_each_message_is_a_line(home, daemon):
    daemon("a")
    run(home, "a", "print('one')")
    messages = [json.loads(line) for line in missed(home, "a", "--json").splitlines()]
    assert all(m["schema_version"] == 1 and m["event"] == "message" for m in messages)
    kinds = [m["header"]["msg_type"] for m in messages]
    assert kinds == ["status", "status", "execute_input", "stream", "status"]
    assert messages[3]["content"] == {"name": "stdout", "text": "one\n"}
    assert len({m["header"]["msg_id"] for m in messages}) == len(messages)


def test_first_what_was_missed_then_what_comes_and_leaving_does_not_interrupt(home, daemon, attach):
    kernel = daemon("a")
    wait = f"repeat perilune.sleep(0.01) until io.open('{home.work}/go-' .. i)"
    leave(home, "a", f"for i = 1, 40 do print('line ' .. i) if i % 10 == 0 then {wait} end end print('end')")
    seen = []
    for last in (10, 20, 30, 40):
        if last > 10:
            # Of what comes now, some is missed: the journal has it, perhaps before the next one looks on.
            (home.work / f"go-{last - 10}").touch()
        process = attach("a")
        seen += lines_until(process.stdout, f"line {last}")
        if last == 40:
            (home.work / "go-40").touch()
            seen += lines_until(process.stdout, "end")
        assert detach(process)[0] == ""
    assert seen == counted("line", 40) + ["end"]
    assert kernel.run("1").plain == "1"


def test_with_the_connection_cut_again_and_again_each_line_is_seen_once(home, daemon, attach, cut_off, chance):
    """60 seconds of output, while the way to the kernel is reset at any moment or closed for a while."""
    kernel = daemon("a")
    proxy = cut_off(kernel)
    count = 6000
    leave(home, "a", f"for i = 1, {count} do print('line ' .. i) perilune.sleep(0.01) end print('end')")
    process = attach(proxy.connection_file)
    ends = time.monotonic() + 54
    while time.monotonic() < ends:
        time.sleep(chance.uniform(0.05, 1.5))
        if chance.random() < 0.3:
            proxy.is_open = False
        proxy.cut()
        if not proxy.is_open:
            time.sleep(chance.uniform(0.1, 0.6))
            proxy.is_open = True
    seen = lines_until(process.stdout, "end")
    _, stderr = detach(process)
    assert seen == counted("line", count) + ["end"]
    assert proxy.cuts > 10
    assert stderr.count("connected again") >= 5, stderr


def test_many_may_look_on_and_each_sees_all(home, daemon, attach):
    daemon("a")
    run(home, "a", "print('before')")
    processes = [attach("a", "--since", "start") for _ in range(6)]
    for process in processes:
        assert process.stdout.readline() == "before\n"
    leave(home, "a", "for i = 1, 500 do print('line ' .. i) end print('end')")
    for process in processes:
        assert lines_until(process.stdout, "end") == counted("line", 500) + ["end"]
        assert detach(process)[0] == ""


def test_what_a_killed_kernel_left_is_shown_and_that_it_ended(home, daemon, attach):
    kernel = daemon("a")
    process = attach("a")
    run(home, "a", "print('seen')")
    assert process.stdout.readline() == "seen\n"
    detach(process)
    run(home, "a", "print('missed')")
    kernel.kill()
    ended = home.run("kernel", "attach", "a")
    assert (ended.returncode, ended.stdout) == (3, "missed\n")
    assert "not running" in ended.stderr
    daemon("a")
    run(home, "a", "print('another life')")
    assert missed(home, "a") == "another life\n"


def test_one_who_looks_on_while_the_kernel_dies_or_ends_is_told(home, daemon, attach):
    kernel = daemon("a")
    process = attach("a")
    run(home, "a", "print('seen')")
    assert process.stdout.readline() == "seen\n"
    kernel.kill()
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 3 and "not running" in stderr
    daemon("b")
    process = attach("b")
    run(home, "b", "print('seen')")
    assert process.stdout.readline() == "seen\n"
    assert home.run("kernel", "stop", "b").returncode == 0
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0 and "the kernel has ended" in stderr


def test_who_looks_on_goes_on_with_the_kernel_that_is_started_anew(home, daemon, attach):
    daemon("a")
    process = attach("a")
    run(home, "a", "print('before')")
    assert process.stdout.readline() == "before\n"
    assert home.run("kernel", "restart", "a").returncode == 0
    run(home, "a", "print('after')")
    assert process.stdout.readline() == "after\n"
    detach(process)


@pytest.mark.parametrize("by", ["a front end", "exec --detach"])
def test_a_cell_that_waits_for_an_answer_gets_it_from_whoever_comes(home, daemon, by):
    """Who ran it has gone; the question is shown, and answered at a terminal."""
    kernel = daemon("a")
    code = "io.write('Name? ') local name = io.read() print('Hello, ' .. name)"
    if by == "a front end":
        client = kernel.connect()
        client.question(client.execute(code, allow_stdin=True))
        client.close()
    else:
        leave(home, "a", code)
    # Who has looked, and left without an answer, is asked again.
    for answer in (None, b"Ada\n"):
        main, terminal = pty.openpty()
        process = home.command("kernel", "attach", "a", stdin=terminal, stdout=terminal, stderr=terminal)
        os.close(terminal)
        seen = b""
        if answer:
            while b"waits for your answer" not in seen:
                seen += os.read(main, 4096)
            os.write(main, answer)
            while b"Hello, Ada" not in seen:
                seen += os.read(main, 4096)
        else:
            while b"Name? " not in seen:
                seen += os.read(main, 4096)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        os.close(main)


def test_one_who_stops_reading_for_a_while_loses_nothing(home, daemon, attach):
    """80 MB while the reader stands still are more than the kernel keeps for a subscriber: the journal has them."""
    daemon("a", "--set", "journal.max_size=1GiB")
    process = attach("a")
    run(home, "a", "print('ready')")
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGSTOP)
    go, done = home.work / "go", home.work / "done"
    wait = f"repeat perilune.sleep(0.01) until io.open('{go}')"
    flood = "local tail = ('x'):rep(10000) for i = 1, 8000 do print('line ' .. i .. ' ' .. tail) end"
    leave(home, "a", f"{wait} {flood} print('end') io.open('{done}', 'w'):close()")
    go.touch()
    deadline = time.monotonic() + 60
    while not done.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGCONT)
    seen = [line.split(" x")[0] for line in lines_until(process.stdout, "end")]
    _, stderr = detach(process)
    assert seen == counted("line", 8000) + ["end"]
    assert "missing" not in stderr
