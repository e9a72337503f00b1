"""Values shown, as they go over the wire and as front ends that keep notebooks keep them."""

import time

import nbformat
from nbclient import NotebookClient

PROGRESS = "application/vnd.perilune.progress+json"


def test_a_display_has_every_representation_in_one_message(client):
    code = """
    moon = setmetatable({}, {
      __mime = function(self, include)
        return {["text/html"] = "<b>Io</b>", ["image/png"] = "\\x89PNG\\r\\n\\x1a\\n"},
               {["image/png"] = {width = 10}}
      end,
      __tostring = function() return "Io" end,
    })
    display(moon, {id = "moon", metadata = {tags = {"a"}}, transient = {from = "here"}})
    moon"""
    cell = client.run(code).succeeded()
    shown, result = cell.outputs
    data = {"text/plain": "Io", "text/html": "<b>Io</b>", "image/png": "iVBORw0KGgo="}
    assert (shown.type, shown.content["data"]) == ("display_data", data)
    assert shown.content["metadata"] == {"image/png": {"width": 10}, "tags": ["a"]}
    assert shown.content["transient"] == {"display_id": "moon", "from": "here"}
    assert (result.type, result.content["data"]) == ("execute_result", data)


def test_a_handle_shows_first_and_updates_then_from_any_cell(client):
    client.run("h = display.handle('h')").succeeded()
    types = []
    for code in ["h:update(1)", "h:update{a = 2}", "display.update('h', 3)", "h:show(4)"]:
        (message,) = client.run(code).succeeded().outputs
        assert message.content["transient"]["display_id"] == "h"
        types.append((message.type, message.content["data"]["text/plain"]))
    assert types == [
        ("display_data", "1"),
        ("update_display_data", "{a = 2}"),
        ("update_display_data", "3"),
        ("display_data", "4"),
    ]


def test_clearing_says_whether_to_wait(client):
    cell = client.run("display.clear{wait = true} display.clear()").succeeded()
    assert [m.content["wait"] for m in cell.all("clear_output")] == [True, False]


def test_a_metamethod_that_fails_is_shown_and_the_cell_succeeds(client):
    code = "setmetatable({}, {__mime = function() error('broken') end})"
    assert "broken" in client.run(code).succeeded().plain


def test_a_metamethod_that_never_ends_can_be_interrupted(client):
    code = "setmetatable({}, {__display = function() print('in') while true do end end})"
    request = client.execute(code)
    client.printed(request, "in\n")
    client.ask("interrupt_request", {}, "control")
    assert client.settle(request).failed().error["ename"] == "Interrupted"
    assert client.run("1").succeeded().plain == "1"


def test_records_are_a_table_for_pages_and_for_terminals(client):
    result = client.run("{{name = 'Io', r = 1821.6}, {name = '<Europa>', r = 1560.8}}").succeeded().result
    assert result["text/plain"] == (
        "name          r\n──────── ──────\nIo       1821.6\n<Europa> 1560.8"
    )
    assert "<td style=\"text-align: left\">&lt;Europa&gt;</td>" in result["text/html"]


def test_a_bar_is_one_display_updated_at_most_ten_times_a_second(client):
    began = time.monotonic()
    cell = client.run("for i in progress(40, {label = 'work'}) do perilune.sleep(0.02) end").succeeded()
    tenths = (time.monotonic() - began) * 10
    first, *updates = cell.outputs
    assert first.type == "display_data"
    assert {m.type for m in updates} == {"update_display_data"}
    assert len({m.content["transient"]["display_id"] for m in cell.outputs}) == 1
    assert 4 <= len(updates) <= tenths + 1
    done = [m.content["data"][PROGRESS]["done"] for m in cell.outputs]
    assert done == sorted(done) and done[0] == 0 and done[-1] == 40
    last = updates[-1].content["data"]
    assert last[PROGRESS]["state"] == "finished" and last[PROGRESS]["total"] == 40
    assert last["text/plain"].startswith("work: 100%|") and "<progress " in last["text/html"]


def test_an_interrupted_bar_says_so(client):
    code = "for i in progress(3) do print(i) while true do end end"
    request = client.execute(code)
    client.printed(request, "1\n")
    client.ask("interrupt_request", {}, "control")
    cell = client.settle(request).failed()
    bars = [m for m in cell.outputs if m.type in ("display_data", "update_display_data")]
    assert bars[-1].content["data"][PROGRESS]["state"] == "interrupted"


def test_a_notebook_keeps_each_bar_once_and_as_it_was_at_last(jupyter_path):
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(
                "for i in progress(3, {label = 'outer'}) do for j in progress(2) do end end"
            )
        ]
    )
    NotebookClient(notebook, kernel_name="lua", timeout=60).execute()
    bars = [output["data"][PROGRESS] for output in notebook.cells[0].outputs]
    assert [(bar["label"], bar["done"], bar["state"]) for bar in bars] == [
        ("outer", 3, "finished"),
        (None, 2, "finished"),
    ]
