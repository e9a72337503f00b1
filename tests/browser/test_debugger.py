"""JupyterLab's debugger, used as a person uses it."""

import re

import pytest
from conftest import TOKEN, blank, opened
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(300)

CODE = """local moons = {"Phobos", "Deimos"}
local function greet(name)
  local text = "Hello, " .. name
  return text
end
local first = greet(moons[1])
local count = #moons
print(first, count)
return count"""

STOPPED = "body[data-jp-debugger-stopped-threads='true']"


class Debugger:
    """A notebook open in JupyterLab, and its debugger."""

    def __init__(self, notebook, folder):
        self.notebook = notebook
        self.folder = folder
        self.page = notebook.page
        self.sidebar = self.page.locator(".jp-DebuggerSidebar")

    def write(self, code: str):
        """Writes code into a new cell of the notebook, which the console's cells are not of."""
        self.notebook.write_new(code)
        cells = self.page.locator(".jp-Notebook .jp-CodeCell")
        return cells.nth(cells.count() - 1)

    def start(self) -> None:
        self.page.locator(".jp-DebuggerBugButton:visible").click()
        self.page.locator(".jp-NotebookPanel[data-jp-debugger='true']").wait_for()
        expect(self.sidebar).to_be_visible()

    def click_gutter(self, cell, line: int) -> None:
        gutter = cell.locator(".cm-gutter.cm-breakpoint-gutter").bounding_box()
        text = cell.locator(".cm-line").nth(line - 1).bounding_box()
        self.page.mouse.click(gutter["x"] + gutter["width"] / 2, text["y"] + text["height"] / 2)

    def set_breakpoint(self, cell, line: int) -> None:
        listed = self.sidebar.locator(".jp-DebuggerBreakpoint")
        before = listed.count()
        self.click_gutter(cell, line)
        expect(listed).to_have_count(before + 1)

    def run(self, cell) -> None:
        cell.locator(".cm-content").click(position={"x": 4, "y": 4})
        self.page.keyboard.press("Control+Enter")

    def wait_until_stopped(self, line: int) -> None:
        """Waits until it is shown that code has stopped at this line."""
        self.page.locator(STOPPED).wait_for(state="attached")
        location = self.sidebar.locator(".jp-DebuggerCallstackFrame").first
        expect(location).to_contain_text(re.compile(rf":{line}$"))

    def wait_until_running(self) -> None:
        expect(self.page.locator(STOPPED)).to_have_count(0)

    def press(self, button: str) -> None:
        self.sidebar.locator(f"[data-jp-item-name='{button}'] jp-button").click()

    def variable(self, name: str):
        """The row of a variable: its name, and its value or its type."""
        exactly = self.page.locator(".jp-DebuggerVariables-name", has_text=re.compile(f"^{name}$"))
        return self.sidebar.locator(".jp-DebuggerVariables-body jp-tree-item").filter(has=exactly).first

    def expect_variables(self, **values: str) -> None:
        for name, value in values.items():
            expect(self.variable(name).locator(".jp-DebuggerVariables-detail").first).to_have_text(value)

    def highlighted(self, cell):
        return cell.locator(".jp-DebuggerEditor-highlight")


@pytest.fixture
def debugger(request, empty_lab, chromium, screenshots):
    """The debugger of a notebook of the test's own, whose cells are still to be written."""
    folder, lab = empty_lab
    notebook = blank(folder, request.node.name)
    address = f"{lab}/{notebook.name}?token={TOKEN}&reset"
    with opened(chromium, address, screenshots / "debugger") as notebook:
        notebook.page.set_default_timeout(20_000)
        yield Debugger(notebook, folder)


def test_from_the_gutter_to_the_end_of_the_cell(debugger):
    cell = debugger.write(CODE)
    debugger.start()
    debugger.set_breakpoint(cell, 6)
    debugger.notebook.photograph("1-breakpoint")
    debugger.run(cell)
    debugger.wait_until_stopped(6)
    expect(debugger.highlighted(cell)).to_have_text("local first = greet(moons[1])")
    expect(debugger.variable("moons")).to_contain_text('{"Phobos", "Deimos"}')
    debugger.notebook.photograph("2-stopped")

    debugger.press("step-in")
    debugger.wait_until_stopped(3)
    expect(debugger.sidebar.locator(".jp-DebuggerCallstackFrame")).to_have_count(2)
    expect(debugger.sidebar.locator(".jp-DebuggerCallstackFrame-name").first).to_have_text("greet")
    debugger.expect_variables(name='"Phobos"')
    debugger.press("step-over")
    debugger.wait_until_stopped(4)
    debugger.expect_variables(name='"Phobos"', text='"Hello, Phobos"')
    debugger.notebook.photograph("3-inside")
    debugger.press("step-out")
    debugger.wait_until_stopped(7)
    expect(debugger.sidebar.locator(".jp-DebuggerCallstackFrame")).to_have_count(1)
    debugger.press("step-over")
    debugger.wait_until_stopped(8)
    debugger.expect_variables(first='"Hello, Phobos"', count="2")

    debugger.press("continue")
    debugger.wait_until_running()
    expect(cell.locator(".jp-OutputArea").first).to_contain_text("Hello, Phobos\t2")
    expect(debugger.highlighted(cell)).to_have_count(0)
    debugger.notebook.photograph("4-done")


def test_the_console_evaluates_in_the_frame_and_the_panel_stays_right(debugger):
    cell = debugger.write(CODE)
    debugger.start()
    debugger.set_breakpoint(cell, 8)
    debugger.run(cell)
    debugger.wait_until_stopped(8)
    debugger.expect_variables(first='"Hello, Phobos"', count="2")
    debugger.press("evaluate")
    prompt = debugger.page.locator(".jp-DebugConsole .jp-CodeConsole-promptCell .cm-content")
    for code, result in (("#first + count", "15"), ("count = 40", ""), ("count + 2", "42")):
        prompt.click()
        debugger.page.keyboard.insert_text(code)
        debugger.page.keyboard.press("Shift+Enter")
        if result:
            output = debugger.page.locator(".jp-DebugConsole .jp-OutputArea-output").last
            expect(output).to_have_text(result)
    debugger.expect_variables(first='"Hello, Phobos"', count="40")
    debugger.notebook.photograph("5-console")
    debugger.press("continue")
    debugger.wait_until_running()
    expect(cell.locator(".jp-OutputArea").first).to_contain_text("Hello, Phobos\t40")


def test_a_loop_is_paused_and_goes_on_and_is_interrupted(debugger):
    cell = debugger.write("local n = 0\nwhile true do\n  n = n + 1\nend")
    debugger.start()
    debugger.run(cell)
    debugger.notebook.wait_for("Busy")
    for _ in range(2):
        debugger.press("continue")
        debugger.page.locator(STOPPED).wait_for(state="attached")
        expect(debugger.variable("n").locator(".jp-DebuggerVariables-detail")).to_have_text(re.compile(r"\d+"))
        debugger.press("continue")
        debugger.wait_until_running()
    debugger.press("continue")
    debugger.page.locator(STOPPED).wait_for(state="attached")
    debugger.notebook.photograph("6-paused")
    debugger.notebook.menu("Kernel", "Interrupt Kernel")
    expect(cell.locator(".jp-OutputArea").first).to_contain_text("Interrupted")
    debugger.wait_until_running()
    debugger.notebook.wait_for("Idle")


def test_it_stops_for_errors_as_the_menu_says(debugger):
    cell = debugger.write("local fuel = nil\nlocal left = fuel - 1\nreturn left")
    debugger.start()
    debugger.press("pauseOnException")
    menu = debugger.page.locator(".jp-PauseOnExceptions-menu")
    menu.wait_for()
    debugger.notebook.photograph("7-exceptions")
    menu.locator(".lm-Menu-item", has_text=re.compile("[Uu]ncaught")).click()
    debugger.run(cell)
    debugger.wait_until_stopped(2)
    debugger.notebook.photograph("8-error")
    debugger.press("continue")
    expect(cell.locator(".jp-OutputArea").first).to_contain_text("attempt to perform arithmetic on a nil value")


def test_kernel_sources_rich_variables_and_globals(debugger):
    (debugger.folder / "tides.lua").write_text("return {high = 3}\n")
    debugger.notebook.run_new("tides = require 'tides'")
    cell = debugger.write("local planets = {'Mars', 'Venus'}\nreturn #planets")
    debugger.start()
    debugger.set_breakpoint(cell, 2)
    debugger.run(cell)
    debugger.wait_until_stopped(2)
    row = debugger.variable("planets")
    row.hover()
    row.locator(".jp-DebuggerVariables-renderVariable").first.click()
    rendered = debugger.page.locator(".jp-VariableRendererPanel")
    expect(rendered).to_contain_text('{"Mars", "Venus"}')
    debugger.notebook.photograph("9-rich")
    row.click(button="right")
    debugger.notebook.menu("Copy Variable to Globals")
    debugger.press("continue")
    debugger.wait_until_running()
    again = debugger.notebook.run_new("return planets[2]")
    expect(again.locator(".jp-OutputArea-output").first).to_have_text('"Venus"')
    sources = debugger.sidebar.locator(".jp-DebuggerKernelSource-source")
    sources.filter(has_text="tides").click()
    expect(debugger.page.locator(".jp-Editor", has_text="return {high = 3}")).to_be_visible()
    debugger.notebook.photograph("10-sources")


def test_a_page_that_is_loaded_anew_while_stopped(debugger):
    cell = debugger.write(CODE)
    debugger.start()
    debugger.set_breakpoint(cell, 7)
    debugger.run(cell)
    debugger.wait_until_stopped(7)
    debugger.notebook.menu("File", "Save Notebook")
    debugger.page.reload()
    debugger.page.locator(".jp-Notebook").wait_for()
    debugger.page.locator(".jp-NotebookPanel[data-jp-debugger='true']").wait_for()
    debugger.wait_until_stopped(7)
    debugger.expect_variables(first='"Hello, Phobos"')
    debugger.notebook.photograph("11-loaded-anew")
    debugger.press("step-over")
    debugger.wait_until_stopped(8)
    debugger.press("continue")
    debugger.wait_until_running()
    debugger.notebook.wait_for("Idle")


def test_restart_and_debug(debugger):
    cell = debugger.write(CODE)
    debugger.start()
    debugger.set_breakpoint(cell, 7)
    debugger.run(cell)
    debugger.wait_until_stopped(7)
    debugger.notebook.menu("Kernel", "Restart Kernel and Debug…")
    debugger.notebook.accept()
    debugger.wait_until_running()
    debugger.wait_until_stopped(7)
    debugger.expect_variables(first='"Hello, Phobos"')
    debugger.notebook.photograph("12-restarted")
    debugger.press("continue")
    debugger.wait_until_running()
    expect(debugger.page.locator(".jp-Notebook .jp-CodeCell .jp-OutputArea").last).to_contain_text("Hello, Phobos\t2")


def test_the_bug_off_lets_the_cell_run_to_its_end(debugger):
    cell = debugger.write(CODE)
    debugger.start()
    debugger.set_breakpoint(cell, 7)
    debugger.run(cell)
    debugger.wait_until_stopped(7)
    debugger.page.locator(".jp-DebuggerBugButton:visible").click()
    expect(cell.locator(".jp-OutputArea").first).to_contain_text("Hello, Phobos\t2")
    debugger.notebook.wait_for("Idle")
