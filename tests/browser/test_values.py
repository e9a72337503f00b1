"""Values, tables and bars in JupyterLab, in its light and its dark theme."""

import pytest
from playwright.sync_api import expect
from test_looks import READABLE, unreadable

pytestmark = pytest.mark.timeout(300)

MOONS = """moons = {
  {name = "Io", radius = 1821.6, ["found by"] = "<b>Galilei</b>"},
  {name = "エウロパ", radius = 1560.8, ["found by"] = "Galilei"},
  {name = "Amalthea", radius = 83.5, ["found by"] = "Barnard"},
}
"""


def test_records_are_a_table_that_can_be_read(blank_notebook):
    notebook = blank_notebook
    cell = notebook.run_new(MOONS + "display.table(moons, {title = 'Moons', max = 2}) moons")
    tables = cell.locator("table.perilune-table")
    expect(tables).to_have_count(2, timeout=30_000)
    first = tables.first
    expect(first.locator("caption")).to_have_text("Moons")
    expect(first.locator("tfoot")).to_have_text("… 1 more")
    expect(tables.last.locator("tbody tr")).to_have_count(3)
    # What is in a record is text.
    expect(first.locator("tbody td").first).to_have_text("<b>Galilei</b>")
    expect(first.locator("tbody b")).to_have_count(0)
    number = first.locator("tbody tr").first.locator("td").last
    expect(number).to_have_css("text-align", "right")
    assert unreadable(first, READABLE) == []
    notebook.photograph("records")


def test_bars_move_and_stay_as_they_ended(blank_notebook):
    notebook = blank_notebook
    cell = notebook.run_new(
        """for i in progress(4, {label = "outer"}) do
  for j in progress(10, {label = "<inner>"}) do perilune.sleep(0.02) end
  if i == 3 then perilune.input("go on") break end
end"""
    )
    bars = cell.locator(".perilune-progress")
    expect(bars.first).to_contain_text("outer 50%", timeout=30_000)
    notebook.photograph("progress-running")
    notebook.page.locator(".jp-Stdin-input").press("Enter")
    expect(bars).to_have_count(2)
    expect(bars.first).to_contain_text("2/4")
    expect(bars.first).to_contain_text("stopped")
    expect(bars.last).to_contain_text("<inner> 100%")
    bar = bars.first.locator("progress")
    assert bar.bounding_box()["width"] > 100
    assert bar.evaluate("bar => bar.value / bar.max") == 0.5
    assert unreadable(bars.first, READABLE) == []
    notebook.photograph("progress")


def test_a_handle_that_was_made_before_is_shown_where_it_is_updated(blank_notebook):
    notebook = blank_notebook
    notebook.run_new("h = display.handle()")
    first = notebook.run_new("h:update(display.fragment('<i>%s</i>', '<one>'))")
    expect(first.locator(".jp-OutputArea-output i")).to_have_text("<one>", timeout=30_000)
    notebook.run_new("h:update(display.fragment('<i>%s</i>', 'two'))")
    expect(notebook.page.locator(".jp-OutputArea-output i")).to_have_text(["two"], timeout=30_000)
