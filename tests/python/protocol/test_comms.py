"""Comms: messages between the two sides of a widget, with buffers."""

import os

import pytest
from frontend import Exchange

ECHO = """
comm.register_target('echo', function(c, opening)
  opened = opening.data.greeting
  c:on_msg(function(c, message)
    c:send({heard = message.data, buffers = #message.buffers}, {tide = 'high'}, message.buffers)
  end)
  c:on_close(function(c, message) closed = message.data.farewell end)
  c:send({ready = true})
end)
"""


def open_comm(client, target: str, id: str = "one", data: dict | None = None) -> Exchange:
    return client.ask("comm_open", {"comm_id": id, "target_name": target, "data": data or {}})


def open_comms(client, **content) -> dict:
    return client.ask("comm_info_request", content).content["comms"]


def test_a_comm_for_an_unknown_target_is_closed_at_once(client):
    """deno answers on shell; xeus-lua and ark do it right."""
    exchange = open_comm(client, "nobody", "lost")
    assert [m.type for m in exchange.outputs] == ["comm_close"]
    assert exchange.outputs[0].content["comm_id"] == "lost"
    assert open_comms(client) == {}


def test_what_goes_out_comes_back(client):
    client.run(ECHO).succeeded()
    opening = open_comm(client, "echo", data={"greeting": "ahoy"})
    assert [(m.type, m.content["data"]) for m in opening.outputs] == [("comm_msg", {"ready": True})]
    assert client.run("print(opened)").text() == "ahoy\n"

    buffers = [b"\x00\xff\x80", b"", os.urandom(1 << 20)]
    said = {"number": 1.5, "list": [1, 2, {"deep": None}], "text": "é🌙", "flag": False, "empty": {}}
    answer = client.ask("comm_msg", {"comm_id": "one", "data": said}, buffers=buffers)
    (message,) = answer.outputs
    assert message.type == "comm_msg" and message.content["comm_id"] == "one"
    assert message.content["data"] == {"heard": said, "buffers": 3}
    assert message.metadata == {"tide": "high"}
    assert message.buffers == buffers

    client.ask("comm_close", {"comm_id": "one", "data": {"farewell": "so long"}})
    assert client.run("print(closed)").text() == "so long\n"
    assert open_comms(client) == {}


def test_the_kernel_opens_a_comm_too(client):
    cell = client.run(
        "c = comm.open('jupyter.widget', {state = {value = 1}}, {version = '2.1.0'}, {'\\0bytes'})\nc:send{method = 'update'}"
    ).succeeded()
    opening, update = cell.outputs
    assert (opening.type, opening.content["target_name"]) == ("comm_open", "jupyter.widget")
    assert opening.content["data"] == {"state": {"value": 1}}
    assert opening.metadata == {"version": "2.1.0"}
    assert opening.buffers == [b"\0bytes"]
    assert (update.type, update.content["data"]) == ("comm_msg", {"method": "update"})
    id = opening.content["comm_id"]
    assert update.content["comm_id"] == id
    assert open_comms(client) == {id: {"target_name": "jupyter.widget"}}
    closing = client.run("c:close{reason = 'done'}").succeeded()
    assert [(m.type, m.content["data"]) for m in closing.outputs] == [("comm_close", {"reason": "done"})]
    assert open_comms(client) == {}


def test_comm_info_tells_the_comms_of_one_target(client):
    """evcxr and ILua do not answer it, deno always says there are none."""
    client.run(ECHO + "comm.register_target('other', function() end)").succeeded()
    open_comm(client, "echo", "a"), open_comm(client, "other", "b"), open_comm(client, "echo", "c")
    assert set(open_comms(client)) == {"a", "b", "c"}
    assert set(open_comms(client, target_name="echo")) == {"a", "c"}
    assert open_comms(client, target_name="nobody") == {}


def test_what_a_handler_prints_belongs_to_its_message(client):
    client.run("comm.register_target('loud', function(c) c:on_msg(function(_, m) print(m.data.text) end) end)").succeeded()
    open_comm(client, "loud")
    exchange = client.ask("comm_msg", {"comm_id": "one", "data": {"text": "from a handler"}})
    assert exchange.text() == "from a handler\n"


def test_an_error_in_a_handler_is_shown_and_does_no_harm(client):
    client.run("comm.register_target('bad', function() error('in the handler') end)").succeeded()
    error, closing = open_comm(client, "bad").outputs
    assert (error.type, error.content["evalue"]) == ("error", "cell[1]:1: in the handler")
    assert (closing.type, closing.content["comm_id"]) == ("comm_close", "one")
    assert open_comms(client) == {}
    assert client.run("1").plain == "1"


@pytest.mark.parametrize("type", ["comm_msg", "comm_close"])
def test_a_message_for_a_comm_that_is_not_open_is_ignored(client, type):
    assert client.ask(type, {"comm_id": "never opened", "data": {}}).outputs == []
    assert client.run("1").plain == "1"


@pytest.mark.parametrize("type", ["comm_open", "comm_msg", "comm_close"])
def test_a_comm_message_without_its_fields_ends_too(client, type):
    client.ask(type, {})
    assert client.run("1").plain == "1"


def test_a_loop_in_a_handler_is_interrupted(client):
    client.run("comm.register_target('loop', function() print('on') while true do end end)").succeeded()
    request = client.send("comm_open", {"comm_id": "x", "target_name": "loop", "data": {}})
    client.printed(request, "on")
    client.ask("interrupt_request", {}, "control")
    client.settle(request)
    assert client.run("1").plain == "1"


def test_what_a_handler_of_a_cells_comm_writes_goes_below_that_cell(client):
    cell = client.run(
        """c = comm.open('loud')
        c:on_msg(function(c, m)
          print('heard', m.data.text)
          io.stderr:write('loudly\\n')
          display.html('<b>so</b>', {id = 'sign'})
          display.update('sign', 1)
          c:send{answer = true}
          error('enough')
        end)"""
    ).succeeded()
    id = cell.outputs[0].content["comm_id"]
    client.run("print('another cell, meanwhile')").succeeded()
    exchange = client.ask("comm_msg", {"comm_id": id, "data": {"text": "you"}})
    assert [m.type for m in exchange.outputs] == ["comm_msg"], "comms and statuses are of the message itself"
    assert [m.type for m in exchange.below] == ["stream", "stream", "display_data", "update_display_data", "error"]
    assert {m.parent_id for m in exchange.below} == {cell.request.id}
    assert exchange.below[0].content["text"] == "heard\tyou\n"
    assert exchange.below[-1].content["evalue"] == "cell[1]:8: enough"


def test_a_cell_that_places_a_comm_anew_has_its_output(client):
    first = client.run("c = comm.open('x') c:on_msg(function() print('here') end)").succeeded()
    id = first.outputs[0].content["comm_id"]
    second = client.run("c:place();").succeeded()
    assert [m.parent_id for m in client.ask("comm_msg", {"comm_id": id, "data": {}}).below] == [second.request.id]


def test_a_comm_that_a_handler_opens_is_below_the_same_cell(client):
    cell = client.run(
        """outer = comm.open('outer')
        outer:on_msg(function()
          inner = comm.open('inner')
          inner:on_msg(function() print('within') end)
        end)"""
    ).succeeded()
    opening = client.ask("comm_msg", {"comm_id": cell.outputs[0].content["comm_id"], "data": {}}).outputs[0]
    (below,) = client.ask("comm_msg", {"comm_id": opening.content["comm_id"], "data": {}}).below
    assert (below.parent_id, below.content["text"]) == (cell.request.id, "within\n")


def test_a_comm_of_a_silent_cell_keeps_its_output_to_its_messages(client):
    code = "c = comm.open('x') c:on_msg(function() print('heard') end)"
    opening = client.run(code, silent=True, store_history=False).outputs[0]
    exchange = client.ask("comm_msg", {"comm_id": opening.content["comm_id"], "data": {}})
    assert (exchange.text(), exchange.below) == ("heard\n", [])


def test_what_a_child_of_a_handler_writes_goes_below_the_cell_too(client):
    cell = client.run("c = comm.open('x') c:on_msg(function() os.execute('echo from a child') end)").succeeded()
    exchange = client.ask("comm_msg", {"comm_id": cell.outputs[0].content["comm_id"], "data": {}})
    assert [(m.parent_id, m.content["text"]) for m in exchange.below] == [(cell.request.id, "from a child\n")]


def test_the_page_closes_a_comm_that_lua_opened(client):
    opening = client.run("c = comm.open('x') c:on_close(function(c, m) print('closed', m.data.why, m.metadata.how, m.buffers[1]) end)")
    id = opening.outputs[0].content["comm_id"]
    request = client.send("comm_close", {"comm_id": id, "data": {"why": "done"}}, buffers=[b"bytes"])
    assert client.settle(request).below[0].content["text"] == "closed\tdone\tnil\tbytes\n"
    assert open_comms(client) == {}
    assert client.run("c:send{}").failed().error["evalue"] == "cell[2]:1: this comm is closed"


def test_a_handler_may_end_the_kernel(client, kernel):
    id = client.run("c = comm.open('x') c:on_msg(function() os.exit(3) end)").outputs[0].content["comm_id"]
    exchange = client.ask("comm_msg", {"comm_id": id, "data": {}})
    assert exchange.below == [] and [m.type for m in exchange.outputs] == []
    assert kernel.wait(10) == 3
