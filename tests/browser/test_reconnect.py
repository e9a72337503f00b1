"""What is seen in JupyterLab of a cell that ran while nobody, or another page, was looking."""

import os
import re
import sys

from conftest import TOKEN, blank, opened, serving
from playwright.sync_api import expect

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../python/daemon"))
from proxy import Proxy  # noqa: E402

CODE = "for i = 1, %d do print('line ' .. i) perilune.sleep(0.05) end print('end')"


def lines(cell) -> list[str]:
    """What a cell shows, line by line."""
    return [line for area in cell.locator(".jp-OutputArea-output pre").all_inner_texts() for line in area.splitlines()]


def all_of(count: int) -> list[str]:
    return [f"line {number}" for number in range(1, count + 1)] + ["end"]


def test_a_page_that_is_reloaded_while_a_cell_runs_shows_it_with_output(empty_lab, chromium, screenshots):
    folder, lab = empty_lab
    notebook = blank(folder, "reloaded")
    with opened(chromium, f"{lab}/{notebook.name}?token={TOKEN}&reset", screenshots) as notebook:
        cell = notebook.run_new(CODE % 100)
        expect(cell).to_contain_text("line 20")
        notebook.page.reload()
        notebook.page.locator(".jp-Notebook").wait_for(timeout=60_000)
        notebook.page.locator(".jp-Dialog").wait_for(state="hidden")
        shown = notebook.run_new("%output")
        expect(shown).to_contain_text("end", timeout=30_000)
        print("OLD CELL", lines(notebook.page.locator(".jp-CodeCell").first)[-3:])
        assert lines(shown) == all_of(100)
        notebook.photograph("reloaded")
