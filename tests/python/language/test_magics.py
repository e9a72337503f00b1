"""Magics and commands of the shell, as front ends see them."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest


def test_output_of_commands_is_the_cells_in_its_order(client):
    cell = client.run(
        "print('lua 1')\n!echo shell 1; echo shell 2 >&2\nio.stderr:write('lua 2\\n')\n"
        "for i = 3, 4 do\n  !echo shell {i}\n  print('lua ' .. i)\nend"
    ).succeeded()
    assert cell.streams == [
        ("stdout", "lua 1\nshell 1\n"),
        ("stderr", "shell 2\nlua 2\n"),
        ("stdout", "shell 3\nlua 3\nshell 4\nlua 4\n"),
    ]


def test_output_of_a_command_appears_while_it_runs(client, tmp_path):
    """The command goes on when its first line has been seen, and not before."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    request = client.execute(f"!echo first; cat {fifo}; echo last")
    client.printed(request, "first\n")
    fifo.write_text("seen\n")
    assert client.settle(request).succeeded().text() == "first\nseen\nlast\n"


def test_lines_of_a_command_are_a_table(client):
    cell = client.run("local files = !printf 'a\\nb\\n'; echo seen >&2; exit 2\n#files, files[2], files.status")
    assert cell.succeeded().plain == '2, "b", 2'
    assert cell.text("stderr") == "seen\n"


@pytest.mark.parametrize("code", ["!{}", "x = !{}", "%%bash\n{}", "for i = 1, 9 do\n  pcall(function()\n!{}\nend)\nend"])
def test_an_interrupt_ends_a_command_with_its_children(client, kernel, tmp_path, code):
    started = tmp_path / "started"
    command = f"(sleep 1000 & echo $! > {started}.new; mv {started}.new {started}; wait); true"
    request = client.execute(code.replace("{}", command))
    client.wait(started.exists, "the command")
    client.ask("interrupt_request", channel="control")
    began = time.monotonic()
    assert client.settle(request).failed().error["ename"] == "Interrupted"
    assert time.monotonic() - began < 5
    child = Path("/proc") / started.read_text().strip()
    client.wait(lambda: not child.exists(), "the child's end")
    assert client.run("1 + 1").succeeded().plain == "2"


def test_a_command_has_nothing_to_read(client):
    assert client.run("!cat; echo done").succeeded().text() == "done\n"
    assert client.run("%%bash\nread x || echo none").succeeded().text() == "none\n"


def test_a_script_that_fails_fails_its_cell(client):
    cell = client.run("%%bash one 'two three'\necho \"$2\"\nno_such_command_here\nexit 4").failed()
    assert cell.text() == "two three\n"
    assert "line 3" in cell.text("stderr"), "its own line numbers are the cell's"
    assert cell.error["evalue"].endswith("%%bash: it ended with status 4")


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        ("html", "text/html"),
        ("markdown", "text/markdown"),
        ("javascript", "application/javascript"),
        ("latex", "text/latex"),
        ("svg", "image/svg+xml"),
    ],
)
def test_cells_of_other_languages_are_displayed(client, name, mime):
    (display,) = client.run(f"%%{name}\n<b>ä</b>\n").succeeded().outputs
    assert display.type == "display_data"
    assert display.content["data"][mime] == "<b>ä</b>\n"
    assert display.content["data"]["text/plain"]


def test_load_offers_a_file_for_the_cell(client, tmp_path):
    file = tmp_path / "a.lua"
    file.write_text("x = 'ä'\nprint(x)\n")
    (payload,) = client.run(f"%load {file}").succeeded().content["payload"]
    text = f"-- %load {file}\nx = 'ä'\nprint(x)"
    assert payload == {"source": "set_next_input", "text": text, "replace": True}
    (payload,) = client.run(f"y = 1;\n%load {file}").succeeded().content["payload"]
    assert payload["replace"] is False
    assert client.run("y").succeeded().content["payload"] == []


def test_help_is_a_page(client):
    (payload,) = client.run("%timeit?").succeeded().content["payload"]
    assert payload["source"] == "page"
    assert "-n LOOPS" in payload["data"]["text/plain"]
    assert "-n LOOPS" in payload["data"]["text/markdown"]


def test_the_names_are_a_table(client):
    client.run("local s = 'x'\nt = {1, 2}").succeeded()
    (display,) = client.run("%whos").succeeded().outputs
    assert "<table" in display.content["data"]["text/html"]
    assert "table" in display.content["data"]["text/plain"]
    assert client.run("%who").succeeded().text() == "s  t\n"


def test_times_are_told(client):
    cell = client.run("x = 1;\n%timeit -n 100 -r 2 x = x + 1\n%time x").succeeded()
    assert "(mean ± std. dev. of 2 runs, 100 loops each)" in cell.text()
    assert "Wall time: " in cell.text()
    assert cell.plain == "201"


def test_folder_and_environment_are_the_kernels(client, tmp_path):
    (tmp_path / "here is.txt").write_text("found")
    cell = client.run(f"dir = '{tmp_path}';\n%cd $dir\nfiles = !ls\nio.open(files[1]):read('a')")
    assert cell.succeeded().plain == '"found"'
    assert cell.text() == f"{tmp_path}\n"
    assert client.run("%cd -\n%cd -\n%pwd").succeeded().text().splitlines()[1:] == [str(tmp_path)] * 2
    client.run("%env FROM_MAGIC=a b").succeeded()
    assert client.run("!echo \"$FROM_MAGIC\"\nos.getenv 'FROM_MAGIC'").succeeded().plain == '"a b"'


def test_an_empty_line_ends_a_cell_that_is_typed(client):
    def status(code):
        return client.ask("is_complete_request", {"code": code}).content["status"]

    assert status("%%html\n<b>") == "incomplete"
    assert status("%%html\n<b>\n\n") == "complete"
    assert status("%%time\nfor i = 1, 2 do") == "incomplete"
    assert status("!ls it's") == "complete"


def test_luarocks_installs_for_require(start, connect, tmp_path):
    """The real LuaRocks, a rock packed here, and a home of its own."""
    luarocks = shutil.which("luarocks")
    assert luarocks, "the tests need luarocks: apt install luarocks"
    rocks, home = tmp_path / "rocks", tmp_path / "home"
    rocks.mkdir(), home.mkdir()
    (rocks / "moon.lua").write_text("return { phase = 'full' }\n")
    rockspec = rocks / "moon-1.0-1.rockspec"
    rockspec.write_text(
        "rockspec_format = '3.0'\npackage = 'moon'\nversion = '1.0-1'\n"
        f"source = {{ url = 'file://{rocks}/moon.lua' }}\n"
        "dependencies = { 'lua >= 5.4' }\n"
        "build = { type = 'builtin', modules = { moon = 'moon.lua' } }\n"
    )
    client = connect(start(environment={"HOME": str(home)}))
    assert "module 'moon' not found" in client.run("require 'moon'").failed().error["evalue"]
    cell = client.run(f"%cd {rocks}\n%luarocks make {rockspec.name}").succeeded()
    assert "moon 1.0-1 is now installed in" in cell.text()
    assert (home / ".luarocks/share/lua/5.4/moon.lua").exists()
    assert client.run("require('moon').phase").succeeded().plain == '"full"'
    assert "moon" in client.run("%luarocks list --porcelain").succeeded().text()
    failed = client.run("%luarocks install no-such-rock --only-server=" + str(rocks)).failed()
    assert "%luarocks: it ended with status" in failed.error["evalue"]
    cell = client.run("%luarocks remove moon").succeeded()
    assert not (home / ".luarocks/share/lua/5.4/moon.lua").exists()


def test_where_there_is_no_luarocks_the_way_to_it_is_told(start, connect, tmp_path):
    client = connect(start(environment={"PATH": str(tmp_path)}))
    failed = client.run("%luarocks install moon").failed()
    assert "luarocks is not installed" in failed.error["evalue"]
    assert "apt install luarocks" in failed.error["evalue"]


def test_a_notebook_runs_with_magics_and_a_script_is_plain_lua(perilune, tmp_path):
    cells = ["%%writefile made.lua\nprint('made', ...)", "%run made.lua 1\nfiles = !ls\n#files", "%load made.lua"]
    notebook = {
        "cells": [
            {"cell_type": "code", "id": str(n), "source": code, "metadata": {}, "outputs": [], "execution_count": None}
            for n, code in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "lua", "display_name": "Lua"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    file = tmp_path / "magics.ipynb"
    file.write_text(json.dumps(notebook))
    ran = subprocess.run([perilune, "run", file], capture_output=True, text=True, check=True)
    assert "Writing made.lua\n" in ran.stdout
    assert "made\t1\n" in ran.stdout
    script = tmp_path / "script.lua"
    script.write_text("x = 10\n% 3\nprint(x)\n")
    ran = subprocess.run([perilune, "run", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "1\n"
    script.write_text("print(1)\n!ls\n")
    ran = subprocess.run([perilune, "run", script], capture_output=True, text=True)
    assert ran.returncode != 0 and "unexpected symbol near '!'" in ran.stderr + ran.stdout
