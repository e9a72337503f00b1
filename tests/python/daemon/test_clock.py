"""A clock that jumps: years ahead and years back, under a kernel that runs."""

import json
import subprocess
import time

import pytest

LIBRARY = "faketime/libfaketimeMT.so.1"


class Clock:
    """The wall clock of the processes that are started with it; the monotonic one is left alone."""

    def __init__(self, home):
        found = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
        folder = next(line.split(" => ")[1].rsplit("/", 1)[0] for line in found.splitlines() if "libc.so.6" in line)
        self.file = home.path / "clock"
        self.environment = {
            "LD_PRELOAD": f"{folder}/{LIBRARY}",
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.jump("+0")

    def jump(self, offset: str) -> None:
        """To so much before or after the real time."""
        self.file.write_text(offset + "\n")


@pytest.fixture
def clock(home) -> Clock:
    return Clock(home)


def wall(kernel) -> float:
    return float(kernel.run("return os.time()").plain)


def test_the_clock_of_a_kernel_jumps(daemon, clock):
    """Else the tests below would show nothing."""
    kernel = daemon("own", environment=clock.environment)
    assert abs(wall(kernel) - time.time()) < 100
    clock.jump("+2y")
    assert wall(kernel) - time.time() > 700 * 86400
    clock.jump("-2y")
    assert time.time() - wall(kernel) > 700 * 86400


def test_nothing_is_lost_and_nothing_waits_for_the_clock(home, daemon, clock):
    began = time.monotonic()
    kernel = daemon("own", environment=clock.environment)
    lines = []
    for offset in ("+0", "+2y", "-2y", "+10y", "-40y", "+0"):
        clock.jump(offset)
        lines.append(f"at {offset}")
        assert kernel.run(f"perilune.sleep(0.01) print('{lines[-1]}')").text() == lines[-1] + "\n"
        status = json.loads(home.run("kernel", "status", "own", "--json", environment=clock.environment).stdout)
        uptime = next(value for key, value in walk(status) if key == "uptime_seconds")
        assert 0 <= uptime <= time.monotonic() - began + 1, status
        assert home.run("kernel", "start", "--daemon", "--name", "own", environment=clock.environment).returncode == 5
    attached = home.run("kernel", "attach", "own", "--no-follow", "--since", "start")
    assert attached.stdout.splitlines() == lines
    clock.jump("-5y")
    kernel.terminate()
    daemon("own")
    assert home.run("kernel", "attach", "own", "--no-follow", "--since", "start").stdout.splitlines() == lines


def walk(value):
    """Every key of a document, and what it has."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)


def test_a_start_in_another_time_takes_over_what_was_left(home, daemon, clock):
    """That a process lives is not read off the clock."""
    clock.jump("+3y")
    first = daemon("own", environment=clock.environment)
    clock.jump("-3y")
    assert home.run("kernel", "start", "--daemon", "--name", "own", environment=clock.environment).returncode == 5
    first.kill()
    second = daemon("own", environment=clock.environment)
    assert second.run("return 1").plain == "1"
    clock.jump("+3y")
    second.terminate()
