"""Programs that execute notebooks: nbclient, nbconvert, papermill."""

import re
import subprocess

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook


def notebook(*cells: str) -> nbformat.NotebookNode:
    kernelspec = {"name": "lua", "display_name": "Lua", "language": "lua"}
    return new_notebook(cells=[new_code_cell(code) for code in cells], metadata={"kernelspec": kernelspec})


def check_tour(executed: nbformat.NotebookNode) -> None:
    """The tour ran whole: each cell once and in order, a plot drawn, no error."""
    nbformat.validate(executed)
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = {cell.id: cell.outputs for cell in code}
    assert not [id for id, shown in outputs.items() if any(o.output_type == "error" for o in shown)]
    drawn = [o.data for o in outputs["orbit"] if "image/svg+xml" in o.get("data", {})]
    assert len(drawn) == 1 and "perilune" in "".join(drawn[0]["image/svg+xml"])
    flown = [o for o in outputs["flight"] if o.output_type == "display_data"]
    assert len(flown) == 2, "displays are updated in place"
    assert "Selene" in "".join(outputs["input"][0].data["text/markdown"])
    assert any("text/latex" in o.get("data", {}) for o in outputs["latex"])
    assert outputs["json"][0].data["application/json"]["crew"] == ["you"]


def test_nbclient_executes_the_tour(jupyter_path, tour):
    executed = nbformat.read(tour, 4)
    NotebookClient(executed, timeout=60).execute()
    check_tour(executed)


def test_nbconvert_makes_a_page_of_the_tour(jupyter_path, tour, tmp_path, python):
    subprocess.run(
        [python, "-m", "nbconvert", "--execute", "--to", "html", "--output-dir", tmp_path, tour],
        check=True,
        capture_output=True,
        timeout=110,
    )
    page = (tmp_path / "tour.html").read_text()
    assert len(re.findall(r'src="data:image/svg\+xml;base64', page)) == 4, "the orbit, the chart, the flight and its progress"
    assert re.search(r'class="highlight hl-lua"', page), "Lua is highlighted as Lua"


def test_papermill_executes_the_tour(jupyter_path, tour, tmp_path):
    # Imported here: papermill brings much that other tests do not need.
    import papermill

    papermill.execute_notebook(tour, tmp_path / "out.ipynb", kernel_name="lua", progress_bar=False)
    executed = nbformat.read(tmp_path / "out.ipynb", 4)
    assert executed.metadata.papermill.exception is None
    check_tour(executed)


def test_nbclient_reports_the_first_error(jupyter_path):
    executed = notebook("x = 1", "error('on purpose')", "y = 2")
    with pytest.raises(CellExecutionError, match="on purpose"):
        NotebookClient(executed, timeout=30).execute()
    assert executed.cells[2].execution_count is None


def test_a_cell_tagged_raises_exception_may_fail(jupyter_path):
    executed = notebook("error('on purpose')", "'went on'")
    executed.cells[0].metadata.tags = ["raises-exception"]
    NotebookClient(executed, timeout=30).execute()
    assert executed.cells[0].outputs[0].output_type == "error"
    assert "went on" in executed.cells[1].outputs[0].data["text/plain"]


def test_nbclient_loses_none_of_a_hundred_thousand_lines(jupyter_path):
    """It reports success with 18,493 of them on xeus-lua."""
    executed = notebook("for i = 1, 100000 do print(i) end")
    NotebookClient(executed, timeout=60).execute()
    text = "".join(output.text for output in executed.cells[0].outputs)
    assert text.split() == [str(n) for n in range(1, 100_001)]


def test_nbclient_interrupts_a_cell_that_takes_too_long(jupyter_path):
    executed = notebook("kept = 'kept'", "while true do pcall(function() while true do end end) end", "kept")
    client = NotebookClient(executed, interrupt_on_timeout=True, allow_errors=True)
    client.timeout_func = lambda cell: 1 if "while" in cell.source else 60
    client.execute()
    assert executed.cells[1].outputs[0].ename == "Interrupted"
    assert "kept" in executed.cells[2].outputs[0].data["text/plain"]


def test_jupyter_clients_own_helpers_work(jupyter_path):
    """Reference system, 2.1: `wait_for_ready` never ended, `execute` raised ValueError."""
    from jupyter_client.manager import run_kernel

    with run_kernel(kernel_name="lua") as client:
        printed = []
        reply = client.execute_interactive(
            "print('to the hook')\n6 * 7", timeout=20, output_hook=printed.append, user_expressions={"e": "1 + 1"}
        )
        assert reply["content"]["status"] == "ok"
        assert reply["content"]["user_expressions"]["e"]["data"]["text/plain"] == "2"
        assert "execute_result" in [message["msg_type"] for message in printed]


def test_jupyter_restarts_the_kernel(jupyter_path):
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="lua")
    try:
        assert client.execute_interactive("x = 1", timeout=20)["content"]["status"] == "ok"
        for now in (False, True):
            manager.restart_kernel(now=now)
            client.wait_for_ready(timeout=20)
            shown = []
            client.execute_interactive("print(x)", timeout=20, output_hook=shown.append)
            assert "nil\n" in [m["content"].get("text") for m in shown]
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    assert not manager.is_alive()


def test_an_interrupt_through_jupyter_keeps_the_session(jupyter_path):
    """xeus-lua, xeus-python and deno exit on it."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="lua")
    try:
        client.execute_interactive("x = 'kept'", timeout=20)
        client.execute("print 'on' while true do end")
        while client.get_iopub_msg(timeout=20)["msg_type"] != "stream":
            pass
        manager.interrupt_kernel()
        assert client.get_shell_msg(timeout=20)["content"]["ename"] == "Interrupted"
        shown = []
        client.execute_interactive("print(x)", timeout=20, output_hook=shown.append)
        assert "kept\n" in [m["content"].get("text") for m in shown]
    finally:
        client.stop_channels()
        manager.shutdown_kernel()


BROKEN = "local orbit = {radius = 3}\nprint(orbit.radius, orbit.centre.x)"


def test_nbclient_tells_an_error_with_its_place_and_hint(jupyter_path):
    with pytest.raises(CellExecutionError) as told:
        NotebookClient(notebook(BROKEN), timeout=60).execute()
    assert told.value.ename == "RuntimeError"
    assert told.value.evalue == "cell[1]:2: attempt to index a nil value (field 'centre')"
    plain = re.sub(r"\x1b\[[0-9;]*m", "", told.value.traceback)
    marked = "  --> 2 | print(orbit.radius, orbit.centre.x)\n        |                     ~~~~~~^^^^^^"
    assert marked in plain, plain
    assert "with orbit = {radius = 3}" in plain


def test_nbconvert_shows_an_error_in_colour(jupyter_path, tmp_path, python):
    path = tmp_path / "broken.ipynb"
    nbformat.write(notebook(BROKEN), path)
    subprocess.run(
        [python, "-m", "nbconvert", "--execute", "--allow-errors", "--to", "html", path],
        check=True,
        capture_output=True,
        timeout=110,
    )
    page = path.with_suffix(".html").read_text()
    error = re.search(r'application/vnd.jupyter.stderr"[^>]*>\s*<pre>(.*?)</pre>', page, re.DOTALL)[1]
    assert "\x1b" not in error and "[0m" not in error, error
    assert '<span class="ansi' in error or "<span style" in error, error
    assert "~~~~~~^^^^^^" in re.sub(r"<[^>]*>", "", error)
