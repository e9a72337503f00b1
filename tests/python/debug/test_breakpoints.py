"""Breakpoints of every kind."""

import pytest

LOOP = """local sum = 0
for i = 1, 10 do
  sum = sum + i
end
return sum"""


def test_one_on_a_line_without_code_moves_to_the_next_that_has_some(debugger):
    code = "-- a comment\n\nlocal x = 1\n\n-- another\nreturn x"
    moved = debugger.break_at(code, 1, 4)
    assert [(b["verified"], b["line"]) for b in moved] == [(True, 3), (True, 6)]
    cell = debugger.execute(code)
    assert [f["line"] for f in debugger.stopped()] == [3]
    debugger.go()
    assert [f["line"] for f in debugger.stopped()] == [6]
    debugger.go()
    debugger.finish(cell)


def test_one_behind_all_code_is_not_verified(debugger):
    [breakpoint] = debugger.break_at("return 1\n-- nothing\n", 2)
    assert breakpoint["verified"] is False
    assert breakpoint["message"]


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ({"condition": "i == 7"}, [7]),
        ({"condition": "i % 4 == 0"}, [4, 8]),
        ({"hitCondition": "3"}, [3]),
        ({"hitCondition": "== 3"}, [3]),
        ({"hitCondition": ">= 9"}, [9, 10]),
        ({"hitCondition": "% 5"}, [5, 10]),
        ({"condition": "i > 5", "hitCondition": "2"}, [7]),
    ],
)
def test_conditions_and_hit_counts(debugger, condition, values):
    debugger.break_at(LOOP, {"line": 3} | condition)
    cell = debugger.execute(LOOP)
    for value in values:
        frames = debugger.stopped()
        assert debugger.values(frames[0])["i"] == str(value)
        debugger.go()
    assert debugger.finish(cell).result == "55"


def test_a_logpoint_says_and_does_not_stop(debugger):
    debugger.break_at(LOOP, {"line": 3, "logMessage": "i is {i}, sum {sum}", "condition": "i <= 3"})
    cell = debugger.execute(LOOP)
    for said in ("i is 1, sum 0", "i is 2, sum 1", "i is 3, sum 3"):
        event = debugger.event("output")
        assert event["output"].strip() == said
        assert event["line"] == 3
    assert debugger.finish(cell).result == "55"


def test_one_on_a_function(debugger):
    debugger.run("ship = {}\nfunction ship.sail(to)\n  return to\nend")
    debugger.request("setFunctionBreakpoints", breakpoints=[{"name": "ship.sail"}])
    cell = debugger.execute("return ship.sail('moon')")
    frames = debugger.stopped("function breakpoint")
    assert debugger.values(frames[0])["to"] == '"moon"'
    debugger.go()
    assert debugger.finish(cell).reply["status"] == "ok"
    debugger.request("setFunctionBreakpoints", breakpoints=[])
    debugger.run("return ship.sail('mars')")


def test_errors_that_nobody_catches(debugger):
    debugger.request("setExceptionBreakpoints", filters=["uncaught"])
    code = "local fuel = 0\nlocal function start()\n  error('no fuel')\nend\npcall(start)\nstart()"
    cell = debugger.execute(code)
    frames = debugger.stopped("exception")
    start = next(f for f in frames if f["name"] == "start")
    assert start["line"] == 3
    info = debugger.request("exceptionInfo", threadId=1)
    assert "no fuel" in info["description"]
    assert "no fuel" in info["details"]["message"]
    assert info["details"]["stackTrace"]
    caller = frames[frames.index(start) + 1]
    assert caller["line"] == 6
    assert debugger.values(caller)["fuel"] == "0"
    debugger.go()
    assert debugger.finish(cell).reply["status"] == "error"


def test_errors_that_somebody_catches(debugger, session):
    debugger.request("setExceptionBreakpoints", filters=["caught"])
    code = "local ok, why = pcall(function()\n  local t = nil\n  return t.x\nend)\nreturn ok"
    cell = debugger.execute(code)
    frames = debugger.stopped("exception")
    assert frames[0]["line"] == 3
    debugger.go()
    assert debugger.finish(cell).result == "false"
    debugger.request("setExceptionBreakpoints", filters=[])
    assert debugger.run(code).result == "false"


def test_one_on_a_field_that_changes(debugger):
    code = "ship = {fuel = 3}\nlocal crew = 2\nship.name = 'Eos'\nship.fuel = 2\nship.fuel = 2\nship.fuel = 1\nreturn ship.fuel"
    debugger.break_at(code, 2)
    cell = debugger.execute(code)
    [frame] = debugger.stopped()
    info = debugger.request("dataBreakpointInfo", name="ship.fuel", frameId=frame["id"])
    assert info["dataId"], info
    [set] = debugger.request("setDataBreakpoints", breakpoints=[{"dataId": info["dataId"], "accessType": "write"}])["breakpoints"]
    assert set["verified"]
    for _ in range(2):
        debugger.go()
        debugger.stopped("data breakpoint")
    debugger.go()
    assert debugger.finish(cell).result == "1"


def test_one_in_a_required_file_is_set_before_the_file_is_loaded(debugger, kernel):
    file = kernel.directory / "tides.lua"
    file.write_text("local M = {}\n\nfunction M.high(m)\n  local h = m * 2\n  return h\nend\n\nreturn M\n")
    path = str(file.resolve())
    [breakpoint] = debugger.break_at(path, 5)
    assert breakpoint["line"] == 5
    cell = debugger.execute("return require('tides').high(4)")
    frames = debugger.stopped()
    assert (frames[0]["source"]["path"], frames[0]["line"]) == (path, 5)
    assert debugger.values(frames[0])["h"] == "8"
    debugger.go()
    assert debugger.finish(cell).result == "8"


def test_one_in_a_string_that_was_loaded_with_a_name(debugger):
    debugger.run("f = load('local x = ...\\nlocal y = x + 1\\nreturn y', '=moon')")
    loaded = debugger.request("loadedSources")["sources"]
    source = next(s for s in loaded if s.get("name") == "moon" or s.get("path") == "moon")
    reply = debugger.request("setBreakpoints", source=source, breakpoints=[{"line": 3}])
    assert reply["breakpoints"][0]["line"] == 3
    cell = debugger.execute("return f(1)")
    frames = debugger.stopped()
    values = debugger.values(frames[0])
    assert (values["x"], values["y"]) == ("1", "2")
    text = debugger.request("source", source=frames[0]["source"], sourceReference=frames[0]["source"].get("sourceReference", 0))
    assert text["content"] == "local x = ...\nlocal y = x + 1\nreturn y"
    debugger.go()
    assert debugger.finish(cell).result == "2"


def test_they_are_set_and_removed_while_code_runs(debugger):
    code = "local n = 0\nwhile not stop do\n  n = n + 1\nend\nreturn n > 0"
    cell = debugger.execute(code)
    debugger.wait(lambda: cell.messages, "execute_input")
    debugger.break_at(code, 3)
    [frame] = debugger.stopped()
    debugger.break_at(code)
    debugger.go()
    debugger.break_at(code, 2)
    debugger.stopped()
    assert debugger.evaluate("stop = true", frame := debugger.frames()[0]) is not None
    debugger.break_at(code)
    debugger.go()
    assert debugger.finish(cell).result == "true"
