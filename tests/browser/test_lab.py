"""The tour in JupyterLab, as its reader meets it."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(300)


def answer(notebook, value: str) -> None:
    """Types an answer into the field that a cell shows when it asks."""
    field = notebook.page.locator(".jp-Stdin-input")
    field.wait_for(timeout=60_000)
    field.fill(value)
    field.press("Enter")


def wait_until_run(notebook) -> None:
    """Waits until no cell is waiting for the kernel any more."""
    expect(notebook.page.locator(".jp-InputPrompt").get_by_text("[*]:")).to_have_count(0, timeout=60_000)
    notebook.wait_for("Idle")


def test_the_tour_runs_from_top_to_bottom(open_notebook):
    notebook = open_notebook
    page = notebook.page
    notebook.photograph("1-opened")
    notebook.menu("Run", "Run All Cells")
    page.locator(".jp-Stdin-input").wait_for(timeout=60_000)
    notebook.photograph("2-asked")
    answer(notebook, "Artemis")
    wait_until_run(notebook)

    expect(notebook.cell("6 * 7").locator(".jp-OutputArea-output").first).to_contain_text("42")
    # JupyterLab shows SVG as an image; drawn, it has a size.
    plot = notebook.cell("draw_orbit(now)").locator(".jp-RenderedSVG img, .jp-RenderedSVG svg").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box["width"] > 300 and box["height"] > 200
    notebook.photograph("3-plot")
    expect(notebook.cell("perilune.input")).to_contain_text("Godspeed, Artemis.")
    expect(notebook.cell("display.latex").locator("mjx-container, .MathJax").first).to_be_visible()
    expect(notebook.cell("display.markdown(table").locator("table td").first).to_be_visible()
    error = notebook.run_new("brake {name = 'Artemis', fuel = 100}")
    expect(error.locator(".jp-OutputArea")).to_contain_text("return spacecraft.engine.thrust")
    notebook.photograph("4-error")
    page.set_viewport_size({"width": 1280, "height": 6000})
    page.evaluate("document.querySelector('.jp-WindowedPanel-outer')?.scrollTo(0, 0)")
    notebook.photograph("5-whole")


def test_a_loop_is_interrupted_and_the_session_goes_on(open_notebook):
    notebook = open_notebook
    notebook.run_new("kept = 'still here'\nprint('spinning')\nwhile true do end")
    cell = notebook.page.locator(".jp-CodeCell").last
    expect(cell.locator(".jp-OutputArea")).to_contain_text("spinning")
    notebook.wait_for("Busy")
    notebook.toolbar("notebook:interrupt-kernel")
    expect(cell.locator(".jp-OutputArea")).to_contain_text("Interrupted")
    notebook.wait_for("Idle")
    notebook.photograph("6-interrupted")
    after = notebook.run_new("kept")
    expect(after.locator(".jp-OutputArea")).to_contain_text("still here")


def test_restart_and_run_all_starts_afresh(open_notebook):
    notebook = open_notebook
    before = notebook.run_new("left_over = 'from before'\nleft_over")
    expect(before.locator(".jp-OutputArea")).to_contain_text("from before")
    notebook.toolbar("notebook:restart-run-all")
    notebook.accept()
    answer(notebook, "")
    wait_until_run(notebook)
    first = notebook.page.locator(".jp-CodeCell .jp-InputPrompt").first
    expect(first).to_have_text(re.compile(r"\[1\]:"))
    expect(notebook.cell("perilune.input")).to_contain_text("Godspeed, Selene.")
    after = notebook.run_new("print(left_over == 'from before')")
    expect(after.locator(".jp-OutputArea")).to_contain_text("true")
    notebook.photograph("7-restarted")


def test_completion_and_inspection_help_while_typing(open_notebook):
    notebook = open_notebook
    page = notebook.page
    cell = notebook.write_new("string.f")
    cell.locator(".jp-mod-completer-enabled").wait_for()
    page.keyboard.press("Tab")
    offered = page.locator(".jp-Completer-item")
    expect(offered.first).to_be_visible(timeout=10_000)
    names = [label.inner_text().replace("\n", "") for label in offered.locator(".jp-Completer-match").all()]
    assert names == ["find", "format"]
    notebook.photograph("8-completed")
    offered.filter(has_text="format").click()
    expect(cell.locator(".cm-content")).to_have_text("string.format")
    page.keyboard.press("Shift+Tab")
    expect(page.locator(".jp-Tooltip")).to_contain_text("format")
    notebook.photograph("9-inspected")
