"""Widgets in JupyterLab, with the package anywidget: what a person sees and moves."""

import pytest
from conftest import TOKEN, blank, opened
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def open_notebook(empty_lab, request, chromium, screenshots):
    """Opens a notebook that is empty, and so trusted by whoever fills it."""
    folder, lab = empty_lab
    notebook = blank(folder, request.node.name)
    with opened(chromium, f"{lab}/{notebook.name}?token={TOKEN}&reset", screenshots) as notebook:
        yield notebook


def show(notebook, code: str):
    """Runs code in a new cell, and gives the cell, which stays it when others are added."""
    notebook.run_new(code)
    return notebook.cell(code.split("\n")[0])

ALL = """mass = widgets.slider{label = "Mass", min = 0, max = 10, value = 2}
ratio = widgets.slider{label = "Ratio", max = 1.0, step = 0.05, value = 0.25}
lit = widgets.checkbox{label = "Lit"}
name = widgets.text{label = "Name", placeholder = "of the ship"}
log = widgets.text{label = "Log", multiline = true, value = "first line\\nsecond"}
planet = widgets.select{label = "Planet", options = {"Earth", {label = "The Moon", value = 1738}, "Mars"}}
go = widgets.button{label = "Launch"}
fuel = widgets.progress{label = "Fuel", value = 0.4}
sign = widgets.html{label = "Sign", value = "<b>Ahead</b>"}
off = widgets.slider{label = "Locked", disabled = true, value = 50}
widgets.vbox{mass, ratio, lit, name, log, planet, widgets.hbox{go, fuel}, sign, off}"""


def show_all(notebook):
    """All widgets, drawn below a cell."""
    shown = show(notebook, ALL)
    expect(shown.get_by_label("Mass")).to_be_visible(timeout=60_000)
    return shown


def test_every_widget_is_drawn_with_its_label_and_its_value(blank_notebook):
    notebook = blank_notebook
    shown = show_all(notebook)
    expect(shown.get_by_label("Mass")).to_have_value("2")
    expect(shown.get_by_label("Ratio")).to_have_value("0.25")
    expect(shown.locator(".perilune-slider output")).to_have_text(["2", "0.25", "50"])
    expect(shown.get_by_label("Lit")).not_to_be_checked()
    expect(shown.get_by_label("Name")).to_have_attribute("placeholder", "of the ship")
    expect(shown.get_by_label("Log")).to_have_value("first line\nsecond")
    expect(shown.get_by_label("Planet").locator("option")).to_have_text(["Earth", "The Moon", "Mars"])
    expect(shown.get_by_role("button", name="Launch")).to_be_enabled()
    expect(shown.get_by_role("progressbar", name="Fuel")).to_have_attribute("value", "0.4")
    expect(shown.locator(".perilune-progress output")).to_have_text("40 %")
    expect(shown.locator(".perilune-html b")).to_have_text("Ahead")
    expect(shown.get_by_label("Locked")).to_be_disabled()
    launch, fuel = (shown.locator(f".perilune-{kind}").bounding_box() for kind in ("button", "progress"))
    assert fuel["x"] > launch["x"] and abs(fuel["y"] - launch["y"]) < 20, "side by side"
    shown.scroll_into_view_if_needed()
    notebook.photograph("widgets")


def test_what_the_person_chooses_lua_reads(open_notebook):
    notebook = open_notebook
    shown = show_all(notebook)
    # JupyterLab has a use for this key too.
    shown.get_by_label("Mass").press("ArrowRight")
    shown.get_by_label("Ratio").fill("0.75")
    shown.get_by_label("Lit").check()
    shown.get_by_label("Name").press_sequentially("Ωrion 🌙")
    shown.get_by_label("Log").fill("one\ntwo")
    shown.get_by_label("Planet").select_option("The Moon")
    read = "string.format('%d %.2f %s %s %q %d', mass.value, ratio.value, lit.value, name.value, log.value, planet.value)"
    cell = show(notebook, f"print({read})")
    expect(cell.locator(".jp-OutputArea-output")).to_contain_text("3 0.75 true Ωrion 🌙", timeout=30_000)
    expect(cell.locator(".jp-OutputArea-output")).to_contain_text("1738")
    expect(cell.locator(".jp-OutputArea-output")).to_contain_text('"one\\')
    expect(shown.locator(".perilune-slider output")).to_have_text(["3", "0.75", "50"])


def test_what_lua_sets_the_page_follows(open_notebook):
    notebook = open_notebook
    shown = show_all(notebook)
    show(notebook, 
        """mass.value = 9
ratio:set{max = 2.0, value = 1.5}
lit.value = true
name.value = "<Apollo>"
planet.options = {"Io", "Earth"}
go.label, go.disabled = "Launched", true
fuel.value = 1
sign.value = "<i>Behind</i>"
off.disabled = false"""
    )
    expect(shown.get_by_label("Mass")).to_have_value("9", timeout=30_000)
    expect(shown.get_by_label("Ratio")).to_have_value("1.5")
    expect(shown.get_by_label("Lit")).to_be_checked()
    expect(shown.get_by_label("Name")).to_have_value("<Apollo>")
    expect(shown.get_by_label("Planet").locator("option:checked")).to_have_text("Earth")
    expect(shown.get_by_role("button", name="Launched")).to_be_disabled()
    expect(shown.locator(".perilune-progress output")).to_have_text("100 %")
    expect(shown.locator(".perilune-html i")).to_have_text("Behind")
    expect(shown.get_by_label("Locked")).to_be_enabled()


def test_what_an_observer_prints_stands_below_the_cell_that_shows_the_widget(open_notebook):
    notebook = open_notebook
    shown = show(notebook, 
        """tide = widgets.slider{label = "Tide", max = 10}
stop = tide:observe("value", function(new, old) print("from", old, "to", new) end)
tide"""
    )
    slider = shown.get_by_label("Tide")
    expect(slider).to_be_visible(timeout=60_000)
    between = show(notebook, "print('a cell in between')")
    expect(between.locator(".jp-OutputArea-output")).to_have_text("a cell in between\n", timeout=30_000)
    slider.fill("4")
    expect(shown.locator(".jp-OutputArea-output").last).to_have_text("from\t0\tto\t4\n")
    notebook.wait_for("Idle")
    slider.fill("6")
    expect(shown.locator(".jp-OutputArea-output").last).to_have_text("from\t0\tto\t4\nfrom\t4\tto\t6\n")
    expect(between.locator(".jp-OutputArea-output")).to_have_text("a cell in between\n")
    notebook.photograph("widgets-observer")
    # No echo of it comes back as a change.
    expect(show(notebook, "tide.value").locator(".jp-OutputArea-output")).to_have_text("6", timeout=30_000)
    expect(shown.locator(".jp-OutputArea-output").last).to_have_text("from\t0\tto\t4\nfrom\t4\tto\t6\n")


def test_dragging_tells_the_kernel_some_of_the_way_and_the_end(open_notebook):
    notebook = open_notebook
    shown = show(notebook, 
        """count, last = 0, nil
drag = widgets.slider{label = "Drag", max = 1000, on_change = function(new) count, last = count + 1, new end}
drag"""
    )
    slider = shown.get_by_label("Drag")
    expect(slider).to_be_visible(timeout=60_000)
    box = slider.bounding_box()
    mouse = notebook.page.mouse
    mouse.move(box["x"] + 10, box["y"] + box["height"] / 2)
    mouse.down()
    mouse.move(box["x"] + box["width"] - 10, box["y"] + box["height"] / 2, steps=150)
    mouse.up()
    end = slider.input_value()
    seen = show(notebook, "print(last, count < 100, drag.value == last)")
    expect(seen.locator(".jp-OutputArea-output")).to_have_text(f"{end}\ttrue\ttrue\n", timeout=30_000)
    assert slider.input_value() == end, "it stays where it was let go"


def test_an_error_in_a_click_is_shown_below_the_button(open_notebook):
    notebook = open_notebook
    shown = show(notebook, 
        """local function launch() error("no fuel") end
widgets.button{label = "Launch", on_click = function() launch() end}"""
    )
    button = shown.get_by_role("button", name="Launch")
    expect(button).to_be_visible(timeout=60_000)
    show(notebook, "print('in between')")
    notebook.wait_for("Idle")
    button.click()
    expect(shown.locator(".jp-OutputArea")).to_contain_text("no fuel", timeout=30_000)
    expect(shown.locator(".jp-OutputArea")).to_contain_text("launch()")
    notebook.photograph("widgets-error")
    button.click()
    expect(shown.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']")).to_have_count(2)


def test_a_reload_of_the_page_restores_the_widgets(open_notebook):
    notebook = open_notebook
    shown = show_all(notebook)
    shown.get_by_label("Mass").fill("8")
    shown.get_by_label("Planet").select_option("Mars")
    notebook.wait_for("Idle")
    notebook.toolbar("docmanager:save")
    expect(notebook.page.locator(".lm-TabBar-tab.jp-mod-dirty")).to_have_count(0, timeout=30_000)
    notebook.page.reload()
    notebook.page.locator(".jp-Notebook").wait_for(timeout=60_000)
    shown = notebook.cell("mass = widgets.slider")
    expect(shown.get_by_label("Mass")).to_have_value("8", timeout=60_000)
    expect(shown.get_by_label("Planet").locator("option:checked")).to_have_text("Mars")
    notebook.wait_for("Idle")
    shown.get_by_label("Mass").fill("1")
    shown.scroll_into_view_if_needed()
    notebook.photograph("widgets-reloaded")
    again = show(notebook, "mass:observe('value', function(new) print('now', new) end)\ndisplay(mass)\nprint(mass.value)")
    expect(again.locator(".jp-OutputArea")).to_contain_text("1", timeout=30_000)
    again.get_by_label("Mass").fill("5")
    expect(again.locator(".jp-OutputArea")).to_contain_text("now\t5")
    expect(shown.get_by_label("Mass")).to_have_value("5")


def test_ones_own_widget_runs_its_module(open_notebook):
    notebook = open_notebook
    shown = show(notebook, 
        """counter = widgets.any{
  state = {count = 1, raw = widgets.bytes "\\0\\xff"},
  esm = [==[
    export default {
      render({ model, el }) {
        const button = document.createElement("button");
        const write = () => {
          button.textContent = `${model.get("count")} of ${model.get("raw").byteLength} bytes`;
        };
        model.on("change:count", write);
        model.on("msg:custom", (content, buffers) => {
          model.send({ heard: content.hello }, undefined, [buffers[0]]);
        });
        button.onclick = () => {
          model.set("count", model.get("count") + 1);
          model.save_changes();
        };
        write();
        el.append(button);
      },
    };
  ]==],
}
counter:on_msg(function(content, buffers) print("heard", content.heard, #buffers[1]) end)
counter"""
    )
    button = shown.get_by_role("button", name="1 of 2 bytes")
    button.click(timeout=60_000)
    expect(shown.get_by_role("button", name="2 of 2 bytes")).to_be_visible()
    show(notebook, "counter.count = counter.count + 40\ncounter:send({hello = 'moon'}, {'\\0\\xff\\0'})")
    expect(shown.get_by_role("button", name="42 of 2 bytes")).to_be_visible(timeout=30_000)
    expect(shown.locator(".jp-OutputArea-output").last).to_have_text("heard\tmoon\t3\n")


def test_a_closed_widget_leaves_the_page(open_notebook):
    notebook = open_notebook
    shown = show(notebook, "brief = widgets.checkbox{label = 'Brief'}\nbrief")
    expect(shown.get_by_label("Brief")).to_be_visible(timeout=60_000)
    show(notebook, "brief:close()")
    expect(shown.get_by_label("Brief")).to_have_count(0, timeout=30_000)
