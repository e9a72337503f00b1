"""Charts in JupyterLab: drawn by its own Vega-Lite, in the light and in the dark theme."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(300)

# What a canvas's corner is, as red, green, blue and alpha, and how much of it is drawn on.
INKS = """
canvas => {
    const {width, height} = canvas;
    const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    let drawn = 0;
    for (let at = 3; at < pixels.length; at += 4) drawn += pixels[at] > 0;
    return {corner: [...pixels.slice(0, 4)], share: drawn / (width * height)};
}
"""

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


def test_every_chart_is_drawn_by_vega_lite(blank_notebook):
    notebook = blank_notebook
    notebook.page.set_viewport_size({"width": 1280, "height": 4800})
    for name, code in CHARTS.items():
        notebook.run_new(f"-- {name}{code}")
        cell = notebook.cell(f"-- {name}")
        chart = cell.locator(".vega-embed canvas, .vega-embed svg.marks")
        expect(chart, f"{name} is drawn once").to_have_count(1, timeout=60_000)
        box = chart.bounding_box()
        assert 500 < box["width"] < 800 and 300 < box["height"] < 450, (name, box)
        # Neither the SVG beside it, nor the sketch, nor a complaint.
        expect(cell.locator(".jp-OutputArea-output")).to_have_count(1)
        expect(cell.locator(".jp-RenderedSVG, .jp-RenderedText")).to_have_count(0)
        # What is behind it is the page.
        behind = chart.evaluate("element => getComputedStyle(element.closest('.vega-embed')).backgroundColor")
        assert behind == "rgba(0, 0, 0, 0)", (name, behind)
        drawn = chart.evaluate(INKS)
        assert drawn["corner"][3] == 0, f"{name} is transparent where nothing is drawn"
        assert drawn["share"] > 0.005, f"{name} is not empty"
        notebook.photograph(f"plot-{name}", chart)
    notebook.photograph("plots")


def test_its_svg_is_readable_on_the_page(blank_notebook):
    """What a front end shows that has no Vega-Lite; here by asking for it alone."""
    notebook = blank_notebook
    for name in ["line", "bar", "heatmap"]:
        code = CHARTS[name].replace("plot.", "local chart = plot.")
        notebook.run_new(f"-- {name}{code}\ndisplay.clear() display.svg(chart:svg())")
        image = notebook.cell(f"-- {name}").locator(".jp-RenderedSVG img, .jp-RenderedSVG svg").first
        expect(image).to_be_visible(timeout=30_000)
        box = image.bounding_box()
        assert (round(box["width"]), round(box["height"])) == (640, 360)
        notebook.photograph(f"plot-{name}-svg", image)


def test_a_chart_is_updated_where_it_stands(blank_notebook):
    notebook = blank_notebook
    notebook.run_new("live = plot.line({1, 2}, {title = 'live'})")
    cell = notebook.cell("live = plot.line")
    expect(cell.locator(".vega-embed")).to_have_count(1, timeout=60_000)
    before = cell.locator(".vega-embed canvas").evaluate("canvas => canvas.toDataURL()")
    other = notebook.run_new("for n = 1, 5 do live:update({n, 2 * n, n}) end print('done')")
    expect(other.locator(".jp-OutputArea")).to_contain_text("done", timeout=30_000)
    expect(other.locator(".vega-embed")).to_have_count(0)
    expect(cell.locator(".vega-embed")).to_have_count(1)
    notebook.page.wait_for_function(
        "before => [...document.querySelectorAll('.vega-embed canvas')].every(c => c.toDataURL() !== before)",
        arg=before,
    )
