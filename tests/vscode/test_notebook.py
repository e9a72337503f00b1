"""A Lua notebook in VS Code: its cells run in a kernel of the extension's."""

import json
import time
from pathlib import Path

import pytest
from conftest import processes
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(180)

SHOWS = [
    "print('to the moon')\nio.stderr:write('careful\\n')\nprint('and back')",
    "display.html('<b class=orbit>perilune</b>')\n6 * 7",
    "io.write('who? ')\nname = io.read()\nprint('hello, ' .. name)",
]


def write(folder: Path, cells: list[str]) -> Path:
    """A notebook with cells that did not run yet."""
    document = {
        "cells": [
            {"cell_type": "code", "execution_count": None, "id": f"c{n}", "metadata": {}, "outputs": [], "source": code}
            for n, code in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "lua", "display_name": "Lua", "language": "lua"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    file = folder / "orbit.ipynb"
    file.write_text(json.dumps(document))
    return file


@pytest.fixture
def open_notebook(open_folder, project):
    """Opens a notebook with these cells, with the kernel of the extension chosen."""

    def opened(cells: list[str]):
        write(project, cells)
        vscode = open_folder()
        vscode.open_notebook("orbit.ipynb")
        return vscode

    return opened


def saved_with_outputs(vscode, file) -> list[dict]:
    """The cells as they are on the disk, once all of their outputs are: they are drawn before they are the notebook's."""
    deadline = time.monotonic() + 30
    while True:
        vscode.keyboard.press("Control+s")
        vscode.page.wait_for_function("() => !document.querySelector('.tab.active.dirty')")
        cells = json.loads(file.read_text())["cells"]
        if all(cell["outputs"] for cell in cells) or time.monotonic() > deadline:
            return cells
        vscode.page.wait_for_timeout(200)


def test_cells_run_in_order_and_their_outputs_are_drawn_and_saved(open_notebook, project):
    vscode = open_notebook(SHOWS)
    vscode.run_all()
    question = vscode.page.locator(".quick-input-widget input[type=text]")
    expect(question).to_be_visible(timeout=60_000)
    question.fill("Luna")
    vscode.keyboard.press("Enter")
    outputs = vscode.outputs()
    expect(outputs.locator("body")).to_contain_text("hello, Luna", timeout=30_000)
    text = outputs.locator("body").inner_text()
    in_order = ["to the moon", "careful", "and back", "perilune", "42", "hello, Luna"]
    assert sorted(in_order, key=text.index) == in_order
    expect(outputs.locator("b.orbit")).to_have_text("perilune")
    expect(vscode.page.locator(".execution-count-label").filter(has_text="[3]")).to_be_visible()
    vscode.photograph("notebook")
    first, second, _ = saved_with_outputs(vscode, project / "orbit.ipynb")
    assert [(output["name"], "".join(output["text"])) for output in first["outputs"]] == [
        ("stdout", "to the moon\n"),
        ("stderr", "careful\n"),
        ("stdout", "and back\n"),
    ]
    shown, result = second["outputs"]
    assert shown["output_type"] == "display_data" and "perilune" in "".join(shown["data"]["text/html"])
    assert result["output_type"] == "execute_result" and result["execution_count"] == 2
    assert result["data"]["text/plain"] in ("42", ["42"])


def test_an_error_is_drawn_below_its_cell_and_no_other_runs(open_notebook):
    vscode = open_notebook(["x = 1", "error('too low')", "print('never')"])
    vscode.run_all()
    outputs = vscode.outputs()
    expect(outputs.locator("body")).to_contain_text("too low", timeout=60_000)
    vscode.run_cell(0)
    expect(vscode.page.locator(".execution-count-label").filter(has_text="[3]")).to_be_visible(timeout=30_000)
    expect(outputs.locator("body")).not_to_contain_text("never")
    vscode.photograph("notebook-error")


def test_what_runs_is_interrupted_and_what_it_knew_stays_until_the_restart(open_notebook):
    vscode = open_notebook(["known = 'still here'\nprint('round')\nwhile true do end", "print(known)"])
    vscode.run_cell(0)
    outputs = vscode.outputs()
    expect(outputs.locator("body")).to_contain_text("round", timeout=60_000)
    vscode.command("Notebook: Interrupt")
    expect(outputs.locator("body")).to_contain_text("Interrupted: interrupted", timeout=30_000)
    vscode.run_cell(1)
    expect(outputs.locator("body")).to_contain_text("still here", timeout=30_000)
    vscode.command("Perilune: Restart")
    vscode.run_cell(1)
    expect(outputs.locator("body")).to_contain_text("nil", timeout=60_000)


ROUNDS = """local total = 0
for round = 1, 3 do
  total = total + climb(round)
end
print("total", total)"""

CLIMB = """function climb(by)
  local height = by * 100
  return height
end"""


def test_a_cell_is_debugged(open_notebook):
    vscode = open_notebook([CLIMB, ROUNDS])
    vscode.run_cell(0)
    expect(vscode.page.locator(".execution-count-label").filter(has_text="[1]")).to_be_visible(timeout=60_000)
    vscode.click_gutter(3, vscode.cell(1))
    vscode.debug_cell(1)
    vscode.stopped_at("total = total + climb(round)", 60)
    expect(vscode.cell(1).locator(".debug-top-stack-frame-line")).to_be_attached()
    expect(vscode.variable("total")).to_contain_text("0")
    expect(vscode.variable("round")).to_contain_text("1")
    vscode.photograph("cell-stopped")
    # Into the function of another cell, and back.
    vscode.keyboard.press("F11")
    vscode.stopped_at("local height = by * 100")
    expect(vscode.cell(0).locator(".debug-top-stack-frame-line")).to_be_attached()
    vscode.photograph("cell-stepped-in")
    vscode.keyboard.press("F10")
    vscode.stopped_at("return height")
    vscode.evaluate("height + 1")
    expect(vscode.console().last).to_contain_text("101")
    vscode.keyboard.press("Shift+F11")
    vscode.stopped_at("total = total + climb(round)")
    vscode.keyboard.press("F5")
    vscode.stopped_at("total = total + climb(round)")
    expect(vscode.variable("round")).to_contain_text("2")
    expect(vscode.variable("total")).to_contain_text("100")
    vscode.click_gutter(3, vscode.cell(1))
    vscode.keyboard.press("F5")
    vscode.ended()
    expect(vscode.outputs().locator("body")).to_contain_text("total\t600")
    vscode.photograph("cell-ended")


def test_stop_interrupts_the_cell_and_leaves_the_kernel(open_notebook):
    vscode = open_notebook(["known = 7\nlocal here = known\nprint(here)", "print('knows ' .. known)"])
    vscode.toggle_breakpoint(3, vscode.cell(0))
    vscode.debug_cell(0)
    vscode.stopped_at("print(here)", 60)
    vscode.keyboard.press("Shift+F5")
    vscode.ended()
    expect(vscode.outputs().locator("body")).to_contain_text("Interrupted", timeout=30_000)
    vscode.run_cell(1)
    expect(vscode.outputs().locator("body")).to_contain_text("knows 7", timeout=30_000)


def test_a_cell_that_runs_already_is_debugged_from_where_it_is(open_notebook):
    vscode = open_notebook(["local n = 0\nwhile n >= 0 do\n  n = n + 1\nend\nprint('out', n)"])
    vscode.run_cell(0)
    expect(vscode.page.locator(".notebook-toolbar-container")).to_contain_text("Interrupt", timeout=60_000)
    vscode.click_gutter(3, vscode.cell(0))
    vscode.debug_cell(0)
    vscode.stopped_at("n = n + 1", 60)
    vscode.set_variable("n", "-8")
    expect(vscode.variable("n")).to_contain_text("-8")
    vscode.keyboard.press("F5")
    vscode.ended()
    expect(vscode.outputs().locator("body")).to_contain_text("out\t-7")


COUNTED = """count = (count or 0) + 1
local here = count
print('run', here)"""


def test_a_cell_is_debugged_from_its_beginning_again_and_after_the_page(open_notebook, project, perilune):
    vscode = open_notebook([COUNTED])
    vscode.click_gutter(3, vscode.cell(0))
    vscode.debug_cell(0)
    vscode.stopped_at("print('run', here)", 60)
    expect(vscode.variable("here")).to_contain_text("1")
    # Restart: the cell, not the kernel.
    vscode.keyboard.press("Control+Shift+F5")
    expect(vscode.variable("here")).to_contain_text("2", timeout=30_000)
    vscode.stopped_at("print('run', here)")
    vscode.photograph("cell-restarted")
    vscode.keyboard.press("F5")
    vscode.ended()
    outputs = vscode.outputs().locator("body")
    expect(outputs).to_contain_text("run\t2")
    expect(outputs).not_to_contain_text("Interrupted")
    # The page is loaded anew while the cell has stopped: its kernel ends with it.
    vscode.debug_cell(0)
    vscode.stopped_at("print('run', here)")
    assert processes(perilune, project)
    vscode.reload()
    vscode.wait_until(lambda: not processes(perilune, project))
    vscode.photograph("cell-loaded-anew")
    # And the notebook is debugged in another.
    expect(vscode.breakpoints()).to_have_count(1)
    vscode.debug_cell(0)
    vscode.stopped_at("print('run', here)", 60)
    expect(vscode.variable("here")).to_contain_text("1")
    vscode.keyboard.press("F5")
    vscode.ended()
    expect(vscode.outputs().locator("body")).to_contain_text("run\t1")
