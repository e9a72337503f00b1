"""C modules, as Debian packages them, load from the stripped release binary."""

import shutil
import subprocess


def test_cjson_loads(client):
    cell = client.run("local cjson = require 'cjson'\nprint(cjson.decode('[1, {\"a\": 2}]')[2].a)").succeeded()
    assert cell.text() == "2.0\n"


def test_lpeg_loads(client):
    cell = client.run("local lpeg = require 'lpeg'\nprint(lpeg.match(lpeg.R('09') ^ 1, '2026 AD'))").succeeded()
    assert cell.text() == "5\n"


def test_luasocket_loads_and_talks(client):
    cell = client.run(
        "local socket = require 'socket'\n"
        "local server = assert(socket.bind('127.0.0.1', 0))\n"
        "local _, port = server:getsockname()\n"
        "local one = assert(socket.connect('127.0.0.1', port))\n"
        "local two = server:accept()\n"
        "one:send('over the wire\\n')\n"
        "print((two:receive()))"
    ).succeeded()
    assert cell.text() == "over the wire\n"


def test_a_module_may_bring_a_library_that_the_kernel_has_too(client):
    """The history is SQLite; Debian's module has Debian's SQLite, and neither may get the other's."""
    cell = client.run(
        "local driver = require('luasql.sqlite3').sqlite3()\n"
        "local database = driver:connect(':memory:')\n"
        "database:execute('CREATE VIRTUAL TABLE t USING fts5(a)')\n"
        "database:execute(\"INSERT INTO t VALUES ('moon')\")\n"
        "local cursor = database:execute('SELECT sqlite_version(), a FROM t')\n"
        "print(cursor:fetch())"
    ).succeeded()
    assert cell.text().endswith("\tmoon\n")
    reply = client.ask("history_request", {"hist_access_type": "tail", "n": 1, "raw": True, "output": False})
    assert "luasql" in reply.content["history"][0][2]


def test_the_binary_lends_out_nothing_but_lua(perilune):
    readelf = shutil.which("readelf")
    table = subprocess.run([readelf, "--dyn-syms", "--wide", perilune], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in table.splitlines() if line.strip()[:1].isdigit()]
    names = [row[7] for row in rows if len(row) > 7 and row[6] != "UND" and row[4] == "GLOBAL"]
    assert len(names) > 100
    assert [name for name in names if not name.startswith(("lua_", "luaL_", "luaopen_"))] == []


def test_a_module_written_in_lua_is_found_where_debian_puts_it(client):
    assert client.run("print(type(require('ltn12').source.string))").succeeded().text() == "function\n"


def test_the_binary_is_stripped(perilune):
    """What loads the modules is what is shipped."""
    readelf = shutil.which("readelf")
    sections = subprocess.run([readelf, "-S", "--wide", perilune], capture_output=True, text=True, check=True).stdout
    assert ".symtab" not in sections and ".debug_info" not in sections


def test_a_module_that_is_not_there_says_where_it_was_looked_for(client):
    error = client.run("require 'no_such_module'").failed().error
    assert "no_such_module" in error["evalue"]
