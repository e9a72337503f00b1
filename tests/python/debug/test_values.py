"""What is seen, set and evaluated while code has stopped, and at rest."""

import pytest

from .session import Refused

CODE = """local up = 10
local function f(a, ...)
  local t = {1, 2, x = "y"}
  t.self = t
  return up + a
end
return f(1, "two", 3)"""


@pytest.fixture
def stopped(debugger):
    """The innermost frame of code that has stopped."""
    debugger.break_at(CODE, 5)
    cell = debugger.execute(CODE)
    yield debugger.stopped()[0]
    debugger.break_at(CODE)
    debugger.go()
    debugger.finish(cell)


def test_locals_upvalues_and_globals(debugger, stopped):
    scopes = debugger.scopes(stopped)
    assert {"Locals", "Upvalues", "Globals"} <= scopes.keys()
    own = debugger.locals(stopped)
    assert own["a"]["value"] == "1"
    assert debugger.variables(scopes["Upvalues"]["variablesReference"])["up"]["value"] == "10"
    table = debugger.variables(own["t"]["variablesReference"])
    again = debugger.variables(table["self"]["variablesReference"])
    assert '"y"' in again["x"]["value"]


def test_a_large_table_comes_in_pages(debugger):
    debugger.run("large = {}\nfor i = 1, 100000 do large[i] = i end")
    variables = {v["name"]: v for v in debugger.request("inspectVariables")["variables"]}
    large = variables["large"]
    assert large["indexedVariables"] == 100_000
    page = debugger.variables(large["variablesReference"], filter="indexed", start=99_990, count=10)
    assert [v["value"] for v in page.values()] == [str(i) for i in range(99_991, 100_001)]


def test_variables_are_set_and_stay_what_they_were(debugger, stopped):
    reference = debugger.scopes(stopped)["Locals"]["variablesReference"]
    changed = debugger.request("setVariable", variablesReference=reference, name="a", value="32")
    assert (changed["value"], changed["type"]) == ("32", "int")
    assert debugger.evaluate("a", stopped) == "32"
    debugger.request("setExpression", expression="up", value="0.5", frameId=stopped["id"])
    assert debugger.evaluate("up + a", stopped) == "32.5"
    debugger.request("setExpression", expression="t.x", value="{}", frameId=stopped["id"])
    assert debugger.evaluate("#t.x", stopped) == "0"


def test_expressions_see_and_change_the_frame(debugger, stopped):
    assert debugger.evaluate("a + up", stopped) == "11"
    debugger.evaluate("a = 5", stopped)
    assert debugger.evaluate("a", stopped, "watch") == "5"
    assert debugger.evaluate("...", stopped) is not None
    why = debugger.refused("evaluate", expression="nothing.x", frameId=stopped["id"], context="repl")
    assert "nothing" in why


@pytest.fixture
def endless(debugger):
    """A cell that has stopped, and what is evaluated there and does not end."""
    debugger.break_at(CODE, 5)
    cell = debugger.execute(CODE)
    frame = debugger.stopped()[0]
    code = "print('began') while true do pcall(function() while true do end end) end"
    evaluation = debugger.send("evaluate", {"expression": code, "frameId": frame["id"], "context": "repl"})
    debugger.wait(lambda: "began" in cell.text, "print of the evaluation")
    return cell, evaluation, frame


@pytest.mark.parametrize("way", ["message", "signal"])
def test_an_evaluation_that_does_not_end_is_interrupted_and_its_cell_by_the_next(debugger, kernel, endless, way):
    cell, evaluation, frame = endless
    interrupt = debugger.interrupt if way == "message" else kernel.interrupt
    interrupt()
    with pytest.raises(Refused, match="it was interrupted"):
        debugger.answer(evaluation)
    assert debugger.evaluate("up", frame) == "10"
    interrupt()
    debugger.event("continued")
    assert debugger.finish(cell).reply["ename"] == "Interrupted"


def test_or_it_is_cancelled(debugger, endless):
    cell, evaluation, frame = endless
    debugger.request("cancel", requestId=debugger.seq_of(evaluation))
    with pytest.raises(Refused, match="cancelled"):
        debugger.answer(evaluation)
    assert debugger.evaluate("up", frame) == "10"
    debugger.go()
    assert debugger.finish(cell).reply["status"] == "ok"


def test_or_it_ends_with_its_cell(debugger, endless):
    cell, evaluation, _ = endless
    debugger.request("terminate")
    with pytest.raises(Refused, match="cancelled"):
        debugger.answer(evaluation)
    debugger.event("continued")
    assert debugger.finish(cell).reply["ename"] == "Interrupted"
    assert debugger.run("return 1").result == "1"


def test_or_its_client_leaves_and_the_cell_goes_on(debugger, endless):
    cell, evaluation, _ = endless
    debugger.request("disconnect")
    with pytest.raises(Refused, match="cancelled"):
        debugger.answer(evaluation)
    debugger.event("continued")
    assert debugger.finish(cell).reply["status"] == "ok"


def test_at_rest_too(debugger):
    evaluation = debugger.send("evaluate", {"expression": "while true do end", "context": "repl"})
    debugger.request("cancel", requestId=debugger.seq_of(evaluation))
    with pytest.raises(Refused, match="cancelled"):
        debugger.answer(evaluation)
    assert debugger.run("return 1").result == "1"


def test_the_console_completes_the_locals_of_the_frame(debugger, stopped):
    body = debugger.request("completions", frameId=stopped["id"], text="u", column=2)
    assert "up" in {target["label"] for target in body["targets"]}


def test_expressions_are_evaluated_at_rest(debugger):
    debugger.run("ship = {fuel = 3}")
    assert debugger.evaluate("ship.fuel * 2") == "6"
    debugger.evaluate("ship.fuel = 9")
    assert debugger.run("return ship.fuel").result == "9"


def test_coroutines_are_threads(session):
    """For clients that show threads; JupyterLab names any, and means the one that has stopped."""
    debugger = session
    debugger.start(clientID="vscode")
    code = """lives = coroutine.create(function(n)
  coroutine.yield(n)
end)
coroutine.resume(lives, 7)
return 1"""
    debugger.break_at(code, 5)
    cell = debugger.execute(code)
    debugger.stopped()
    main, lives = debugger.request("threads")["threads"]
    assert main["id"] == 1
    [frame] = [f for f in debugger.frames(lives["id"]) if f["line"] == 2]
    assert debugger.values(frame)["n"] == "7"
    debugger.go()
    debugger.finish(cell)
