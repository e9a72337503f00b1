"""Much of everything: breakpoints by the ten thousand, stops by the thousand."""

from pathlib import Path

import psutil
import pytest

MANY = 10_000
MIB = 1 << 20
# Of all of it together, on a busy machine.
PATIENCE = 60.0

# Runs until it is told to end, by a file.
LOOP = """local rounds, first, second = 0, 0, 0
repeat
  first = first + 1
  second = second + 1
  rounds = rounds + 1
until io.open({stop!r})
return first == second and second == rounds"""
FIRST, SECOND = 3, 4


@pytest.fixture
def loop(tmp_path, debugger):
    """A cell that runs on and on, and what ends it."""
    stop = tmp_path / "stop"
    code = LOOP.format(stop=str(stop))

    def end(cell) -> None:
        stop.touch()
        assert debugger.finish(cell, PATIENCE).result == "true"

    return code, end


def own_memory(kernel) -> int:
    """Bytes that are the process's own, whoever else runs the same program meanwhile."""
    rollup = Path(f"/proc/{kernel.pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) << 10 for line in rollup.splitlines() if line.startswith("Anonymous:"))


def lines_of_code(count: int, number: int = 0) -> str:
    return "\n".join(f"x{number} = {line}" for line in range(1, count + 1))


def set_and_clear(debugger, sources: int, lines: int) -> None:
    """Breakpoints on each line of many cells, which are never run; all that is asked is under way at once."""
    paths = [debugger.send("dumpCell", {"code": lines_of_code(lines, number)}) for number in range(sources)]
    paths = [debugger.answer(id, PATIENCE)["sourcePath"] for id in paths]

    def set_all(wanted: list[dict]) -> list[list[dict]]:
        asked = [debugger.send("setBreakpoints", {"source": {"path": path}, "breakpoints": wanted}) for path in paths]
        return [debugger.answer(id, PATIENCE)["breakpoints"] for id in asked]

    ids = set()
    for breakpoints in set_all([{"line": line} for line in range(1, lines + 1)]):
        assert [(b["verified"], b["line"]) for b in breakpoints] == [(True, line) for line in range(1, lines + 1)]
        ids |= {b["id"] for b in breakpoints}
    assert len(ids) == sources * lines, "each has a number of its own"
    known = {b["source"]: len(b["breakpoints"]) for b in debugger.request("debugInfo", PATIENCE)["breakpoints"]}
    assert known == dict.fromkeys(paths, lines)
    assert set_all([]) == [[]] * sources
    assert debugger.request("debugInfo")["breakpoints"] == []


@pytest.mark.parametrize(("sources", "lines"), [(100, MANY // 100), (1, MANY)], ids=["in many cells", "in one"])
def test_ten_thousand_breakpoints_are_set_and_cleared(debugger, sources, lines):
    set_and_clear(debugger, sources, lines)
    assert debugger.run(lines_of_code(100) + "\nreturn x0").result == "100"


def test_ten_thousand_breakpoints_are_set_and_cleared_while_a_cell_runs(debugger, loop):
    code, end = loop
    cell = debugger.execute(code)
    set_and_clear(debugger, 100, MANY // 100)
    end(cell)


def test_ten_thousand_breakpoints_of_a_cell_that_runs_stop_it_where_it_comes_by(debugger, loop):
    """Behind what runs; only the last of them is where the code comes by."""
    code, end = loop
    code = code.replace("until", "if false then\n%s\nend\nuntil" % lines_of_code(MANY))
    behind = [line for line, text in enumerate(code.splitlines(), 1) if text.startswith("x0")]
    cell = debugger.execute(code)
    for _ in range(3):
        assert all(b["verified"] for b in debugger.break_at(code, *behind))
        assert debugger.break_at(code) == []
    debugger.break_at(code, FIRST, *behind)
    assert debugger.stopped()[0]["line"] == FIRST
    debugger.break_at(code)
    debugger.go()
    end(cell)


def test_a_breakpoint_is_moved_a_thousand_times_while_a_loop_runs(debugger, loop):
    """As long as it never holds, the loop goes on; then it stops where the last one is."""
    code, end = loop
    cell = debugger.execute(code)
    for move in range(1000):
        debugger.break_at(code, {"line": (FIRST, SECOND)[move % 2], "condition": "rounds < 0"})
    debugger.break_at(code, SECOND)
    frame = debugger.stopped()[0]
    assert frame["line"] == SECOND
    values = debugger.values(frame)
    assert int(values["first"]) == int(values["second"]) + 1 == int(values["rounds"]) + 1 > 1
    debugger.break_at(code)
    debugger.go()
    end(cell)


def test_a_loop_stops_each_time_where_its_breakpoint_was_moved_to(debugger, loop):
    code, end = loop
    debugger.break_at(code, FIRST)
    cell = debugger.execute(code)
    for stop in range(200):
        here, there = (FIRST, SECOND) if stop % 2 == 0 else (SECOND, FIRST)
        assert debugger.stopped()[0]["line"] == here
        debugger.break_at(code, there)
        debugger.go()
    debugger.stopped()
    debugger.break_at(code)
    debugger.go()
    end(cell)


def test_thousands_of_stops_take_no_memory_and_no_descriptors(kernel, debugger, loop):
    code, end = loop
    debugger.break_at(code, SECOND)
    cell = debugger.execute(code)
    process = psutil.Process(kernel.pid)

    def stop(times: int) -> tuple[int, int, int]:
        for number in range(times):
            if number % 10:
                assert debugger.event("stopped")["reason"] == "breakpoint"
            else:
                [frame, *_] = debugger.stopped()
                assert debugger.values(frame)["rounds"].isdigit()
                assert debugger.evaluate("{first, second}", frame).startswith("{")
            debugger.go()
        return own_memory(kernel), process.num_fds(), process.num_threads()

    # Code that runs for the first time is read into memory, and memory that is free is kept for a while.
    memory, descriptors, threads = stop(500)
    later = stop(2500)
    debugger.stopped()
    debugger.break_at(code)
    debugger.go()
    end(cell)
    assert later[1:] == (descriptors, threads)
    assert later[0] - memory < MIB, f"{(later[0] - memory) / MIB:.1f} MiB more after 2500 stops"


def test_ten_thousand_breakpoints_leave_no_memory_behind(kernel, debugger):
    process = psutil.Process(kernel.pid)
    set_and_clear(debugger, 100, MANY // 100)
    before = own_memory(kernel), process.num_fds()
    for _ in range(3):
        set_and_clear(debugger, 100, MANY // 100)
    after = own_memory(kernel), process.num_fds()
    assert after[1] == before[1]
    assert after[0] - before[0] < 2 * MIB, f"{(after[0] - before[0]) / MIB:.1f} MiB more"
