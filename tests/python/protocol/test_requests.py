"""inspect, complete, history, is_complete, kernel_info, connect: every field of every reply."""

import pytest


@pytest.mark.parametrize("channel", ["shell", "control"])
def test_kernel_info_tells_all_that_front_ends_read(client, channel):
    """Reference system, defects 4 and 11: no busy and idle around it, fields missing, refused on
    control. Zed refuses a kernel that leaves out `implementation`."""
    info = client.ask("kernel_info_request", {}, channel).content
    assert info["status"] == "ok"
    assert info["protocol_version"].startswith("5.")
    assert info["implementation"] == "perilune"
    assert info["implementation_version"]
    assert info["banner"]
    assert info["supported_features"] == ["debugger", "iopub_welcome"]
    assert info["debugger"] is True, "what clients read that do not know supported_features yet"
    language = info["language_info"]
    assert language["name"] == "lua"
    assert language["version"].startswith("5.4")
    assert language["mimetype"] == "text/x-lua", "what JupyterLab knows Lua by"
    assert language["file_extension"] == ".lua"
    assert language["pygments_lexer"] == "lua"


def test_requests_that_need_no_lua_have_a_busy_and_an_idle_on_every_channel(client):
    """Reference system, defect 4."""
    for type, channel in [
        ("kernel_info_request", "shell"),
        ("kernel_info_request", "control"),
        ("connect_request", "shell"),
        ("comm_info_request", "shell"),
        ("interrupt_request", "control"),
        ("usage_request", "control"),
    ]:
        exchange = client.ask(type, {}, channel)
        assert [m.content["execution_state"] for m in exchange.iopub] == ["busy", "idle"], type


def test_connect_tells_the_ports(client):
    reply = client.ask("connect_request").content
    for channel in ("shell", "iopub", "stdin", "control", "hb"):
        assert reply[f"{channel}_port"] == client.connection[f"{channel}_port"]


def complete(client, code: str, cursor: int | None = None) -> dict:
    """The reply to a completion at `cursor`, the end by default."""
    cursor = len(code) if cursor is None else cursor
    return client.ask("complete_request", {"code": code, "cursor_pos": cursor}).content


def test_completion_replaces_what_was_typed(client):
    reply = complete(client, "string.for")
    assert reply["status"] == "ok"
    assert "string.for"[reply["cursor_start"] : reply["cursor_end"]] in ("for", "string.for")
    assert all(match.removeprefix("string.") == "format" for match in reply["matches"])
    assert reply["matches"]
    assert isinstance(reply["metadata"], dict)


def test_completion_keeps_to_the_prefix(client):
    """ILua offers all globals whatever was typed."""
    matches = complete(client, "pri")["matches"]
    assert "print" in matches
    assert all(match.startswith("pri") for match in matches)


def test_completion_knows_the_users_own_names_and_never_runs_their_code(client):
    client.run("planets = {}\nfield = setmetatable({}, {__index = function() error('asked') end})").succeeded()
    client.run("local moons = {}").succeeded()
    assert "planets" in complete(client, "plan")["matches"]
    assert "moons" in complete(client, "moo")["matches"], "a local that lives on"
    reply = complete(client, "field.x")
    assert (reply["status"], reply["matches"]) == ("ok", [])


@pytest.mark.parametrize("before", ["é = 1; ", "'日本語' ", "'🌙🌒' ", "'👩‍🚀' "])
def test_cursor_positions_count_code_points(client, before):
    """Not bytes, UTF-16 units or graphemes: xeus-lua and evcxr get this wrong."""
    code = f"x = {before}\nprint(string.rep"
    reply = complete(client, code)
    assert reply["matches"]
    assert code[reply["cursor_start"] : reply["cursor_end"]] in ("rep", "string.rep")
    # Before the line's end, too.
    code = before + "prin" + " --" + before
    cursor = len(before) + 4
    reply = complete(client, code, cursor)
    assert (reply["cursor_start"], reply["cursor_end"]) == (len(before), cursor)
    inspected = client.ask("inspect_request", {"code": before + "print", "cursor_pos": len(before) + 3})
    assert inspected.content["found"] is True


@pytest.mark.parametrize("cursor", [-5, 10**12])
def test_a_cursor_beyond_the_code_does_no_harm(client, cursor):
    reply = client.ask("complete_request", {"code": "pri", "cursor_pos": cursor})
    assert reply.content["status"] in ("ok", "error")
    assert client.run("1").plain == "1"


def test_inspection_finds_what_lua_and_the_user_define(client):
    """xeus-lua and ark never find anything."""
    client.run("--- Adds.\nfunction add(a, b) return a + b end").succeeded()
    for code, expected in [("string.format", "format"), ("add", "a, b")]:
        reply = client.ask("inspect_request", {"code": code, "cursor_pos": len(code), "detail_level": 0}).content
        assert (reply["status"], reply["found"]) == ("ok", True), code
        assert expected in reply["data"]["text/plain"]
        assert isinstance(reply["metadata"], dict)
    full = client.ask("inspect_request", {"code": "add", "cursor_pos": 2, "detail_level": 1}).content
    assert "return a + b" in full["data"]["text/plain"]


def test_inspection_of_an_unknown_name_is_an_answer_too(client):
    reply = client.ask("inspect_request", {"code": "nowhere", "cursor_pos": 3, "detail_level": 0}).content
    assert reply == {"status": "ok", "found": False, "data": {}, "metadata": {}}


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("x = 1", "complete"),
        ("1 + 1", "complete"),
        ("", "complete"),
        ("for i = 1, 3 do print(i) end", "complete"),
        ("for i = 1, 3 do", "incomplete"),
        ("function f(", "incomplete"),
        ("x = [[ open", "incomplete"),
        ("x = {1,", "incomplete"),
        ("x = = 1", "invalid"),
        ("end", "invalid"),
        ("x = 'open", "invalid"),
    ],
)
def test_is_complete_knows_whether_a_line_is_missing(client, code, status):
    """xeus-lua and evcxr say `complete` to everything."""
    reply = client.ask("is_complete_request", {"code": code}).content
    assert reply["status"] == status
    assert ("indent" in reply) == (status == "incomplete")
    if status == "incomplete" and code.startswith("for"):
        assert reply["indent"].strip() == "" and reply["indent"], "the body is indented"


@pytest.mark.parametrize("type", ["inspect_request", "complete_request", "history_request", "is_complete_request"])
def test_a_request_without_its_fields_still_ends(client, type):
    """Reference system, defect 7: requests accepted and never answered hang the front end."""
    reply = client.ask(type, {}).content
    assert reply["status"] in ("ok", "error", "unknown", "complete", "invalid")
    assert client.run("1").plain == "1"


def test_a_request_of_an_unknown_type_is_busy_idle_and_forgotten(client):
    for channel in ("shell", "control"):
        exchange = client.settle(client.send("fly_to_the_moon_request", {"x": 1}, channel))
        assert exchange.reply is None
        assert exchange.outputs == []
    assert client.run("1").plain == "1"


def test_every_request_is_answered(client):
    """Reference system, defects 6 and 7: replies built and dropped, requests unhandled."""
    for type, content in [
        ("inspect_request", {"code": "print", "cursor_pos": 2, "detail_level": 0}),
        ("complete_request", {"code": "pr", "cursor_pos": 2}),
        ("history_request", {"raw": True, "output": False, "hist_access_type": "tail", "n": 1}),
        ("is_complete_request", {"code": "x = 1"}),
        ("comm_info_request", {}),
        ("connect_request", {}),
        ("kernel_info_request", {}),
    ]:
        assert client.ask(type, content).reply.type == type.replace("request", "reply")
    for type in ("interrupt_request", "kernel_info_request", "usage_request"):
        assert client.ask(type, {}, "control").reply
    assert client.run("1").reply
