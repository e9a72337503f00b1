"""Widgets: what passes over their comms, beside what ipykernel and anywidget's own code make of the
same steps."""

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
BYTES = b"\x00\xff<IDS|MSG>"

# The same widget, by anywidget and by us.
PYTHON = """
import anywidget, traitlets

class Counter(anywidget.AnyWidget):
    _esm = "export default {}"
    _css = ".counter {}"
    count = traitlets.Int(1).tag(sync=True)
    raw = traitlets.Any(b"\\x00\\xff").tag(sync=True)
    tree = traitlets.Dict({"leaves": [1, b"green"]}).tag(sync=True)

w = Counter()
w.on_msg(lambda w, content, buffers: w.send(content, buffers))
"""
LUA = """
w = widgets.any{
  esm = "export default {}",
  css = ".counter {}",
  state = {count = 1, raw = widgets.bytes "\\x00\\xff", tree = {leaves = {1, widgets.bytes "green"}}},
}
w:on_msg(function(content, buffers, w) w:send(content, buffers) end);
"""

# What only ipywidgets' base class has, and what is said of versions.
OTHERS = {"layout", "tabbable", "tooltip", "_dom_classes", "_anywidget_id", "_model_module_version", "_view_module_version"}


class Page:
    """What a page says to a kernel, by Jupyter's own client, and what it is told."""

    def __init__(self, kernel: str):
        self.manager, self.client = start_new_kernel(kernel_name=kernel)
        self.model = None

    def ask(self, type: str, content: dict, buffers: list[bytes] = (), metadata: dict | None = None) -> list[dict]:
        """Sends a message, and gives the comm messages up to its idle."""
        session = self.client.session
        message = session.msg(type, content, metadata=metadata)
        session.send(self.client.shell_channel.socket, message, buffers=list(buffers))
        heard = []
        while True:
            answer = self.client.get_iopub_msg(timeout=60)
            if answer["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            if answer["msg_type"] == "error":
                raise AssertionError(answer["content"])
            if answer["msg_type"].startswith("comm_"):
                heard.append(answer)
            if answer["content"].get("execution_state") == "idle":
                return heard

    def run(self, code: str) -> list:
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        heard = self.ask("execute_request", content)
        for message in heard:
            if message["content"].get("data", {}).get("state", {}).get("_model_name") == "AnyModel":
                self.model = message["content"]["comm_id"]
        return self.told(heard)

    def say(self, data: dict, buffers: list[bytes] = (), comm: str | None = None) -> list:
        return self.told(self.ask("comm_msg", {"comm_id": comm or self.model, "data": data}, buffers))

    def told(self, messages: list[dict]) -> list:
        """What of the messages is about our model, without what differs from run to run."""
        about = []
        for message in messages:
            content = message["content"]
            if self.model not in (content["comm_id"], *content["data"].get("states", {})):
                continue
            data = self.plain(content["data"])
            buffers = [bytes(buffer) for buffer in message["buffers"]]
            paths = data.pop("buffer_paths", [])
            attached = sorted((path, buffer) for path, buffer in zip(paths, buffers[: len(paths)], strict=True))
            about.append((message["msg_type"], message["metadata"], data, attached, buffers[len(paths) :]))
        return about

    def plain(self, value):
        if isinstance(value, dict):
            kept = {key: item for key, item in value.items() if key not in OTHERS | {"model_module_version"}}
            if "states" in kept:
                kept["states"] = {self.model: kept["states"][self.model]}
            return {key.replace(self.model, "model"): self.plain(item) for key, item in kept.items()}
        if isinstance(value, list):
            return [self.plain(item) for item in value]
        return value.replace(self.model, "model") if isinstance(value, str) else value

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def pages(jupyter_path):
    """The same widget in two kernels: anywidget's own, and ours."""
    pages = []
    try:
        for kernel in ("python3", "lua"):
            pages.append(Page(kernel))
        yield pages
    finally:
        for page in pages:
            page.close()


def test_every_step_is_told_as_anywidget_tells_it(pages):
    anywidget, ours = pages
    opened = anywidget.run(PYTHON)
    assert [message[0] for message in opened] == ["comm_open"]
    assert opened[0][1] == {"version": "2.1.0"}
    assert ours.run(LUA) == opened

    def same(step) -> list:
        expected = step(anywidget)
        assert step(ours) == expected
        return expected

    update = {"method": "update", "buffer_paths": []}
    assert same(lambda page: page.say(update | {"state": {"count": 5}}))[0][2]["method"] == "echo_update"
    assert same(lambda page: page.say(update | {"state": {"unknown": 5}})) == []
    assert same(lambda page: page.say(update | {"state": {}, "buffer_paths": [["raw"]]}, [BYTES]))[0][3] == [(["raw"], BYTES)]
    leaf = {"state": {"tree": {"leaves": [None]}}, "buffer_paths": [["tree", "leaves", 0]]}
    assert same(lambda page: page.say(update | leaf, [BYTES]))[0][3] == [(["tree", "leaves", 0], BYTES)]
    custom = {"method": "custom", "content": {"hello": [1, None, "é🌙"]}}
    assert same(lambda page: page.say(custom, [BYTES, b""]))[0][4] == [BYTES, b""]
    assert same(lambda page: page.run("w.count = 9"))[0][2] == {"method": "update", "state": {"count": 9}}
    assert same(lambda page: page.run("w.count = 9")) == []
    whole = same(lambda page: page.say({"method": "request_state"}))
    assert whole[0][2]["state"]["count"] == 9 and len(whole[0][3]) == 2

    def reload(page: Page) -> list:
        opening = {"comm_id": "control", "target_name": "jupyter.widget.control", "data": {}}
        page.ask("comm_open", opening, metadata={"version": "1.0.0"})
        states = page.say({"method": "request_states"}, comm="control")
        page.ask("comm_close", {"comm_id": "control", "data": {}})
        return states

    states = same(reload)
    assert states[0][2]["states"]["model"]["state"]["count"] == 9
    assert [message[0] for message in same(lambda page: page.run("w.close()" if page is anywidget else "w:close()"))] == [
        "comm_close"
    ]


def opened(cell) -> str:
    (id,) = {m.content["comm_id"] for m in cell.all("comm_open")}
    return id


def page_sets(client, id: str, value):
    return client.ask("comm_msg", {"comm_id": id, "data": {"method": "update", "state": {"value": value}}})


def test_what_an_observer_prints_goes_below_the_cell_that_showed_the_widget_last(client):
    made = client.run("w = widgets.slider{max = 10, on_change = function(new) print('now', new) end} w").succeeded()
    id = opened(made)
    assert made.result[VIEW] == {"version_major": 2, "version_minor": 0, "model_id": id}
    client.run("print('another cell')").succeeded()
    moved = page_sets(client, id, 3)
    assert [(m.parent_id, m.content["text"]) for m in moved.below] == [(made.request.id, "now\t3\n")]
    assert [m.content["data"]["method"] for m in moved.outputs] == ["echo_update"]

    shown = client.run("display(w)").succeeded()
    assert [m.parent_id for m in page_sets(client, id, 4).below] == [shown.request.id]
    by_code = client.run("w.value = 5").succeeded()
    assert by_code.text() == "now\t5\n", "set by a cell, it prints in that cell"


def test_an_error_of_an_observer_is_shown_below_that_cell_and_the_value_is_kept(client):
    cell = client.run("w = widgets.slider{max = 10, on_change = function() error('too bright') end}").succeeded()
    moved = page_sets(client, opened(cell), 3)
    (error,) = moved.below
    assert (error.type, error.parent_id) == ("error", cell.request.id)
    assert error.content["evalue"] == "cell[1]:1: too bright"
    assert [m.content["data"]["state"] for m in moved.outputs] == [{"value": 3}]
    assert client.run("w.value").plain == "3"


def test_an_endless_observer_is_interrupted_below_its_cell(client):
    cell = client.run("w = widgets.slider{on_change = function() while true do end end}").succeeded()
    content = {"comm_id": opened(cell), "data": {"method": "update", "state": {"value": 3}}}
    request = client.send("comm_msg", content)
    client.output(request, lambda message: message.type == "comm_msg")
    client.ask("interrupt_request", {}, "control")
    (error,) = client.settle(request).below
    assert (error.content["ename"], error.parent_id) == ("Interrupted", cell.request.id)
    assert client.run("1").plain == "1"


def test_two_pages_hear_of_each_others_changes(client, connect, kernel):
    id = opened(client.run("w = widgets.slider{max = 10}").succeeded())
    other = connect(kernel)
    page_sets(other, id, 3)
    client.wait(lambda: [m for m in client.foreign if m.type == "comm_msg"], "the echo")
    (echo,) = [m for m in client.foreign if m.type == "comm_msg"]
    assert echo.content["data"] == {"method": "echo_update", "state": {"value": 3}, "buffer_paths": []}


def test_a_notebook_that_nbclient_ran_keeps_the_widgets_state(jupyter_path):
    code = "widgets.hbox{widgets.slider{label = 'mass', value = 7}, widgets.button{label = 'Go'}}"
    kernelspec = {"name": "lua", "display_name": "Lua", "language": "lua"}
    notebook = new_notebook(cells=[new_code_cell(code)], metadata={"kernelspec": kernelspec})
    NotebookClient(notebook, timeout=60).execute()
    nbformat.validate(notebook)
    state = notebook.metadata.widgets[STATE].state
    shown = notebook.cells[0].outputs[0].data
    box = state[shown[VIEW].model_id]
    assert (box.model_module, box.model_name) == ("@jupyter-widgets/controls", "HBoxModel")
    slider, button = (state[child.removeprefix("IPY_MODEL_")] for child in box.state.children)
    assert (slider.model_module, slider.model_name) == ("anywidget", "AnyModel")
    assert (slider.state.label, slider.state.value, button.state.label) == ("mass", 7, "Go")
    assert shown["text/plain"].startswith("widgets.hbox {widgets.slider {")
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert f'type="{STATE}"' in page
