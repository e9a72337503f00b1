"""Lua in cells: what a person expects, and what the other Lua kernels get wrong."""

import pytest


def test_a_local_is_there_on_the_last_line(client):
    """xeus-lua evaluates the last line apart from the rest, so its locals are gone."""
    assert client.run("local s = 'x'\nprint(s)").succeeded().text() == "x\n"
    cell = client.run("local t = {3, 1, 2}\ntable.sort(t)\nprint(t[1], t[3])").succeeded()
    assert cell.text() == "1\t3\n"
    assert client.run("local n = 20\nn + 1").succeeded().plain == "21"


def test_top_level_locals_live_on_in_later_cells(client):
    """The complaint about Lua notebooks: ILua, xeus-lua and iTorch lose them."""
    client.run("local x, y = 1, 2\nlocal function f() return x end").succeeded()
    assert client.run("print(x, y, f())").succeeded().text() == "1\t2\t1\n"
    client.run("x = 10").succeeded()
    assert client.run("print(x, f())").succeeded().text() == "10\t10\n", "the same variable"
    client.run("local x = 'new'").succeeded()
    assert client.run("print(x, f())").succeeded().text() == "new\t10\n", "a new variable"


def test_a_local_of_an_inner_block_stays_inside(client):
    client.run("do local inner = 1 end\nfor i = 1, 3 do local also = i end").succeeded()
    assert client.run("print(inner, also, i)").succeeded().text() == "nil\tnil\tnil\n"


def test_locals_of_a_cell_that_failed_keep_what_they_had(client):
    client.run("local before = 'set'\nerror('stop')").failed()
    assert client.run("print(before)").succeeded().text() == "set\n"


def test_the_last_expression_is_shown(client):
    for code, shown in [("1 + 1", "2"), ("x = 41\nx + 1", "42"), ("nil", "nil"), ("x = 5", None)]:
        assert client.run(code).succeeded().plain == shown, code
    assert "text" in client.run("'some text'").succeeded().plain


def test_an_expression_over_several_lines_is_shown(client):
    """xeus-lua looks at the last line alone."""
    assert client.run("local function f(t)\n  return #t\nend\nf {\n  1,\n  2,\n}").succeeded().plain == "2"


def test_all_values_are_shown(client):
    """xeus-lua shows the first of several."""
    plain = client.run("1, 2, 3").succeeded().plain
    assert [n for n in "123" if n in plain] == ["1", "2", "3"]
    plain = client.run("return 'a', nil, 'c'").succeeded().plain
    assert "a" in plain and "nil" in plain and "c" in plain


def test_print_shows_what_it_prints_and_nothing_more(client):
    """xeus-lua adds a result `nil`, ends lines with a space and turns tabs into spaces."""
    cell = client.run("print(1, 'two', nil, true)").succeeded()
    assert [m.type for m in cell.outputs] == ["stream"]
    assert cell.text() == "1\ttwo\tnil\ttrue\n"


def test_a_call_without_a_value_shows_nothing(client):
    assert client.run("function f() end\nf()").succeeded().outputs == []


def test_code_that_closes_its_chunk_is_an_error_and_runs_nothing(client):
    """xeus-lua pastes cells into a template, so `1 end print('INJ') do return 2` runs, twice."""
    for code in [
        "1 end print('INJ') do return 2",
        "1) print('INJ') (2",
        "1 end) print('INJ') --",
        "]] print('INJ') --[[",
        "1\nend\nprint('INJ')\ndo",
    ]:
        cell = client.run(code).failed()
        assert "INJ" not in cell.text()
        assert cell.error["ename"] == "SyntaxError"
    assert client.run("1").plain == "1"


def test_text_after_a_nul_is_kept(client):
    """xeus-lua cuts it."""
    cell = client.run("print('before\\0after')\nio.write('a\\0b\\n')").succeeded()
    assert cell.text() == "before\0after\na\0b\n"
    assert "after" in client.run("'before\\0after'").succeeded().plain


def test_a_nul_in_the_code_is_no_end_of_it(client):
    cell = client.run("print('a\0b')\nprint('after')").succeeded()
    assert cell.text() == "a\0b\nafter\n"


def test_bytes_that_are_not_utf8_are_printed_all_the_same(client):
    """In xeus-lua they are an error."""
    cell = client.run("print('\\xff\\xfe ok \\x80')").succeeded()
    assert " ok " in cell.text()
    assert client.run("'\\xff\\xfe'").succeeded().plain
    error = client.run("error('\\xff broken')").failed().error
    assert "broken" in error["evalue"]
    assert client.run("({['\\xff'] = '\\xfe'})").succeeded().plain


def test_an_error_value_that_is_a_table_is_shown(client):
    """xeus-lua says "tail function call", ILua "(error object is a table value)"."""
    error = client.run("error({code = 42, reason = 'tides'})").failed().error
    assert "42" in error["evalue"] and "tides" in error["evalue"]
    named = client.run("error(setmetatable({}, {__tostring = function() return 'eclipse!' end}))").failed().error
    assert "eclipse!" in named["evalue"]
    for value in ("nil", "true", "function() end"):
        assert client.run(f"error({value})").failed().error["ename"]


def test_an_error_tells_where_with_an_excerpt_and_no_frames_of_ours(client):
    """xeus-lua has no traceback and glues the context onto the message."""
    code = "local function inner()\n  local nothing\n  return nothing.field\nend\nlocal function outer()\n  inner()\nend\nouter()"
    cell = client.run(code).failed()
    text = cell.traceback
    assert "return nothing.field" in text
    for name in ("inner", "outer"):
        assert name in text
    assert ":3" in text or "line 3" in text
    assert "cell[1]" in text
    for ours in (".rs", "mlua", "perilune-lua", "[C]"):
        assert ours not in text
    assert "\n" not in cell.error["ename"]


def test_an_error_names_the_cell_it_came_from(client):
    client.run("function broken()\n  error('inside')\nend").succeeded()
    cell = client.run("broken()").failed()
    assert "cell[1]" in cell.traceback and "cell[2]" in cell.traceback


def test_a_syntax_error_tells_its_line(client):
    error = client.run("x = 1\ny = = 2").failed().error
    assert error["ename"] == "SyntaxError"
    assert "2" in error["evalue"]


def test_tables_print_readably(client):
    plain = client.run("{10, 20, name = 'Luna', nested = {deep = true}}").succeeded().plain
    for part in ("10", "20", "name", "Luna", "nested", "deep", "true"):
        assert part in plain
    assert "table: 0x" not in plain


def test_a_table_that_holds_itself_is_shown(client):
    assert client.run("t = {}\nt.self = t\nt").succeeded().plain


def test_a_large_table_is_cut(client):
    plain = client.run("t = {}\nfor i = 1, 1000000 do t[i] = i end\nt").succeeded().plain
    assert len(plain) < 100_000


OUTPUT = {
    "print": "print('out')",
    "io.write": "io.write('out\\n')",
    "io.stdout:write": "io.stdout:write('out\\n')",
    "io.output():write": "io.output():write('out\\n')",
    "os.execute": "os.execute('echo out')",
    "a program's output": "io.popen('cat', 'w'):write('out\\n'):close()",
}


@pytest.mark.parametrize("code", OUTPUT.values(), ids=OUTPUT)
def test_output_never_bypasses_the_notebook(kernel, client, code):
    """xeus-lua's io.stdout:write and os.execute write to the terminal."""
    assert client.run(code).succeeded().text("stdout") == "out\n"
    assert "out\n" not in kernel.log.read_text()


@pytest.mark.parametrize("code", ["io.stderr:write('err\\n')", "os.execute('echo err >&2')"])
def test_errors_never_bypass_the_notebook(kernel, client, code):
    """xeus-lua's io.stderr does."""
    assert client.run(code).succeeded().text("stderr") == "err\n"
    assert "err\n" not in kernel.log.read_text()


def test_os_execute_and_popen_still_return_what_lua_returns(client):
    cell = client.run(
        "print(os.execute('exit 3'))\nprint(os.execute())\nlocal p = io.popen('echo hi; exit 2')\nprint(p:read('a'))\nprint(p:close())"
    ).succeeded()
    assert cell.text() == "nil\texit\t3\ntrue\nhi\n\nnil\texit\t2\n"


def test_files_are_still_files(client, tmp_path):
    path = tmp_path / "file"
    cell = client.run(
        f"local f = assert(io.open('{path}', 'w'))\nf:write('one\\ntwo\\n')\nf:close()\n"
        f"for line in io.lines('{path}') do print(line) end\n"
        f"print(io.type(f), io.type(io.stdout))"
    ).succeeded()
    assert cell.text() == "one\ntwo\nclosed file\tfile\n"


def test_globals_are_lua_54s_own(client):
    cell = client.run("print(_VERSION, math.type(1), 7 // 2, 1 << 4, utf8.char(127769))").succeeded()
    assert cell.text() == "Lua 5.4\tinteger\t3\t16\t🌙\n"


def test_many_cells_and_many_locals(client):
    """Lua allows 200 locals and 255 upvalues in a function; a notebook has no such limit."""
    for start in range(0, 600, 60):
        client.run("\n".join(f"local v{n} = {n}" for n in range(start, start + 60))).succeeded()
    assert client.run("print(v0 + v300 + v599)").succeeded().text() == "899\n"


def test_a_thousand_cells_do_not_slow_down(client):
    for n in range(1000):
        client.run(f"local c{n % 50} = {n}").succeeded()
    assert client.run("print(c49)").succeeded().text() == "999\n"


def test_the_debug_library_and_load_work(client):
    cell = client.run("local f = load('return 1 + 1')\nprint(f())\nprint(debug.getinfo(1, 'l').currentline)").succeeded()
    assert cell.text() == "2\n3\n"
    with_hook = client.run("local n = 0\ndebug.sethook(function() n = n + 1 end, 'l')\nlocal a = 1\nlocal b = 2\ndebug.sethook()\nprint(n >= 2)")
    assert with_hook.succeeded().text() == "true\n"


def test_goto_close_and_attribs_work_at_the_top_level(client):
    cell = client.run(
        "local limit <const> = 3\nlocal i = 0\n::again::\ni = i + 1\nif i < limit then goto again end\nprint(i)"
    ).succeeded()
    assert cell.text() == "3\n"
    cell = client.run("do local c <close> = setmetatable({}, {__close = function() print 'closed' end}) end").succeeded()
    assert cell.text() == "closed\n"


def test_a_deep_recursion_is_an_error_of_lua(client):
    error = client.run("local function f() return 1 + f() end\nf()").failed().error
    assert "overflow" in error["evalue"]
    assert client.run("1").plain == "1"


def test_an_error_in_a_finalizer_does_no_harm(client):
    client.run("setmetatable({}, {__gc = function() error('gc') end})\ncollectgarbage()").succeeded()
    assert client.run("1").plain == "1"
