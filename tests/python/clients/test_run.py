"""`perilune run`: notebooks and scripts without Python or Jupyter."""

import json
import os
import signal
import subprocess
import time

import nbformat
import pexpect
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from .test_executors import check_tour


@pytest.fixture
def run(perilune, tmp_path):
    """Runs `perilune run` with these arguments in a folder of its own."""

    def run(*arguments, **options) -> subprocess.CompletedProcess:
        return subprocess.run(
            [perilune, "run", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            # No Python, no Jupyter.
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
            **options,
        )

    return run


@pytest.fixture
def write(tmp_path):
    """Writes a notebook of code cells, or a script."""

    def write(name: str, *cells: str):
        path = tmp_path / name
        if path.suffix == ".lua":
            path.write_text("\n".join(cells))
        else:
            nbformat.write(new_notebook(cells=[new_markdown_cell("# Title"), *map(new_code_cell, cells)]), path)
        return path

    return write


def test_the_tour_runs_and_is_written_as_a_valid_notebook(run, tour, tmp_path):
    outcome = run(tour, "--output", "out.ipynb")
    assert outcome.returncode == 0, outcome.stderr
    assert "once around in 12.00 hours" in outcome.stdout
    executed = nbformat.read(tmp_path / "out.ipynb", 4)
    assert (executed.nbformat, executed.nbformat_minor) == (4, 5)
    check_tour(executed)


def test_the_source_is_left_alone(run, write):
    notebook = write("n.ipynb", "1 + 1")
    before = notebook.read_bytes()
    assert run(notebook).returncode == 0
    assert notebook.read_bytes() == before


def test_outputs_go_where_they_belong(run, write):
    outcome = run(write("n.ipynb", "print('out')\nio.stderr:write('err\\n')", "os.execute('echo child')", "6 * 7"))
    assert outcome.returncode == 0
    assert [line for line in outcome.stdout.splitlines() if line in ("out", "child", "42")] == ["out", "child", "42"]
    assert "err" in outcome.stderr and "err" not in outcome.stdout


def test_a_script_runs_as_a_script(run, write):
    script = write("s.lua", "#!/usr/bin/env lua", "local x = 20", "print(x + 1)")
    outcome = run(script)
    assert (outcome.returncode, outcome.stdout) == (0, "21\n")


@pytest.mark.parametrize("name", ["s.lua", "n.ipynb"])
def test_an_error_ends_it_with_one_and_a_traceback(run, write, name):
    outcome = run(write(name, "local function f()\n  error('the reason')\nend\nf()", "print('never')"))
    assert outcome.returncode == 1
    assert "the reason" in outcome.stderr
    assert "in function" in outcome.stderr or "f()" in outcome.stderr
    if name == "n.ipynb":
        assert "never" not in outcome.stdout
    for ours in ("panicked", ".rs:", "mlua"):
        assert ours not in outcome.stderr


def test_errors_are_allowed_when_asked(run, write):
    outcome = run(write("n.ipynb", "error('first')", "print('went on')"), "--allow-errors")
    assert outcome.returncode == 0
    assert "first" in outcome.stderr and "went on" in outcome.stdout


def test_a_cell_tagged_raises_exception_may_fail(run, tmp_path):
    cell = new_code_cell("error('on purpose')", metadata={"tags": ["raises-exception"]})
    nbformat.write(new_notebook(cells=[cell, new_code_cell("print('went on')")]), tmp_path / "n.ipynb")
    outcome = run("n.ipynb")
    assert outcome.returncode == 0 and "went on" in outcome.stdout


def test_a_failed_notebook_is_written_too(run, write, tmp_path):
    outcome = run(write("n.ipynb", "print('before')", "error('here')", "never = 1"), "--output", "out.ipynb")
    assert outcome.returncode == 1
    executed = nbformat.read(tmp_path / "out.ipynb", 4)
    nbformat.validate(executed)
    code = executed.cells[1:]
    assert code[0].outputs[0].text == "before\n"
    assert code[1].outputs[0].output_type == "error" and "here" in code[1].outputs[0].evalue
    assert (code[2].execution_count, code[2].outputs) == (None, [])


def test_a_cell_over_its_time_is_stopped(run, write):
    began = time.monotonic()
    outcome = run(write("n.ipynb", "while true do pcall(function() while true do end end) end"), "--timeout", "1")
    assert outcome.returncode == 124, "as timeout(1) says it"
    assert time.monotonic() - began < 20
    assert "longer than 1 s" in outcome.stderr and "Interrupted" in outcome.stderr


def test_json_is_for_machines(run, write):
    outcome = run(write("n.ipynb", "print('x')", "6 * 7"), "--json")
    assert outcome.returncode == 0
    told = [json.loads(line) for line in outcome.stdout.splitlines()] if "\n{" in outcome.stdout.strip() else json.loads(outcome.stdout)
    assert "42" in json.dumps(told) and '"x\\n"' in json.dumps(told)


def test_json_tells_of_an_error_too(run, write):
    outcome = run(write("n.ipynb", "error('for machines')"), "--json")
    assert outcome.returncode == 1
    for line in outcome.stdout.splitlines() if "\n{" in outcome.stdout.strip() else [outcome.stdout]:
        json.loads(line)
    assert "for machines" in outcome.stdout


def test_os_exit_is_the_exit_code(run, write):
    assert run(write("s.lua", "io.write('bye')", "os.exit(3)")).returncode == 3


def test_control_c_interrupts_the_cell(perilune, write):
    notebook = write("n.ipynb", "print('spinning') while true do end")
    terminal = pexpect.spawn(str(perilune), ["run", str(notebook)], encoding="utf-8", timeout=30)
    terminal.expect("spinning")
    terminal.sendintr()
    terminal.expect("Interrupted")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus in (1, 130)


def test_sigint_without_a_terminal_interrupts_too(perilune, write):
    process = subprocess.Popen(
        [perilune, "run", write("n.ipynb", "print('spinning') while true do end")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "spinning" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode in (1, 130)
    assert "Interrupted" in errors


def test_a_question_is_answered_at_the_terminal(perilune, write):
    terminal = pexpect.spawn(
        str(perilune), ["run", str(write("s.lua", "print('Hello, ' .. perilune.input('Who? '))"))], encoding="utf-8", timeout=30
    )
    terminal.expect(r"Who\? ")
    terminal.sendline("Selene")
    terminal.expect("Hello, Selene")
    terminal.expect(pexpect.EOF)


def test_outputs_come_as_they_are_written(perilune, write):
    process = subprocess.Popen(
        [perilune, "run", write("s.lua", "print('first') perilune.sleep(600)")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "first\n"
    process.kill()
    process.communicate()


@pytest.mark.parametrize(
    ("name", "content"),
    [("missing.ipynb", None), ("missing.lua", None), ("broken.ipynb", "{"), ("other.ipynb", '{"cells": 5}')],
)
def test_a_file_that_cannot_be_run_is_named(run, tmp_path, name, content):
    if content is not None:
        (tmp_path / name).write_text(content)
    outcome = run(name)
    assert outcome.returncode not in (0, 101)
    assert name in outcome.stderr and "panicked" not in outcome.stderr


def test_arguments_that_make_no_sense_are_usage_errors(run):
    assert run("--no-such-option").returncode == 2
    assert run().returncode == 2


def test_nothing_is_left_behind(perilune, write, tmp_path):
    """No connection file, no socket, no process."""
    script = write("s.lua", "print('x')")
    home = tmp_path / "home"
    home.mkdir()
    subprocess.run([perilune, "run", script], check=True, capture_output=True, env=os.environ | {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "JUPYTER_RUNTIME_DIR": str(home)})
    assert list(home.rglob("*")) == []


def test_widgets_are_saved_as_nbclient_saves_them(perilune, tmp_path):
    """Without their state JupyterLab would show an error in their place."""
    code = "w = widgets.slider{label = 'mass', max = 10}\nw.value = 7\ngone = widgets.button{}\ngone:close()\nw"
    raw = "widgets.any{esm = '', state = {raw = widgets.bytes '\\xff\\0'}}"
    path = tmp_path / "widgets.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(code), new_code_cell(raw)]), path)
    subprocess.run([perilune, "run", path, "--output", path], check=True, capture_output=True)
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    saved = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]
    assert (saved.version_major, saved.version_minor) == (2, 0)
    shown = [cell.outputs[0].data["application/vnd.jupyter.widget-view+json"].model_id for cell in notebook.cells]
    assert set(saved.state) == set(shown)
    slider, own = (saved.state[id] for id in shown)
    assert (slider.model_module, slider.model_name, slider.model_module_version) == ("anywidget", "AnyModel", "*")
    assert (slider.state.value, slider.state.label) == (7, "mass")
    assert own.buffers == [{"data": "/wA=", "encoding": "base64", "path": ["raw"]}]
