"""`pip install .` puts binary and kernelspec where the environment's Jupyter finds them, and more.

PERILUNE_WHEEL names a wheel that was built before.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

FIND_AND_RUN = """
import json, sys
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import run_kernel
found = KernelSpecManager().find_kernel_specs()
shown = []
with run_kernel(kernel_name="lua") as client:
    reply = client.execute_interactive("print(6 * 7)", timeout=30, output_hook=shown.append)
print(json.dumps({
    "folder": found["lua"],
    "status": reply["content"]["status"],
    "text": "".join(m["content"].get("text", "") for m in shown),
}))
"""


@pytest.fixture(scope="module")
def environment(root, tmp_path_factory):
    """A fresh virtual environment with our wheel and the clients that it has something for."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin/python", "-m", "pip", "install", "--quiet", "--no-input"]
    clients = ["jupyter_client", "jupyter-lsp", "papermill"]
    subprocess.run([*pip, "--constraint", root / "tests/requirements.txt", *clients], check=True)
    subprocess.run([*pip, os.environ.get("PERILUNE_WHEEL", root)], check=True)
    return folder


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("activated", [True, False], ids=["activated", "not activated"])
def test_the_kernel_is_found_and_runs(environment, activated):
    path = "/usr/bin:/bin"
    if activated:
        path = f"{environment}/bin:{path}"
    outcome = subprocess.run(
        [environment / "bin/python", "-c", FIND_AND_RUN],
        capture_output=True,
        text=True,
        timeout=60,
        env={k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"} | {"PATH": path},
    )
    assert outcome.returncode == 0, outcome.stderr
    told = json.loads(outcome.stdout.splitlines()[-1])
    assert told == {"folder": f"{environment}/share/jupyter/kernels/lua", "status": "ok", "text": "42\n"}


@pytest.mark.timeout(1200)
def test_the_command_is_there(environment):
    outcome = subprocess.run([environment / "bin/perilune", "--version"], capture_output=True, text=True, check=True)
    assert outcome.stdout.startswith("perilune ")


@pytest.mark.timeout(1200)
def test_the_wheels_binary_loads_c_modules(environment, tmp_path):
    script = tmp_path / "s.lua"
    script.write_text("print(require('cjson').encode({1, 2}))")
    outcome = subprocess.run([environment / "bin/perilune", "run", script], capture_output=True, text=True)
    assert outcome.stdout == "[1,2]\n", outcome.stderr


@pytest.mark.timeout(1200)
def test_pip_knows_every_file(environment):
    pip = [environment / "bin/python", "-m", "pip"]
    listed = subprocess.run([*pip, "show", "--files", "perilune"], capture_output=True, text=True, check=True).stdout
    assert "share/jupyter/kernels/lua/kernel.json" in listed
    assert "bin/perilune" in listed
    assert "perilune/papermill.py" in listed
    assert "NOTICE" in listed, "the source of what is under the MPL is named"


def notebook(path, *cells, tags=()):
    """Writes a notebook of which the first cell has these tags."""
    first, *others = [nbformat.v4.new_code_cell(cell) for cell in cells]
    first.metadata["tags"] = list(tags)
    kernelspec = {"name": "lua", "display_name": "Lua", "language": "lua"}
    nbformat.write(nbformat.v4.new_notebook(cells=[first, *others], metadata={"kernelspec": kernelspec}), path)
    return path


def run_in(environment, *command, **options) -> subprocess.CompletedProcess:
    program, *arguments = command
    outcome = subprocess.run([environment / "bin" / program, *arguments], capture_output=True, text=True, timeout=120, **options)
    assert outcome.returncode == 0, f"{outcome.stdout}\n{outcome.stderr}"
    return outcome


def shown(path) -> list[str]:
    """What the last cell of a notebook printed."""
    return nbformat.read(path, 4).cells[-1].outputs[0]["text"].splitlines()


@pytest.mark.timeout(1200)
def test_papermill_takes_parameters_from_its_command_line(environment, tmp_path):
    source = notebook(tmp_path / "in.ipynb", "local x = 5\nname = 'nobody'", "print(math.type(x), x, name)", tags=["parameters"])
    run_in(environment, "papermill", source, tmp_path / "out.ipynb", "-p", "x", "1", "-p", "name", 'Selene "moon"', "-k", "lua")
    assert shown(tmp_path / "out.ipynb") == ['integer\t1\tSelene "moon"']


# Each with what Lua says that it is.
PARAMETERS = [
    (True, "p == true"),
    (None, "p == nil"),
    (42, "p == 42 and math.type(p) == 'integer'"),
    (-(2**63), "p == math.mininteger and math.type(p) == 'integer'"),
    (2**63 - 1, "p == math.maxinteger"),
    (2**70, "p == 2.0 ^ 70"),
    (1.0, "p == 1 and math.type(p) == 'float'"),
    (1e300, "p == 1e300"),
    (0.1, "p == 0.1"),
    (float("inf"), "p == math.huge"),
    (float("-inf"), "p == -math.huge"),
    (float("nan"), "p ~= p"),
    ("", "p == ''"),
    ("it's \"so\" \\n", "p == 'it\\'s \"so\" \\\\n'"),
    ("a\n\r\t\0" + "1]]", "p == 'a\\n\\r\\t\\0001]]'"),
    ("m\u00f6nd \U0001f319", "p == 'm\\u{f6}nd \\u{1F319}'"),
    ([1, [2, "x"], {"k": []}], "#p == 3 and p[2][2] == 'x' and next(p[3].k) == nil"),
    ({"end": 1, "a b": 2, "ok": 3, "\u00f6": 4}, "p['end'] == 1 and p['a b'] == 2 and p.ok == 3 and p['\\u{f6}'] == 4"),
    ({1: "one", True: "yes", 2.5: "x"}, "p[2.5] == 'x'"),
]


@pytest.mark.timeout(1200)
def test_papermill_hands_every_type_over(environment, tmp_path):
    source = notebook(tmp_path / "in.ipynb", "", "print 'ready'", tags=["parameters"])
    values = {f"p{number}": value for number, (value, _) in enumerate(PARAMETERS)} | {"not a name": 1, "end": 2}
    checks = "\n".join(f"do local p = p{number} print({check}) end" for number, (_, check) in enumerate(PARAMETERS))
    notebook(source, "", f"{checks}\nprint(_G['not a name'] == 1 and _G['end'] == 2)", tags=["parameters"])
    script = f"import papermill; papermill.execute_notebook({str(source)!r}, {str(tmp_path / 'out.ipynb')!r}, parameters=VALUES)"
    numbers = "from math import inf, nan\n"
    run_in(environment, "python", "-c", numbers + script.replace("VALUES", repr(values)))
    assert shown(tmp_path / "out.ipynb") == ["true"] * (len(PARAMETERS) + 1)


@pytest.mark.timeout(1200)
def test_papermill_lists_the_parameters_of_a_notebook(environment, tmp_path):
    cell = "-- What to look at\nlocal depth <const> = 3 -- how deep\ns = 'a -- b'; -- whose\n---@type string[]\nfiles = {}\nf()"
    source = notebook(tmp_path / "in.ipynb", cell, tags=["parameters"])
    listed = run_in(environment, "papermill", "--help-notebook", source).stdout
    rows = [" ".join(line.split()) for line in listed.splitlines() if "default" in line]
    assert rows == [
        "depth: integer (default 3) how deep",
        "s: string (default 'a -- b') whose",
        "files: string[] (default {})",
    ]


FIND_LANGUAGE_SERVERS = """
import json
from jupyter_lsp import LanguageServerManager
print(json.dumps(dict(LanguageServerManager()._autodetect_language_servers(only_installed=False))))
"""


@pytest.mark.timeout(1200)
def test_jupyterlab_lsp_finds_the_language_servers_and_what_cells_have(environment, tmp_path):
    program = tmp_path / "emmylua_ls"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    variables = os.environ | {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    found = json.loads(run_in(environment, "python", "-c", FIND_LANGUAGE_SERVERS, env=variables).stdout)
    emmylua, luals = found["emmylua_ls"], found["lua-language-server"]
    assert emmylua["argv"] == [str(program)] and "troubleshoot" not in emmylua
    assert luals["argv"] == ["lua-language-server"] and "not on PATH" in luals["troubleshoot"]
    for server, key in ((emmylua, "emmylua.workspace.library"), (luals, "Lua.workspace.library")):
        assert server["languages"] == ["lua"] and server["mime_types"] == ["text/x-lua"]
        (library,) = server["workspace_configuration"][key]
        assert "function display(" in (Path(library) / "display.lua").read_text()


@pytest.mark.timeout(1200)
def test_the_kernelspec_has_the_setup_cell_that_quarto_runs(environment, tmp_path):
    """As Quarto's notebook.py does: it puts the file's text before the cells, and drops the cell afterwards."""
    setup = (environment / "share/jupyter/kernels/lua/quarto_setup_cell").read_text()
    drawn = "plot.line({1, 2, 3})"
    source = notebook(tmp_path / "in.ipynb", setup, drawn, "plot.line({1, 2, 3}, {width = 100})")
    sizes = {"QUARTO_FIG_WIDTH": "7", "QUARTO_FIG_HEIGHT": "5", "QUARTO_FIG_DPI": "96", "QUARTO_FIG_FORMAT": "png"}
    run_in(environment, "papermill", source, tmp_path / "out.ipynb", "-k", "lua", env=os.environ | sizes)
    first, chart, narrow = nbformat.read(tmp_path / "out.ipynb", 4).cells
    assert first.outputs == []

    def size(cell):
        (output,) = cell.outputs
        (spec,) = [data for type, data in output["data"].items() if "vegalite" in type]
        return spec["width"], spec["height"]

    assert size(chart) == (672, 480)
    assert size(narrow) == (100, 480)
