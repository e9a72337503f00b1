"""Charts, as front ends and tools get them."""

import base64
import json
import re
import subprocess
from importlib.metadata import distribution
from xml.etree import ElementTree

import jsonschema
import nbformat
import pytest

VEGA_LITE = "application/vnd.vegalite.v5+json"
SVG = "image/svg+xml"

RECORDS = """
    local rows = {}
    for i = 1, 30 do
      rows[i] = {day = ("2026-03-%02d"):format(i), n = i % 7, m = i ~= 5 and i / 3 or nil,
                 kind = i % 2 == 0 and "even" or "odd", ["a.b[0]"] = i}
    end
"""

CHARTS = {
    "numbers": "plot.line({3, 1, 4}, {title = 'Digits', x = 'place', y = 'digit', color = 'tomato'})",
    "long": "local t = {} for i = 1, 100000 do t[i] = math.sin(i) end plot.line(t)",
    "dates": RECORDS + "plot.line(rows, {x = 'day', y = {'n', 'm'}, labels = {color = 'what'}})",
    "times": "plot.line({'2026-01-01T00:00:00Z', '2026-01-01T12:30:00Z'}, {1, 2})",
    "names": "plot.line({'a', 'b', 'c'}, {1, 2, 3}, {title = 'Ünïcødé <b>&amp;</b> \"quoted\"'})",
    "gaps": "plot.line{1, 0/0, 3, math.huge, -math.huge, 6}",
    "extremes": "plot.line{1e308, -1e308, 5e-324, 0}",
    "nothing": "plot.line{}",
    "scatter": RECORDS + "plot.scatter(rows, {x = 'n', y = 'm', color = 'kind'})",
    "shades": RECORDS + "plot.scatter(rows, {x = 'a.b[0]', y = 'n', color = 'm'})",
    "categories": RECORDS + "plot.scatter(rows, {x = 'n', y = 'kind'})",
    "bar": "plot.bar({apples = 3, pears = -2}, {width = 300, height = 200})",
    "grouped": RECORDS + "plot.bar(rows, {x = 'n', y = 'm', color = 'kind'})",
    "stacked": RECORDS + "plot.bar(rows, {x = 'n', y = 'm', color = 'kind', stack = true})",
    "hist": "plot.hist({1, 2, 2, 3.5, 4}, {bins = 3})",
    "hist of series": RECORDS + "plot.hist(rows, {x = 'm', color = 'kind'})",
    "hist of text": RECORDS + "plot.hist(rows, {x = 'kind'})",
    "heatmap": "plot.heatmap({{1, 2}, {3, 0/0}}, {x = {'a', 'b'}, y = 'row', color = 'heat'})",
    "heatmap of records": RECORDS + "plot.heatmap(rows, {x = 'n', y = 'kind', color = 'm'})",
}


@pytest.fixture(scope="module")
def vega_lite():
    """Checks specifications by the schema that Vega-Lite 5 itself publishes."""
    file = distribution("altair").locate_file("altair/vegalite/v5/schema/vega-lite-schema.json")
    schema = json.loads(file.read_text("utf-8"))
    assert schema["$ref"] == "#/definitions/TopLevelSpec"
    # The schema as a whole tries every kind of view, and says of none what is wrong with it.
    unit = {"$ref": "#/definitions/TopLevelUnitSpec", "definitions": schema["definitions"]}
    return jsonschema.Draft7Validator(unit)


def shown(cell) -> dict:
    """The one bundle that a cell shows."""
    bundles = [message.content["data"] for message in cell.all("display_data")]
    assert len(bundles) == 1, "shown exactly once"
    assert cell.result is None
    return bundles[0]


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_valid_in_all_its_representations(client, vega_lite, name):
    bundle = shown(client.run(CHARTS[name]).succeeded())
    assert sorted(bundle) == [VEGA_LITE, SVG, "text/plain"]
    spec = bundle[VEGA_LITE]
    assert spec["$schema"].endswith("/vega-lite/v5.json")
    # Rows are any values; checking thousands of them takes minutes.
    slim = spec | {"data": {"values": spec["data"]["values"][:5]}}
    assert [error.message for error in vega_lite.iter_errors(slim)] == []
    for row in spec["data"]["values"]:
        assert all(isinstance(value, int | float | str | None) for value in row.values()), row

    root = ElementTree.fromstring(bundle[SVG])
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "g", "rect", "circle", "line", "polyline", "polygon", "text"}

    lines = bundle["text/plain"].splitlines()
    assert len(lines) > 1 and max(map(len, lines)) <= 72


def test_the_schema_would_tell(vega_lite):
    assert not vega_lite.is_valid({"mark": "lines", "data": {"values": []}, "encoding": {}})


def test_json_on_the_wire_has_no_nan(client):
    bundle = shown(client.run("plot.line{1, 0/0, math.huge}").succeeded())
    assert json.dumps(bundle, allow_nan=False)
    assert bundle[VEGA_LITE]["data"]["values"][1] == {"x": 2, "y": None}


def test_a_chart_is_updated_by_its_handle(client):
    client.run("chart = plot.line({1, 2}, {title = 'live'})").succeeded()
    cell = client.run("chart:update{1, 2, 3}").succeeded()
    [update] = cell.all("update_display_data")
    assert update.content["transient"]["display_id"]
    assert len(update.content["data"][VEGA_LITE]["data"]["values"]) == 3


def test_reading_much_data_is_interrupted(client):
    client.run("big = {} for i = 1, 3000000 do big[i] = i end").succeeded()
    request = client.execute("print('ready') while true do pcall(plot.line, big, {show = false}) end")
    client.printed(request, "ready")
    assert client.ask("interrupt_request", {}, "control").content == {"status": "ok"}
    cell = client.settle(request).failed()
    assert cell.error["ename"] == "Interrupted"
    assert client.run("#big").succeeded().plain == "3000000"


def executed(perilune, folder, code: str):
    """A notebook with one cell, run by `perilune run`: its path and its terminal output."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    notebook.metadata.kernelspec = {"name": "lua", "display_name": "Lua", "language": "lua"}
    path = folder / "chart.ipynb"
    nbformat.write(notebook, path)
    done = subprocess.run(
        [perilune, "run", path, "--output", folder / "executed.ipynb"], capture_output=True, text=True, check=True
    )
    return folder / "executed.ipynb", done.stdout


def test_a_terminal_shows_the_sketch(perilune, tmp_path):
    script = tmp_path / "chart.lua"
    script.write_text("plot.bar{apples = 3, pears = 2}")
    done = subprocess.run([perilune, "run", script], capture_output=True, text=True, check=True)
    assert "apples │█" in done.stdout
    assert "<svg" not in done.stdout and "vega" not in done.stdout


def test_nbconvert_draws_the_svg(perilune, tmp_path):
    """It has no Vega-Lite; what it takes of the bundle has to be drawable."""
    path, _ = executed(perilune, tmp_path, "plot.line({1, 2}, {title = 'in a page'})")
    from nbconvert import HTMLExporter

    html, _ = HTMLExporter().from_filename(str(path))
    drawn = re.findall(r"<svg[^>]*viewBox=\"0 0 640 360\"", html)
    embedded = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", html)
    drawn += [image for image in embedded if b"in a page" in base64.b64decode(image)]
    assert len(drawn) == 1
