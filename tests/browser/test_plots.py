"""Charts in JupyterLab: drawn by its own Vega-Lite, in the light and in the dark theme."""

import re

import nbformat
import pytest
from conftest import TOKEN, Notebook, serving
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(300)

CHARTS = {
    "line": """
        local rows = {}
        for day = 1, 28 do
          local rain = day ~= 12 and 3 * math.sin(day / 4) or nil
          rows[day] = {date = ("2026-02-%02d"):format(day), sun = 5 + 4 * math.cos(day / 5), rain = rain}
        end
        plot.line(rows, {x = "date", y = {"sun", "rain"}, title = "February", labels = {color = "weather", y = "hours"}})""",
    "scatter": """
        math.randomseed(7)
        local rows = {}
        for i = 1, 120 do
          local kind = i % 3
          rows[i] = {width = 2 + kind + math.random(), height = 3 + kind + 2 * math.random(), kind = "kind " .. kind}
        end
        plot.scatter(rows, {x = "width", y = "height", color = "kind", title = "Three <b>kinds</b>"})""",
    "shades": """
        local xs, ys, warmth = {}, {}, {}
        for i = 1, 80 do xs[i] = math.cos(i / 6) * i; ys[i] = math.sin(i / 6) * i; warmth[i] = i end
        plot.scatter(xs, ys, {color = warmth, labels = {color = "warmth"}, title = "A spiral"})""",
    "bar": """
        local sales = {{q = "Q1", north = 4, south = 3}, {q = "Q2", north = 6, south = -2}, {q = "Q3", north = 5, south = 5}}
        plot.bar(sales, {x = "q", y = {"north", "south"}, title = "Sales"})""",
    "stacked": """
        local sales = {{q = "Q1", north = 4, south = 3}, {q = "Q2", north = 6, south = -2}, {q = "Q3", north = 5, south = 5}}
        plot.bar(sales, {x = "q", y = {"north", "south"}, stack = true, title = "Sales, stacked"})""",
    "hist": """
        math.randomseed(7)
        local sums = {}
        for i = 1, 2000 do local sum = 0; for _ = 1, 12 do sum = sum + math.random() end; sums[i] = sum - 6 end
        plot.hist(sums, {title = "Nearly normal", x = "deviation"})""",
    "heatmap": """
        local rows = {}
        for r = 1, 12 do rows[r] = {}; for c = 1, 24 do rows[r][c] = math.sin(r / 3) * math.cos(c / 4) end end
        plot.heatmap(rows, {title = "A field", x = "column", y = "row", color = "height"})""",
    "crowd": """
        local long = {}
        for i = 1, 100000 do long[i] = math.sin(i / 5000) + math.sin(i * i) / 5 end
        plot.line(long, {title = "A hundred thousand"})""",
}


@pytest.fixture
def notebook(tmp_path):
    """A notebook with a cell for each chart."""
    page = nbformat.v4.new_notebook()
    page.metadata.kernelspec = {"name": "lua", "display_name": "Lua 5.4", "language": "lua"}
    page.cells = [nbformat.v4.new_code_cell(f"-- {name}{code}") for name, code in CHARTS.items()]
    path = tmp_path / "plots.ipynb"
    nbformat.write(page, path)
    return path


def wait_until_run(notebook: Notebook) -> None:
    expect(notebook.page.locator(".jp-InputPrompt").get_by_text("[*]:")).to_have_count(0, timeout=60_000)
    notebook.wait_for("Idle")


def is_dark(rgb: str) -> bool:
    """Whether a colour such as `rgb(17, 17, 17)` is dark."""
    return sum(int(part) for part in re.findall(r"\d+", rgb)[:3]) < 3 * 128


def test_every_chart_is_drawn_by_vega_lite_in_light_and_dark(open_notebook):
    notebook = open_notebook
    page = notebook.page
    page.set_viewport_size({"width": 1280, "height": 4800})
    for theme in ["Light", "Dark"]:
        notebook.menu("Settings", "Theme", f"JupyterLab {theme}")
        expect(page.locator("body")).to_have_attribute("data-jp-theme-light", str(theme == "Light").lower())
        notebook.menu("Run", "Run All Cells")
        wait_until_run(notebook)
        for name in CHARTS:
            cell = notebook.cell(f"-- {name}")
            chart = cell.locator(".vega-embed canvas, .vega-embed svg.marks")
            expect(chart, f"{name} is drawn once").to_have_count(1, timeout=30_000)
            box = chart.bounding_box()
            assert 500 < box["width"] < 800 and 300 < box["height"] < 450, (name, box)
            # Neither the SVG beside it, nor the sketch, nor a complaint.
            expect(cell.locator(".jp-OutputArea-output")).to_have_count(1)
            expect(cell.locator(".jp-RenderedSVG, .jp-RenderedText")).to_have_count(0)
            # What is behind it is the page.
            behind = chart.evaluate("element => getComputedStyle(element.closest('.vega-embed')).backgroundColor")
            assert behind in ("rgba(0, 0, 0, 0)", "transparent"), (name, behind)
            cell.screenshot(path=notebook._screenshots / f"plot-{name}-{theme.lower()}.png")
        notebook.photograph(f"plots-{theme.lower()}")


def test_a_chart_is_updated_where_it_stands(open_notebook):
    notebook = open_notebook
    notebook.run_new("live = plot.line({1, 2}, {title = 'live'})")
    cell = notebook.cell("live = plot.line")
    expect(cell.locator(".vega-embed")).to_have_count(1, timeout=30_000)
    other = notebook.run_new("for n = 1, 5 do live:update({n, 2 * n, n}); perilune.sleep(0.05) end print('done')")
    expect(other.locator(".jp-OutputArea")).to_contain_text("done", timeout=30_000)
    expect(cell.locator(".vega-embed")).to_have_count(1)
    expect(other.locator(".vega-embed")).to_have_count(0)
