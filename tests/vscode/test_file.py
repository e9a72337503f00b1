"""A Lua file in VS Code: the gutter, F5, and what a person does with a program that has stopped."""

import json

import pytest
from conftest import processes
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(240)

MAIN = """local orbit = require("orbit")

local heights = {}
for i, body in ipairs({"Earth", "Moon", "Io"}) do
  local height = orbit.height(body, i)
  heights[#heights + 1] = height
  print(body, height)
end
print("done", #heights)
"""

ORBIT = """local orbit = {}

function orbit.height(body, factor)
  local doubled = factor * 2
  return doubled + #body
end

return orbit
"""

VOYAGE = """local stage = "launch"
local height = 1
height = height + 99
stage = "cruise"
height = height * 4
print(stage, height)
"""

ARGUMENTS = """local where = io.popen("pwd"):read()
print(arg[1], select("#", ...), os.getenv("ORBIT"), where)
"""


def launch(project, **configuration) -> None:
    """A launch.json with one configuration."""
    (project / ".vscode").mkdir()
    whole = {"type": "perilune", "request": "launch", "name": "Lua: test", **configuration}
    (project / ".vscode/launch.json").write_text(json.dumps({"version": "0.2.0", "configurations": [whole]}))


@pytest.fixture
def program(project, open_folder):
    """A window with the program open."""
    (project / "main.lua").write_text(MAIN)
    (project / "orbit.lua").write_text(ORBIT)
    vscode = open_folder()
    vscode.open("main.lua")
    return vscode


def test_a_program_is_stopped_looked_into_stepped_and_let_go(program):
    vscode = program
    vscode.click_gutter(5)
    vscode.keyboard.press("F5")
    vscode.stopped_at("local height = orbit.height(body, i)", 60)
    # Variables, with what is in a table.
    expect(vscode.variable("body")).to_contain_text('"Earth"')
    expect(vscode.variable("i")).to_contain_text("1")
    vscode.variable("orbit").click()
    expect(vscode.variable("height")).to_contain_text("function")
    vscode.photograph("file-stopped")
    # Hover and watch.
    vscode.hover("body", 5)
    expect(vscode.page.locator(".debug-hover-widget")).to_contain_text('"Earth"')
    vscode.watch("body:upper()")
    expect(vscode.watched("body:upper()")).to_contain_text('"EARTH"')
    # The console, which reads and writes locals, and completes them.
    vscode.evaluate("i + 40")
    expect(vscode.console().last).to_contain_text("41")
    vscode.complete("#he", "heights")
    expect(vscode.console().last).to_contain_text("0")
    vscode.evaluate("body = 'Mercury'")
    expect(vscode.variable("body")).to_contain_text('"Mercury"')
    vscode.set_variable("i", "3")
    expect(vscode.variable("i")).to_contain_text("3")
    # Into the function of another file, over a line of it, and out.
    vscode.keyboard.press("F11")
    vscode.stopped_at("local doubled = factor * 2")
    expect(vscode.page.locator(".tab.active")).to_contain_text("orbit.lua")
    expect(vscode.frames()).to_contain_text(["height", "main"])
    vscode.photograph("file-stepped-in")
    vscode.keyboard.press("F10")
    vscode.stopped_at("return doubled + #body")
    expect(vscode.variable("doubled")).to_contain_text("6")
    vscode.keyboard.press("Shift+F11")
    vscode.stopped_at("heights[#heights + 1] = height")
    expect(vscode.variable("height").last).to_contain_text("13")
    # The next round stops again, and without the breakpoint the program runs to its end.
    vscode.keyboard.press("F5")
    vscode.stopped_at("local height = orbit.height(body, i)")
    expect(vscode.variable("body")).to_contain_text('"Moon"')
    expect(vscode.console().filter(has_text="Mercury\t13")).to_have_count(1)
    vscode.click_gutter(5)
    expect(vscode.breakpoints()).to_have_count(0)
    vscode.keyboard.press("F5")
    vscode.ended()
    expect(vscode.console().filter(has_text="done\t3")).to_have_count(1)
    vscode.photograph("file-ended")


def test_a_program_is_run_to_the_cursor_begun_again_and_left_by_the_page(project, open_folder, perilune):
    (project / "voyage.lua").write_text(VOYAGE)
    vscode = open_folder()
    vscode.open("voyage.lua")
    vscode.click_gutter(2)
    vscode.keyboard.press("F5")
    vscode.stopped_at("local height = 1", 60)
    vscode.line_menu(5, "Run to Cursor")
    vscode.stopped_at("height = height * 4")
    expect(vscode.variable("height")).to_contain_text("100")
    expect(vscode.variable("stage")).to_contain_text('"cruise"')
    expect(vscode.breakpoints()).to_have_count(1)
    # Restart: another process, which stops where the first one did.
    (first,) = processes(perilune, project)
    vscode.keyboard.press("Control+Shift+F5")
    vscode.stopped_at("local height = 1")
    expect(vscode.variable("stage")).to_contain_text('"launch"')
    assert first not in processes(perilune, project)
    vscode.keyboard.press("F10")
    vscode.stopped_at("height = height + 99")
    vscode.photograph("file-restarted")
    # The page is loaded anew: VS Code stops what it debugs, and nothing hangs on.
    vscode.reload()
    vscode.wait_until(lambda: not processes(perilune, project))
    expect(vscode.breakpoints()).to_have_count(1)
    vscode.photograph("file-loaded-anew")
    # And it can be debugged at once.
    vscode.page.locator(".editor-actions [aria-label^='Debug Lua File']").click()
    vscode.stopped_at("local height = 1", 60)
    vscode.keyboard.press("F5")
    vscode.ended()
    expect(vscode.console().filter(has_text="cruise\t400")).to_have_count(1)


def test_launch_json_gives_arguments_variables_and_a_folder_and_stops_on_entry(project, open_folder):
    (project / "arguments.lua").write_text(ARGUMENTS)
    (project / "below").mkdir()
    launch(
        project,
        program="${workspaceFolder}/arguments.lua",
        args=["--far side", "2"],
        env={"ORBIT": "low"},
        cwd="${workspaceFolder}/below",
        stopOnEntry=True,
    )
    vscode = open_folder()
    vscode.open("arguments.lua")
    vscode.keyboard.press("Control+Shift+d")
    start = vscode.page.locator(".start-debug-action-item")
    expect(start).to_contain_text("Lua: test", timeout=30_000)
    start.locator(".codicon-debug-start").click()
    vscode.stopped_at('local where = io.popen("pwd"):read()', 60)
    vscode.keyboard.press("F5")
    vscode.ended()
    vscode.show_console()
    said = f"--far side\t2\tlow\t{project}/below"
    expect(vscode.console().filter(has_text=said)).to_have_count(1)


def test_without_debugging_a_program_runs_past_its_breakpoints(program):
    vscode = program
    vscode.toggle_breakpoint(5)
    vscode.command("Perilune: Run Lua File")
    expect(vscode.console().filter(has_text="done\t3")).to_have_count(1, timeout=60_000)
    vscode.ended()


def test_an_error_that_nobody_catches_can_stop_where_it_is_raised(project, open_folder):
    (project / "broken.lua").write_text("local fuel\nprint('up')\nprint(fuel.left)\n")
    vscode = open_folder()
    vscode.open("broken.lua")
    vscode.toggle_breakpoint(2)
    vscode.keyboard.press("F5")
    vscode.stopped_at("print('up')", 60)
    vscode.keyboard.press("F5")
    vscode.stopped_at("print(fuel.left)")
    expect(vscode.page.locator(".exception-widget")).to_contain_text("attempt to index a nil value")
    vscode.photograph("file-error")
    vscode.keyboard.press("Shift+F5")
    vscode.ended()
