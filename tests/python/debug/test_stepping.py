"""Where code stops and how it goes on."""

import pytest

from .session import source_line

FUNCTIONS = """local function square(x)
  local y = x * x -- inside
  return y
end
local a = square(3) -- call
local b = a + 1 -- after
return b"""


def test_over_into_and_out(debugger):
    debugger.break_at(FUNCTIONS, source_line(FUNCTIONS, "call"))
    cell = debugger.execute(FUNCTIONS)
    debugger.stopped()
    inner, outer = debugger.step("stepIn")
    assert (inner["name"], inner["line"]) == ("square", source_line(FUNCTIONS, "inside"))
    assert outer["line"] == source_line(FUNCTIONS, "call")
    assert debugger.values(inner)["x"] == "3"
    inner, _ = debugger.step("next")
    assert (inner["line"], debugger.values(inner)["y"]) == (3, "9")
    [frame] = debugger.step("stepOut")
    assert frame["line"] in (source_line(FUNCTIONS, "call"), source_line(FUNCTIONS, "after"))
    debugger.go()
    assert debugger.finish(cell).result == "10"


def test_over_a_call_stays_in_the_function(debugger):
    debugger.break_at(FUNCTIONS, source_line(FUNCTIONS, "call"))
    cell = debugger.execute(FUNCTIONS)
    debugger.stopped()
    [frame] = debugger.step("next")
    assert frame["line"] == source_line(FUNCTIONS, "after")
    debugger.go()
    debugger.finish(cell)


def test_a_step_over_the_last_line_ends_the_cell(debugger):
    code = "local x = 1\nreturn x"
    debugger.break_at(code, 2)
    cell = debugger.execute(code)
    debugger.stopped()
    debugger.go("next")
    assert debugger.finish(cell).result == "1"


def test_into_a_required_file_and_back(debugger, kernel):
    file = kernel.directory / "tides.lua"
    file.write_text("local M = {}\nfunction M.high(m)\n  return m * 2\nend\nreturn M\n")
    debugger.run("tides = require 'tides'")
    code = "local h = tides.high(4)\nreturn h"
    debugger.break_at(code, 1)
    cell = debugger.execute(code)
    debugger.stopped()
    inner, outer = debugger.step("stepIn")
    assert (inner["source"]["path"], inner["line"]) == (str(file.resolve()), 3)
    assert outer["source"]["path"] == debugger.path(code)
    debugger.go()
    assert debugger.finish(cell).result == "8"


def test_a_pause_stops_a_loop_that_never_ends(debugger):
    code = "local n = 0\nwhile true do\n  n = n + 1\nend"
    cell = debugger.execute(code)
    debugger.wait(lambda: cell.messages, "execute_input")
    debugger.request("pause", threadId=1)
    [frame] = debugger.stopped("pause")
    assert frame["line"] in (2, 3)
    assert debugger.evaluate("n > 0", frame) == "true"
    debugger.go()
    debugger.request("pause", threadId=1)
    debugger.stopped("pause")
    debugger.interrupt()
    debugger.event("continued")
    assert debugger.finish(cell).reply["ename"] == "Interrupted"


def test_a_coroutine_that_was_made_before_there_was_a_debugger(session):
    session.run("function body(x)\n  local y = x + 1\n  return y\nend\nlives = coroutine.create(function(x)\n  x = coroutine.yield(x)\n  return body(x)\nend)\ncoroutine.resume(lives, 1)")
    session.start()
    session.request("setFunctionBreakpoints", breakpoints=[{"name": "body"}])
    code = "local ok, y = coroutine.resume(lives, 41)\nreturn y"
    cell = session.execute(code)
    frames = session.stopped("function breakpoint")
    assert frames[0]["name"] == "body"
    assert session.values(frames[0])["x"] == "41"
    session.go()
    assert session.finish(cell).result == "42"


@pytest.mark.parametrize("wrapped", [False, True])
def test_breakpoints_in_coroutines(debugger, wrapped):
    code = """local function count(n)
  for i = 1, n do
    coroutine.yield(i) -- yield
  end
end
local resume = coroutine.wrap(count)
local sum = 0
for _ = 1, 3 do
  sum = sum + resume(3)
end
return sum"""
    if not wrapped:
        code = code.replace("coroutine.wrap(count)", "(function(c) return function(...) return select(2, coroutine.resume(c, ...)) end end)(coroutine.create(count))")
    debugger.break_at(code, 3)
    cell = debugger.execute(code)
    for i in range(1, 4):
        body = debugger.event("stopped")
        frames = debugger.frames(body["threadId"])
        assert frames[0]["name"] == "count"
        assert debugger.values(frames[0])["i"] == str(i)
        debugger.go(thread=body["threadId"])
    assert debugger.finish(cell).result == "6"
