"""What is seen, set and evaluated while code has stopped, and at rest."""

import pytest

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


def test_an_evaluation_that_does_not_end_is_interrupted_with_its_cell(debugger):
    debugger.break_at(CODE, 5)
    cell = debugger.execute(CODE)
    frame = debugger.stopped()[0]
    endless = debugger.send("evaluate", {"expression": "print('began') while true do end", "frameId": frame["id"], "context": "repl"})
    debugger.wait(lambda: "began" in cell.text, "print of the evaluation")
    debugger.interrupt()
    with pytest.raises(Exception, match="(?i)interrupt"):
        debugger.answer(endless)
    debugger.event("continued")
    assert debugger.finish(cell).reply["ename"] == "Interrupted"


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
