"""The contract with JupyterLab's debugger, as it was seen on the wire of JupyterLab 4.6."""

from pathlib import Path

import pytest

from .session import Refused

CODE = """local a = 1
local b = 2
local c = a + b
print(c)
return c"""


def test_what_it_may_ask_before_the_debugger_is_started(session):
    """Opening a notebook asks this some ten times, each with seq 0 and once without arguments."""
    for content in (
        {"seq": 0, "type": "request", "command": "debugInfo"},
        {"seq": 0, "type": "request", "command": "debugInfo", "arguments": {}},
    ) * 5:
        info = session.answer(session.send("debugInfo", content=content))
        assert info["isStarted"] is False
        assert info["breakpoints"] == info["stoppedThreads"] == []
        assert info["hashSeed"] == 0xC70F6907
    assert session.request("inspectVariables")["variables"] == []
    assert session.request("modules")["modules"] == []


def test_from_the_click_on_the_bug_to_the_end_of_the_cell(session):
    """All of section 1.2 in its order: click, gutter, run, stop, look, evaluate, step, continue."""
    capabilities = session.start()
    assert capabilities["supportsModulesRequest"] is True
    filters = {f["filter"] for f in capabilities["exceptionBreakpointFilters"]}
    assert {"caught", "uncaught"} <= filters or {"raised", "uncaught"} <= filters, filters
    assert session.request("debugInfo")["isStarted"] is True

    path = session.request("dumpCell", code=CODE)["sourcePath"]
    session.request("debugInfo")
    reply = session.request("setBreakpoints", source={"path": path}, breakpoints=[{"line": 3}], sourceModified=False)
    [breakpoint] = reply["breakpoints"]
    assert (breakpoint["verified"], breakpoint["line"], breakpoint["source"]["path"]) == (True, 3, path)
    [echoed] = session.request("debugInfo")["breakpoints"]
    assert (echoed["source"], [b["line"] for b in echoed["breakpoints"]]) == (path, [3])

    cell = session.execute(CODE)
    stopped = session.event("stopped")
    assert (stopped["reason"], stopped["threadId"]) == ("breakpoint", 1)
    assert stopped["allThreadsStopped"] is True
    assert stopped["hitBreakpointIds"] == [breakpoint["id"]]
    assert session.request("debugInfo")["stoppedThreads"] == [1]
    [frame] = session.frames()
    assert (frame["line"], frame["source"]["path"]) == (3, path)
    source = session.request("source", source={"path": path, "sourceReference": 0}, sourceReference=0)
    assert source["content"] == CODE
    variables = [session.variables(s["variablesReference"]) for s in session.scopes(frame).values()]
    assert variables[0]["a"]["value"] == "1"

    assert session.evaluate("a + b", frame) == "3"
    [again] = session.frames()
    assert again["id"] != frame["id"], "else JupyterLab empties its panel and does not fill it again"
    assert session.values(again) == session.values(frame) == {"a": "1", "b": "2"}

    [frame] = session.step("next")
    assert frame["line"] == 4
    assert session.values(frame) == {"a": "1", "b": "2", "c": "3"}
    for _ in range(2):
        session.request("debugInfo")
    session.request("setBreakpoints", source={"path": path}, breakpoints=[{"line": 3}], sourceModified=False)
    session.go()
    session.finish(cell)
    assert (cell.text, cell.result) == ("3\n", "3")
    session.request("modules")
    session.request("inspectVariables")
    assert session.request("debugInfo")["stoppedThreads"] == []
    session.request("disconnect", restart=False, terminateDebuggee=False)
    assert session.request("debugInfo")["isStarted"] is False


@pytest.mark.parametrize("code", ["", "x = 1", "print('🌙 é')", "\n\n-- blank lines before\nx = 1\n\n", "a" * 1001])
def test_a_cell_is_known_by_the_hash_of_its_text(debugger, code):
    path = debugger.request("dumpCell", code=code)["sourcePath"]
    assert path == debugger.path(code)
    assert Path(path).read_text() == code
    assert debugger.request("source", source={"path": path}, sourceReference=0)["content"] == code


def test_values_have_the_types_that_it_shows(debugger):
    """It shows the value for these types, and the type's name in the value's place for all others."""
    code = """local whole, half, yes, text = 1, 0.5, true, "moon"
local t, f, n = {}, print, nil
local big = math.maxinteger
return 1"""
    debugger.break_at(code, 4)
    cell = debugger.execute(code)
    [frame] = debugger.stopped()
    variables = debugger.locals(frame)
    types = {name: variable.get("type") for name, variable in variables.items()}
    assert types == {
        "whole": "int",
        "half": "float",
        "yes": "bool",
        "text": "str",
        "t": None,
        "f": None,
        "n": None,
        "big": None,
    }, "JavaScript cannot hold the last one"
    assert variables["big"]["value"] == "9223372036854775807"
    debugger.go()
    debugger.finish(cell)


def test_it_lists_the_variables_while_lua_is_busy(debugger):
    """Once for each message of a running cell; nobody may wait for Lua then."""
    debugger.run("answer = 42")
    cell = debugger.execute("while true do end")
    debugger.wait(lambda: cell.messages, "execute_input")
    for _ in range(50):
        variables = debugger.request("inspectVariables", patience=5)["variables"]
        assert [v["value"] for v in variables if v["name"] == "answer"] == ["42"]
    assert debugger.request("modules")["totalModules"] == 0
    assert debugger.request("stackTrace", threadId=1)["stackFrames"] == []
    assert debugger.request("richInspectVariables", variableName="answer")["data"]["text/plain"] == "42"
    debugger.interrupt()
    assert debugger.finish(cell).reply["ename"] == "Interrupted"


def test_what_the_list_of_variables_refers_to_can_be_opened_at_rest(debugger):
    debugger.run("planets = {mars = {moons = 2}}")
    variables = {v["name"]: v for v in debugger.request("inspectVariables")["variables"]}
    planets = debugger.variables(variables["planets"]["variablesReference"])
    mars = debugger.variables(planets["mars"]["variablesReference"])
    assert mars["moons"]["value"] == "2"


def test_variables_are_rendered_richly_and_copied_out(debugger):
    code = """local inner = {1, 2, 3}
return #inner"""
    debugger.break_at(code, 2)
    cell = debugger.execute(code)
    [frame] = debugger.stopped()
    rich = debugger.request("richInspectVariables", variableName="inner", frameId=frame["id"])
    assert rich["data"]["text/plain"] == "{1, 2, 3}"
    debugger.request("copyToGlobals", srcVariableName="inner", dstVariableName="outer", srcFrameId=frame["id"])
    debugger.go()
    debugger.finish(cell)
    assert debugger.run("return outer[3]").result == "3"
    assert debugger.request("richInspectVariables", variableName="outer")["data"]["text/plain"] == "{1, 2, 3}"


def test_kernel_sources_are_the_cells_and_the_files(debugger, kernel):
    (kernel.directory / "tides.lua").write_text("return {high = 3}\n")
    debugger.run("tides = require 'tides'")
    modules = {m["path"]: m for m in debugger.request("modules")["modules"]}
    path = str((kernel.directory / "tides.lua").resolve())
    assert path in modules
    source = debugger.request("source", source={"path": path}, sourceReference=0)
    assert source["content"] == "return {high = 3}\n"


def test_a_page_that_is_loaded_anew_finds_the_stop(debugger, kernel, sessions):
    debugger.break_at(CODE, 3)
    cell = debugger.execute(CODE)
    debugger.stopped()
    again = sessions(kernel)
    info = again.request("debugInfo")
    assert (info["isStarted"], info["stoppedThreads"]) == (True, [1])
    assert [b["source"] for b in info["breakpoints"]] == [again.path(CODE)]
    [frame] = again.frames()
    assert again.values(frame) == {"a": "1", "b": "2"}
    again.go()
    debugger.event("continued")
    debugger.finish(cell)


def test_its_terminate_button_lets_the_code_go_on_and_starts_again(debugger):
    debugger.break_at(CODE, 3)
    cell = debugger.execute(CODE)
    debugger.stopped()
    debugger.request("disconnect", restart=False, terminateDebuggee=False)
    debugger.event("continued")
    assert debugger.finish(cell).result == "3"
    debugger.start()
    debugger.break_at(CODE, 2)
    cell = debugger.execute(CODE)
    assert [f["line"] for f in debugger.stopped()] == [2]
    debugger.go()
    debugger.finish(cell)


def test_what_it_asks_of_a_frame_that_is_gone_has_lists_that_are_empty(debugger):
    """It reads them without looking whether it was refused."""
    for command, name, arguments in (
        ("scopes", "scopes", {"frameId": 1_000_000}),
        ("variables", "variables", {"variablesReference": 1_000_000}),
    ):
        id = debugger.send(command, arguments)
        asked = debugger._asked[id]
        with pytest.raises(Refused):
            debugger.answer(id)
        assert asked.response["body"][name] == []


def test_a_variable_that_it_goes_on_to_show_is_never_refused(debugger):
    debugger.run("answer = 42")
    code = "local function f(a)\n  return a\nend\nreturn f(1)"
    debugger.break_at(code, 2)
    cell = debugger.execute(code)
    frame = debugger.stopped()[0]
    shown = {"variableName": "a", "frameId": frame["id"]}
    assert debugger.request("richInspectVariables", **shown)["data"] == {"text/plain": "1"}
    debugger.go()
    debugger.finish(cell)
    assert debugger.request("richInspectVariables", **shown)["data"] == {}
    shown["variableName"] = "answer"
    assert debugger.request("richInspectVariables", **shown)["data"] == {"text/plain": "42"}


def test_any_thread_may_be_named_to_continue(debugger):
    """It names the thread that it knows, which need not be the one that has stopped."""
    debugger.break_at(CODE, 3)
    cell = debugger.execute(CODE)
    debugger.stopped()
    debugger.go(thread=2)
    debugger.finish(cell)


def test_setting_the_same_breakpoints_again_changes_nothing(debugger):
    [first] = debugger.break_at(CODE, 3)
    for _ in range(20):
        [same] = debugger.break_at(CODE, 3)
        assert (same["id"], same["line"]) == (first["id"], 3)
    debugger.break_at(CODE)
    assert debugger.request("debugInfo")["breakpoints"] == []
    assert debugger.run(CODE).result == "3"
