"""execute_request with each of its options, and what a notebook sees of it."""

import pytest


def test_a_cell_is_echoed_shown_and_answered(client):
    """Reference system, defect 2: execute_reply was never sent."""
    cell = client.run("print('hello')\n6 * 7").succeeded()
    assert [m.type for m in cell.iopub] == ["status", "execute_input", "stream", "execute_result", "status"]
    assert cell.all("execute_input")[0].content == {"code": "print('hello')\n6 * 7", "execution_count": 1}
    assert cell.all("execute_result")[0].content["execution_count"] == 1
    assert cell.plain == "42"
    assert cell.content == {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}


def test_the_execution_count_starts_at_one_and_counts_what_history_stores(client):
    """evcxr starts at 2; ILua counts silent cells too."""
    counts = [
        client.run("x = 1").content["execution_count"],
        client.run("x = 2", silent=True).content["execution_count"],
        client.run("x = 3", store_history=False).content["execution_count"],
        client.run("error 'x'").content["execution_count"],
        client.run("x = 4").content["execution_count"],
    ]
    assert counts[0] == 1
    assert counts[3:] == [2, 3], "neither silent nor unstored cells count"


def test_a_silent_cell_runs_and_says_nothing(client):
    cell = client.run("y = 5; print(y)\ny", silent=True).succeeded()
    assert [m.type for m in cell.iopub] == ["status", "status"]
    assert client.run("y").plain == "5"


def test_a_silent_cell_that_fails_says_so_in_the_reply_alone(client):
    cell = client.run("error('hush')", silent=True)
    assert cell.content["status"] == "error"
    assert "hush" in cell.content["evalue"]
    assert cell.outputs == []


def test_an_unstored_cell_shows_its_output_but_leaves_no_history(client):
    cell = client.run("print('seen')", store_history=False).succeeded()
    assert cell.text() == "seen\n"
    client.run("kept = 1")
    history = client.ask("history_request", {"hist_access_type": "tail", "n": 10, "raw": True, "output": False})
    assert [entry[2] for entry in history.content["history"]] == ["kept = 1"]


def test_user_expressions_are_evaluated_after_the_cell(client):
    """ark, xeus-lua and deno answer with an empty map."""
    cell = client.run(
        "n = 20", user_expressions={"twice": "n * 2", "wrong": "n.field.more", "broken": "1 +"}
    ).succeeded()
    values = cell.content["user_expressions"]
    assert values["twice"]["status"] == "ok"
    assert values["twice"]["data"]["text/plain"] == "40"
    assert values["twice"]["metadata"] == {}
    for name in ("wrong", "broken"):
        assert values[name]["status"] == "error"
        assert values[name]["ename"] and values[name]["evalue"]
        assert isinstance(values[name]["traceback"], list)
    assert cell.error is None, "an expression that fails is no error of the cell"


def test_user_expressions_of_a_failed_cell_are_not_evaluated(client):
    cell = client.run("error('first')", user_expressions={"value": "touched('?')"}).failed()
    assert cell.content.get("user_expressions", {}) == {}


def test_an_error_carries_name_value_and_traceback(client):
    """Reference system, defect 11: empty tracebacks and no error message on iopub."""
    cell = client.run("local function f()\n  error('the reason')\nend\nf()").failed()
    assert cell.error["ename"]
    assert "the reason" in cell.error["evalue"]
    assert cell.error["traceback"]
    assert "the reason" in cell.traceback
    assert cell.content["execution_count"] == 1
    assert [m.type for m in cell.iopub] == ["status", "execute_input", "error", "status"]


def test_what_was_printed_before_an_error_comes_before_it(client):
    cell = client.run("print('before')\nerror('now')").failed()
    assert [m.type for m in cell.outputs] == ["stream", "error"]


def test_an_error_aborts_the_cells_already_queued(client):
    """stop_on_error: cells that wait are answered with `aborted`, and each has its idle."""
    failing = client.execute("io.read() error('stop')", allow_stdin=True)
    question = client.question(failing)
    queued = [client.execute(f"touched = {n}") for n in range(10)]
    info = client.send("kernel_info_request")
    client.queued(len(queued) + 1)
    client.answer(question, "go")
    assert client.settle(failing).content["status"] == "error"
    for request in queued:
        cell = client.settle(request)
        assert cell.content["status"] == "aborted"
        assert cell.content["execution_count"] == 1, "nothing ran, so nothing was counted"
        assert cell.outputs == []
    assert client.settle(info).content["status"] == "ok", "papermill needs kernel_info in between"
    assert client.run("tostring(touched)").succeeded().plain.strip("\"'") == "nil"


def test_without_stop_on_error_the_queue_goes_on(client):
    failing = client.execute("io.read() error('go on')", stop_on_error=False, allow_stdin=True)
    question = client.question(failing)
    queued = client.execute("1 + 1")
    client.queued(1)
    client.answer(question, "go")
    assert client.settle(failing).content["status"] == "error"
    assert client.settle(queued).plain == "2"


def test_a_cell_sent_after_the_error_runs(client):
    """The abort ends with what was queued; it is no timer."""
    client.run("error('x')").failed()
    assert client.run("'ran'").succeeded().result


def test_fields_that_a_client_leaves_out_have_the_values_of_the_specification(client):
    """ark drops a request without an answer when an optional field is missing."""
    cell = client.ask("execute_request", {"code": "print('bare')\n7"}).succeeded()
    assert (cell.text(), cell.plain) == ("bare\n", "7")


def test_fields_that_nobody_knows_are_ignored(client):
    cell = client.run("1", cell_id="abc", something_new={"deep": [1, 2]}).succeeded()
    assert cell.plain == "1"


@pytest.mark.parametrize("content", [{}, {"code": 5}, {"code": None}, {"code": "1", "silent": "maybe"}])
def test_a_request_without_sense_is_answered_with_an_error(client, content):
    """Every request ends in a reply and an idle."""
    assert client.ask("execute_request", content).content["status"] == "error"
    assert client.run("1").plain == "1"


def test_an_empty_cell_is_fine(client):
    for code in ("", "   \n\n", "-- only a comment"):
        cell = client.run(code).succeeded()
        assert cell.outputs == []


def test_two_hundred_cells_sent_at_once_run_in_order(client):
    requests = [client.execute(f"order = (order or '') .. '{n} '\n{n}") for n in range(200)]
    for n, request in enumerate(requests):
        assert client.settle(request).plain == str(n)
    assert client.run("print(order)").text().split() == [str(n) for n in range(200)]


def test_a_cell_of_one_mebibyte_runs(client):
    comment = "-- " + "x" * (1 << 20) + "\n"
    assert client.run(comment + "'long'").succeeded().result


def test_displays_are_updated_by_id_and_cleared(client):
    cell = client.run("h = display('one', {id = true})\nh:update('two')\ndisplay.clear{wait = true}").succeeded()
    shown = [m.type for m in cell.outputs]
    assert "update_display_data" in shown and shown[-1] == "clear_output"
    ids = {m.content["transient"]["display_id"] for m in cell.outputs[:-1]}
    assert len(ids) == 1
    assert cell.outputs[-1].content == {"wait": True}
    later = client.run("h:update('three')").succeeded()
    assert [m.type for m in later.outputs] == ["update_display_data"]
    assert later.outputs[0].content["transient"]["display_id"] in ids


def test_a_display_has_the_id_it_is_given(client):
    shown = client.run("display.html('<b>1</b>', {id = 'tide'})").succeeded().outputs
    assert [m.type for m in shown] == ["display_data"], "the handle is no result to be shown"
    assert shown[0].content["transient"] == {"display_id": "tide"}
    updated = client.run("display.update('tide', 2)").succeeded().outputs
    assert [m.type for m in updated] == ["update_display_data"]
    assert updated[0].content["transient"] == {"display_id": "tide"}


def test_a_value_says_itself_how_it_is_shown(client):
    client.run("moon = setmetatable({}, {__mime = function() return {['text/html'] = '<b>🌙</b>', ['text/plain'] = 'moon'} end})")
    assert client.run("moon").succeeded().result == {"text/html": "<b>🌙</b>", "text/plain": "moon"}
    shown = client.run("display(moon)").succeeded().all("display_data")[0]
    assert shown.content["data"] == {"text/html": "<b>🌙</b>", "text/plain": "moon"}


@pytest.mark.parametrize(
    ("call", "mime", "value"),
    [
        ("display.html('<b>x</b>')", "text/html", "<b>x</b>"),
        ("display.markdown('*x*')", "text/markdown", "*x*"),
        ("display.svg('<svg/>')", "image/svg+xml", "<svg/>"),
        ("display.latex('$x$')", "text/latex", "$x$"),
        ("display.png('\\x89PNG\\r\\n\\26\\n')", "image/png", "iVBORw0KGgo="),
        ("display.json{a = {1, 2}}", "application/json", {"a": [1, 2]}),
        ("display.mime{['text/html'] = '<i>m</i>', ['text/plain'] = 'm'}", "text/html", "<i>m</i>"),
    ],
)
def test_rich_values_are_displayed_with_a_plain_text_beside_them(client, call, mime, value):
    shown = client.run(call).succeeded().outputs
    assert [m.type for m in shown] == ["display_data"], "and nothing beside it"
    assert shown[0].content["data"][mime] == value
    assert "text/plain" in shown[0].content["data"]
