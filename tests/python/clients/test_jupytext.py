"""jupytext: notebooks as scripts and back, and the history as one of these scripts."""

import os
import subprocess

import nbformat

CELLS = ["local x = 1\nx + 1", "%%html\n<b>{x}</b>", "%who", "-- a comment\nprint(x);", "%%nohistory\nx = 2"]


def jupytext(python, *arguments) -> None:
    subprocess.run([python, "-m", "jupytext", "--quiet", *arguments], check=True, timeout=60)


def sources(path) -> list[str]:
    return [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def test_a_notebook_comes_back_from_a_script_as_it_was(python, perilune, tmp_path):
    kernelspec = {"name": "lua", "display_name": "Lua", "language": "lua"}
    cells = [nbformat.v4.new_code_cell(code) for code in CELLS]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Moon"), *cells], metadata={"kernelspec": kernelspec})
    nbformat.write(notebook, tmp_path / "a.ipynb")
    jupytext(python, "--to", "lua:percent", tmp_path / "a.ipynb")
    jupytext(python, "--to", "ipynb", "--output", tmp_path / "b.ipynb", tmp_path / "a.lua")
    assert sources(tmp_path / "b.ipynb") == CELLS
    subprocess.run([perilune, "run", tmp_path / "b.ipynb"], check=True, stdout=subprocess.DEVNULL)


def test_an_exported_history_is_a_script_that_jupytext_reads(start, connect, python, perilune, tmp_path):
    kernel = start()
    client = connect(kernel)
    for code in ("x = 1\n\ny = 2", "x + y"):
        client.run(code)
    client.ask("shutdown_request", {"restart": False}, "control")
    kernel.wait(10)
    script = tmp_path / "history.lua"
    environment = os.environ | {"PERILUNE_HISTORY": str(kernel.history)}
    subprocess.run([perilune, "history", "export", "--output", script], check=True, env=environment)
    jupytext(python, "--to", "ipynb", script)
    assert sources(tmp_path / "history.ipynb") == ["x = 1\n\ny = 2", "x + y"]
