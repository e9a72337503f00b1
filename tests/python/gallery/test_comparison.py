"""What the comparison of notebooks lets pass, and what it does not."""

from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from .comparison import FOLDER, differences

HERE = Path("/tmp/somewhere")


def notebook(*outputs, tags=(), count=1, source="f()"):
    cell = new_code_cell(source, id="cell", outputs=list(outputs), execution_count=count, metadata={"tags": list(tags)})
    return new_notebook(cells=[cell])


def stream(text: str, name: str = "stdout"):
    return new_output("stream", name=name, text=text)


def result(data: dict, **fields):
    return new_output("execute_result", data=data, execution_count=1, **fields)


def agree(stored, shown) -> bool:
    return not differences(stored, shown, HERE)


def test_the_same_agrees_with_itself():
    shown = notebook(stream("a\n"), result({"text/plain": "1", "application/json": {"a": [1, 2]}}))
    assert agree(shown, shown)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(notebook(stream("moon 2\n")), id="another text"),
        pytest.param(notebook(stream("moon 1")), id="a newline less"),
        pytest.param(notebook(stream("moon 1\n", "stderr")), id="another stream"),
        pytest.param(notebook(stream("moon 1\n"), stream("!", "stderr")), id="an output more"),
        pytest.param(notebook(), id="an output less"),
        pytest.param(notebook(result({"text/plain": "moon 1\n"})), id="another kind of output"),
        pytest.param(notebook(stream("moon 1\n"), count=2), id="another execution count"),
        pytest.param(notebook(stream("moon 1\n"), source="g()"), id="another source"),
        pytest.param(new_notebook(), id="a cell less"),
    ],
)
def test_a_difference_is_told(other):
    stored = notebook(stream("moon 1\n"))
    assert not agree(stored, other)
    assert not agree(other, stored)


def test_mime_types_their_data_and_their_metadata_count():
    stored = notebook(result({"text/plain": "1", "text/html": "<b>1</b>"}, metadata={"a": 1}))
    assert not agree(stored, notebook(result({"text/plain": "1"}, metadata={"a": 1})))
    assert not agree(stored, notebook(result({"text/plain": "1", "text/html": "<i>1</i>"}, metadata={"a": 1})))
    assert not agree(stored, notebook(result({"text/plain": "1", "text/html": "<b>1</b>"}, metadata={"a": 2})))
    assert not agree(stored, notebook(result({"text/plain": "1", "text/html": "<b>1</b>"})))


def test_the_order_of_outputs_counts():
    assert not agree(notebook(stream("a"), stream("b", "stderr")), notebook(stream("b", "stderr"), stream("a")))


def test_the_traceback_of_an_error_counts():
    def failed(*lines: str):
        return notebook(new_output("error", ename="Error", evalue="no", traceback=list(lines)))

    assert agree(failed("cell[1]:1", "no"), failed("cell[1]:1", "no"))
    assert not agree(failed("cell[1]:1", "no"), failed("cell[1]:2", "no"))


def test_how_text_came_in_pieces_does_not_count():
    assert agree(notebook(stream("ab\nc")), notebook(stream("a"), stream("b\n"), stream("c")))
    assert agree(notebook(stream("100 %\n")), notebook(stream(" 50 %\r100 %\n")))
    assert agree(notebook(stream("spun\n")), notebook(stream("spu|\bn\n")))


def test_the_answer_that_jupyterlab_writes_down_does_not_count():
    assert agree(notebook(stream("hello, moon\n")), notebook(stream("Who? moon\n", "stdin"), stream("hello, moon\n")))


def test_the_picture_that_jupyterlab_draws_of_a_chart_does_not_count():
    chart = {"application/vnd.vegalite.v5+json": {"mark": "bar"}, "text/plain": "a chart"}
    assert agree(notebook(result(chart)), notebook(result(chart | {"image/png": "iVBORw0KGgo="})))
    assert not agree(notebook(result({"text/plain": "a"})), notebook(result({"text/plain": "a", "image/png": "iVBORw0KGgo="})))


def test_addresses_ids_and_the_folder_do_not_count():
    assert agree(notebook(stream("table: 0x55d5c8a3b2c0")), notebook(stream("table: 0x7f0011223344")))
    assert not agree(notebook(stream("table: 0x55d5c8a3b2c0")), notebook(stream("thread: 0x55d5c8a3b2c0")))
    assert not agree(notebook(stream("0xff")), notebook(stream("0xfe"))), "short ones are numbers"
    assert agree(notebook(stream('id = "d774703b-c…"')), notebook(stream('id = "572ee491-b…"')))
    view = "application/vnd.jupyter.widget-view+json"
    one, other = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "0b62e5d52a3f4d7c9a5b0e6f7c8d9e10"
    assert agree(notebook(result({view: {"model_id": one}})), notebook(result({view: {"model_id": other}})))
    assert agree(notebook(stream(f"{FOLDER}/data/a.csv")), notebook(stream(f"{HERE}/data/a.csv")))


def test_the_two_ways_to_write_a_whole_number_in_json_do_not_count():
    def tree(value):
        return notebook(result({"application/json": {"depth": [value]}}))

    assert agree(tree(150.0), tree(150))
    assert not agree(tree(150.5), tree(150))
    assert not agree(tree(1), tree(True))


def test_a_client_without_a_pager_shows_nothing_of_help():
    helped = notebook(result({"text/plain": "string.rep"}), tags=["pager"])
    nothing = notebook(tags=["pager"])
    assert agree(helped, helped) and not agree(helped, nothing)
    assert not differences(helped, nothing, HERE, pager=False)
    assert differences(helped, helped, HERE, pager=False)
    assert differences(notebook(stream("a")), notebook(), HERE, pager=False), "cells that do not ask for help count"


def test_in_a_cell_tagged_varies_numbers_do_not_count_and_words_do():
    def timed(text: str, *tags: str):
        return notebook(stream(text), tags=tags)

    assert agree(timed("took 1.25 ms, 7 runs", "varies"), timed("took 980 µs, 7 runs", "varies"))
    assert agree(timed("35.6k/s, +1.6 KiB", "varies"), timed("980/s, +0 bytes", "varies"))
    assert not agree(timed("took 1.25 ms", "varies"), timed("needed 1.25 ms", "varies"))
    assert not agree(timed("took 1.25 ms"), timed("took 1.26 ms"))
