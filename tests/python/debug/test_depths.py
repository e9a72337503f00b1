"""Stops where there is little room left, in odd places, and in storms."""

import pytest

from .session import Refused


def run_on(debugger, code, cell):
    """Without its breakpoints, to the end."""
    debugger.break_at(code)
    debugger.go()
    return debugger.finish(cell)


def test_the_innermost_of_a_hundred_thousand_frames_is_looked_at(debugger):
    code = "local function f(n)\n  if n == 0 then\n    return 0\n  end\n  return 1 + f(n - 1)\nend\nreturn f(100000)"
    debugger.break_at(code, 3)
    cell = debugger.execute(code)
    thread = debugger.event("stopped")["threadId"]
    body = debugger.request("stackTrace", threadId=thread, startFrame=0, levels=3)
    assert [frame["line"] for frame in body["stackFrames"]] == [3, 5, 5] and body["totalFrames"] > 100_000
    assert debugger.evaluate("n + 1", body["stackFrames"][0]) == "1"
    assert run_on(debugger, code, cell).result == "100000"


@pytest.mark.parametrize("depth", [150, 180, 190, *range(193, 200)])
def test_where_the_stack_of_c_is_almost_full_nothing_breaks(debugger, depth):
    """Whoever looks needs some of it too: what there is no room for is refused, or not stopped for."""
    code = f"""-- {depth}
local function f(n)
  if n == 0 then
    return "x"
  end
  return (string.gsub("x", "x", function() return f(n - 1) end))
end
return pcall(f, {depth})"""
    alone = debugger.run(code).result
    debugger.break_at(code, 4)
    cell = debugger.execute(code)
    debugger.wait(lambda: debugger._events or cell.idle, "a stop or the end")
    if not cell.idle:
        thread = debugger.event("stopped")["threadId"]
        try:
            frame, *_ = debugger.request("stackTrace", threadId=thread, startFrame=0, levels=2)["stackFrames"]
            assert debugger.evaluate("{n}", frame) == "{0}"
        except Refused as refusal:
            assert depth > 180 and "overflow" in str(refusal)
        run_on(debugger, code, cell)
    assert debugger.finish(cell).result == alone
    assert depth > 180 or alone == 'true, "x"'


PLACES = {
    "a comparator": "table.sort({3, 1, 2}, function(a, b) f() return a < b end)",
    "a replacement": "string.gsub('abc', '.', function() f() end)",
    "an iterator": "for v in function() if n < 3 then return f() end end do end",
    "a coroutine": "coroutine.wrap(function() f() coroutine.yield() end)()",
    "a coroutine in a coroutine": "coroutine.wrap(function() coroutine.wrap(f)() end)()",
    "pcall": "pcall(f)",
    "a message handler": "xpcall(error, f)",
    "a metamethod": "local x = setmetatable({}, {__index = f}).x",
    "a comparison": "local x = setmetatable({}, {__lt = f}) < {}",
    "a conversion": "tostring(setmetatable({}, {__tostring = function() f() return '' end}))",
    "a variable that closes": "do local x <close> = setmetatable({}, {__close = f}) end",
}


@pytest.mark.parametrize("place", PLACES)
def test_code_stops_and_errors_of_who_looks_are_their_own_wherever_it_is_called(debugger, place):
    code = f"local n = 0\nlocal function f()\n  n = n + 1\n  return n\nend\n{PLACES[place]}\nreturn n"
    alone = debugger.run(code).result
    debugger.break_at(code, 4)
    cell = debugger.execute(code)
    for _ in range(int(alone)):
        frame = debugger.stopped()[0]
        assert frame["line"] == 4
        before = debugger.evaluate("n", frame)
        for fails in ("error('x')", "error({})", "nil + 1", "x.y.z", "table.sort({2, 1}, function() error('x') end)"):
            with pytest.raises(Refused):
                debugger.evaluate(fails, frame)
        assert debugger.evaluate("n", debugger.frames(1)[0]) == before or "coroutine" in place
        debugger.go()
    assert debugger.finish(cell).result == alone


def test_each_of_a_storm_of_pauses_stops_a_loop_once(debugger):
    body = "n = n + 1 pcall(function() n = n + 1 end) coroutine.wrap(function() n = n + 1 end)()"
    cell = debugger.execute(f"local n = 0\nwhile true do {body} end")
    for _ in range(100):
        debugger.request("pause", threadId=1)
        assert debugger.event("stopped")["reason"] == "pause"
        debugger.go()
    debugger.interrupt()
    assert debugger.finish(cell).reply["ename"] == "Interrupted"


@pytest.mark.parametrize("way", ["message", "signal"])
def test_an_interrupt_of_what_has_stopped_ends_it_each_time(kernel, debugger, way):
    code = "local n = 5\nlocal m = n\nreturn m"
    debugger.break_at(code, 2)
    for _ in range(30):
        cell = debugger.execute(code)
        debugger.event("stopped")
        if way == "signal":
            kernel.interrupt()
        else:
            debugger.interrupt()
        debugger.event("continued")
        assert debugger.finish(cell).reply["ename"] == "Interrupted"
    debugger.break_at(code)
    assert debugger.run(code).result == "5"
