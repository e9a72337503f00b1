"""Where modules come from, in the real kernel: see docs/decisions/0007-where-modules-come-from.md."""

import os

import pytest


def module(folder, name="moon", answer="here"):
    """Writes a module that says where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.lua").write_text(f"return {answer!r}")


@pytest.fixture
def home(tmp_path):
    module(tmp_path / ".luarocks/share/lua/5.4", answer="the user's rocks")
    return tmp_path


def answer(client, name="moon"):
    return client.run(f"print(require '{name}')").succeeded().text().split("\t")[0]


def test_rocks_that_the_user_has_installed_are_found(start, connect, home):
    client = connect(start(environment={"HOME": str(home)}))
    assert answer(client) == "the user's rocks"


def test_the_projects_modules_come_before_the_users_also_if_they_are_made_later(start, connect, home):
    kernel = start(environment={"HOME": str(home)})
    module(kernel.directory / "lua_modules/share/lua/5.4", answer="the project's")
    assert answer(connect(kernel)) == "the project's"


def test_a_module_beside_the_notebook_is_found_but_replaces_none_that_is_installed(start, connect, home):
    kernel = start(environment={"HOME": str(home)})
    module(kernel.directory, answer="beside")
    module(kernel.directory, "sun", answer="beside")
    client = connect(kernel)
    assert answer(client) == "the user's rocks"
    assert answer(client, "sun") == "beside"


def test_without_a_project_the_working_directory_gives_nothing(start, connect, tmp_path):
    kernel = start(arguments=("--no-project",), environment={"HOME": str(tmp_path)})
    module(kernel.directory)
    module(kernel.directory / "lua_modules/share/lua/5.4")
    error = connect(kernel).run("require 'moon'").failed().error
    assert "module 'moon' not found" in error["evalue"]
    assert "working directory" not in error["evalue"] and str(kernel.directory) not in error["evalue"]


@pytest.mark.parametrize("variable", ["LUA_PATH", "LUA_PATH_5_4"])
def test_lua_path_is_the_users_own_word(start, connect, home, tmp_path, variable):
    module(tmp_path / "elsewhere", "comet", "elsewhere")
    environment = {"HOME": str(home), variable: f"{tmp_path}/elsewhere/?.lua"}
    client = connect(start(environment=environment))
    assert answer(client, "comet") == "elsewhere"
    assert client.run("require 'moon'").failed().error["ename"] == "RuntimeError"
    both = connect(start(environment=environment | {variable: environment[variable] + ";;"}))
    assert answer(both, "comet") == "elsewhere"
    assert answer(both) == "the user's rocks"


def test_lua_cpath_is_honoured(start, connect, tmp_path):
    client = connect(start(environment={"LUA_CPATH": f"{tmp_path}/?.so"}))
    error = client.run("require 'cjson'").failed().error
    assert f"no module of C in {tmp_path}" in error["evalue"].replace("~", os.environ.get("HOME", "~"))
    client = connect(start(environment={"LUA_CPATH_5_4": f"{tmp_path}/?.so;;"}))
    client.run("require 'cjson'").succeeded()


def test_a_missing_module_says_how_it_is_installed(client):
    error = client.run("require 'lfs'").failed().error
    assert "%luarocks install luafilesystem" in error["evalue"]
    assert "sudo apt install lua-filesystem" in error["evalue"]
    assert len(error["evalue"].splitlines()) <= 5
