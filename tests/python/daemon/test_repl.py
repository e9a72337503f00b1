"""`perilune repl`, as a person sees it on the screen of a terminal."""

import base64
import os
import signal
from contextlib import ExitStack

import psutil
import pytest
from frontend import gone

from .screen import BRACKETED_PASTE, Terminal

UP, RIGHT = "\x1b[A", "\x1b[C"
CTRL_C, CTRL_D, CTRL_L, CTRL_R, CTRL_Z = "\x03", "\x04", "\x0c", "\x12", "\x1a"
ALT_ENTER = "\x1b\r"


@pytest.fixture
def terminal(home):
    """Starts `perilune repl` in a terminal of its own."""
    with ExitStack() as stack:

        def terminal(*arguments, environment=None, program=None, **options) -> Terminal:
            variables = home.environment | {"TERM": "xterm-256color"} | (environment or {})
            command = program or [home.binary, "repl", *arguments]
            started = Terminal(command, variables, home.work, **options)
            stack.callback(started.close)
            return started

        yield terminal


@pytest.fixture
def repl(terminal):
    """One with a prompt."""
    started = terminal()
    started.prompt(1)
    return started


# Typing


def test_a_value_is_shown_and_the_next_prompt_has_the_next_number(repl):
    repl.send("6 * 7\r")
    repl.see_lines("1> 6 * 7", "42", "2>")


def test_it_says_at_first_what_it_is_and_nothing_when_it_shall_be_quiet(repl, terminal):
    assert repl.lines[0].startswith("perilune ") and ".help" in repl.lines[0]
    quiet = terminal("--quiet")
    quiet.prompt(1)
    assert quiet.lines == ["1>"]


def test_enter_goes_on_where_lua_would_and_indents_by_the_open_blocks(repl):
    repl.send("for i = 1, 2 do\r")
    repl.until(lambda: repl.screen.cursor.x == 5, "an indented line")
    repl.send("if i > 1 then\r")
    repl.until(lambda: repl.screen.cursor.x == 7, "a line indented twice")
    repl.send("print(i)\rend\rend\r")
    repl.see_lines(
        "1> for i = 1, 2 do",
        "..   if i > 1 then",
        "..     print(i)",
        "..   end",
        ".. end",
        "2",
        "2>",
    )


def test_alt_enter_makes_a_line_also_where_the_code_is_whole(repl):
    repl.send("x = 1" + ALT_ENTER)
    repl.see_lines("1> x = 1", "..")
    repl.send("print(x)\r")
    repl.see_lines("1> x = 1", ".. print(x)", "1", "2>")


def test_what_is_pasted_is_one_cell_as_it_stands(repl):
    assert BRACKETED_PASTE in repl.screen.mode
    repl.send("\x1b[200~local a = 1\n    local b = 2\nprint(a + b)\x1b[201~")
    repl.see_lines("1> local a = 1", "..     local b = 2", ".. print(a + b)")
    repl.send("\r")
    repl.see_lines(".. print(a + b)", "3", "2>")


def test_code_that_cannot_be_lua_fails_at_once_with_a_traceback(repl):
    repl.send("x = = 1\r")
    repl.see("unexpected symbol")
    repl.prompt(2)


def test_control_c_begins_the_line_anew(repl):
    repl.send("while tru")
    repl.see("1> while tru")
    repl.send(CTRL_C)
    repl.see_lines("1> while tru", "1>")
    repl.run("print('on')", 2)


def test_control_l_clears_the_screen_and_keeps_the_line(repl):
    repl.run("print('old')", 2)
    repl.send("new")
    repl.see("2> new")
    repl.send(CTRL_L)
    repl.until(lambda: repl.lines == ["2> new"], "a clear screen")


def test_lua_is_coloured_while_it_is_typed(repl):
    repl.send("local s = 'text' -- note")
    repl.see("-- note")
    assert {character.fg for character in repl.styles("local")} == {"magenta"}
    assert {character.fg for character in repl.styles("'text'")} == {"green"}
    assert {character.fg for character in repl.styles("-- note")} == {"brightblack"}
    assert {character.fg for character in repl.styles("s =")} == {"default"}


def test_a_bracket_shows_its_other_half(repl):
    repl.send("f((1) + 2)")
    repl.see("f((1) + 2)")
    repl.until(lambda: [it.underscore for it in repl.styles("f((1) + 2)")] == [False, True, *[False] * 7, True], "a pair")


def test_nothing_is_coloured_where_the_user_wants_no_colours(terminal):
    repl = terminal(environment={"NO_COLOR": "1"})
    repl.prompt(1)
    repl.run("local s = 'text'", 2)
    repl.send("error('over here')\r")
    repl.prompt(3)
    styles = {character.fg for row in repl.screen.buffer.values() for character in row.values()}
    assert styles == {"default"}


def test_a_narrower_window_wraps_the_line_and_runs_it(repl):
    repl.send("x = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' return #x")
    repl.see("return #x")
    repl.resize(24, 30)
    repl.send("\r")
    repl.see_lines("40", "2>")


# Completion and help


def test_tab_completes_what_is_the_only_one(repl):
    repl.send("long_name = 1\r")
    repl.prompt(2)
    repl.send("long_\t")
    repl.see("2> long_name")


def test_tab_opens_a_menu_with_types_and_chooses_from_it(repl):
    repl.send("string.re\t")
    repl.see("reverse  function")
    assert "rep      function" in repl.text
    repl.send("\t")
    repl.until(lambda: repl.styles("verse")[0].reverse, "the second one chosen")
    repl.send("\r")
    repl.see_lines("1> string.reverse")
    repl.send("('abc')\r")
    repl.see_lines("1> string.reverse('abc')", '"cba"', "2>")


def test_typing_narrows_the_menu(repl):
    repl.send("string.\t")
    repl.see("byte")
    repl.send("for")
    repl.until(lambda: "byte" not in repl.text and "format" in repl.text, "fewer")


def test_tab_indents_at_the_beginning_of_a_line(repl):
    repl.send("x = {\r\t\t1}\r")
    repl.see_lines("1> x = {", "..       1}", "2>")


def test_a_question_mark_shows_help(repl):
    repl.send("string.rep?\r")
    repl.see("string.rep(")
    repl.prompt(2)


def test_percent_load_puts_a_file_into_the_next_line(repl, home):
    (home.work / "piece.lua").write_text("print('a piece')")
    repl.send("%load piece.lua\r")
    repl.see_lines("2> -- %load piece.lua", ".. print('a piece')")
    repl.send("\r")
    repl.see_lines("a piece", "3>")


# History


def test_the_arrow_brings_several_lines_back_as_one_cell(repl):
    repl.send("function f()\rreturn 1\rend\r")
    repl.prompt(2)
    repl.send(UP)
    repl.see_lines("2> function f()", "..   return 1", ".. end")
    repl.send(CTRL_C)
    repl.prompt(2)


def test_control_r_finds_what_another_session_ran(terminal):
    first = terminal()
    first.prompt(1)
    first.run("crater = 'Tycho'", 2)
    first.run("print('other')", 3)
    first.send(CTRL_D)
    assert first.end() == 0
    second = terminal()
    second.prompt(1)
    second.send(CTRL_R + "tych")
    second.see("crater = 'Tycho'")
    second.send("\r")
    second.see_lines("1> crater = 'Tycho'")
    second.send("\r")
    second.prompt(2)
    second.run("print(crater)", 3)
    assert "Tycho" in second.lines


def test_control_r_again_goes_further_back(repl):
    repl.run("crater_one = 1", 2)
    repl.run("crater_two = 2", 3)
    repl.send(CTRL_R + "crater")
    repl.see("(search `crater`) crater_two = 2")
    repl.send(CTRL_R)
    repl.see("(search `crater`) crater_one = 1")
    repl.send("zzz")
    repl.see("(nothing like `craterzzz`)")


def test_history_suggests_how_to_go_on(repl):
    repl.run("greeting = 'good evening'", 2)
    repl.send("gree")
    repl.see("2> greeting = 'good evening'")
    assert repl.styles("ting = 'good evening'")[0].fg in ("default", "brightblack")
    repl.until(lambda: repl.screen.cursor.x == 7, "the cursor behind what was typed")
    repl.send(RIGHT + "\r")
    repl.prompt(3)


def history(home) -> str:
    return home.run("history").stdout


def test_what_begins_with_a_space_or_nohistory_is_not_remembered(repl, home):
    repl.run("public = 1", 2)
    repl.send(" secret = 1\r")
    repl.see_lines("2>  secret = 1", "2>")
    repl.send("\x1b[200~%%nohistory\nhidden = 1\x1b[201~\r")
    repl.prompt(3)
    repl.send(CTRL_D)
    assert repl.end() == 0
    remembered = history(home)
    assert "public = 1" in remembered
    assert "secret" not in remembered and "hidden" not in remembered


def test_without_history_nothing_is_remembered(terminal, home):
    repl = terminal("--no-history")
    repl.prompt(1)
    repl.run("quiet = 1", 2)
    repl.send(CTRL_D)
    assert repl.end() == 0
    assert "quiet" not in history(home)


# Cells


def test_output_comes_while_the_cell_runs(repl):
    repl.send("print('now') perilune.input('then? ')\r")
    repl.see_lines("now", "then?")
    repl.send("\r")
    repl.prompt(2)


def test_control_c_interrupts_a_cell_and_keeps_what_there_is(repl):
    repl.run("x = 'kept'", 2)
    repl.send("print('spinning') while true do end\r")
    repl.see("\nspinning")
    repl.send(CTRL_C)
    repl.see("Interrupted")
    repl.prompt(3)
    repl.run("print(x .. ' on')", 4)
    assert "kept on" in repl.lines


def test_a_cell_in_code_of_c_can_be_given_up(repl, stuck):
    repl.send(f"{stuck}\r")
    repl.see("\nin C")
    repl.send(CTRL_C)
    repl.see("Ctrl-C again ends kernel and session")
    repl.send(CTRL_C)
    assert repl.end() == 130
    assert repl.is_as_it_was()


def test_a_question_is_answered_and_a_password_is_not_shown(repl):
    repl.send("name = perilune.input('Who? ')\r")
    repl.see_lines("Who?")
    repl.send("Selene\r")
    repl.see_lines("Who? Selene", "2>")
    repl.send("key = perilune.input('Key? ', {password = true})\r")
    repl.see_lines("Key?")
    repl.send("moonlight\r")
    repl.see_lines("Key?", "3>")
    repl.run("print(name, #key)", 4)
    assert "Selene\t9".expandtabs() in repl.text
    assert "moonlight" not in repl.text


def test_control_c_at_a_question_takes_no_line_of_the_next_prompt(repl):
    repl.send("perilune.input('Who? ')\r")
    repl.see_lines("Who?")
    repl.send(CTRL_C)
    repl.see("Interrupted")
    repl.prompt(2)
    repl.run("print('all of it')", 3)
    assert "all of it" in repl.lines


def test_what_is_typed_while_a_cell_runs_comes_next(repl, home):
    fifo = home.work / "go"
    os.mkfifo(fifo)
    repl.send(f"print('reading') io.open('{fifo}'):read('a')\r")
    repl.see("\nreading")
    repl.send("print('first')\rfor i = 1, 1 do\rprint('second')\rend\rhalf")
    repl.see("half")
    fifo.write_text("go")
    repl.see_lines("2> print('first')", "first", "3> for i = 1, 1 do", ".. print('second')", ".. end", "second", "4> half")


def test_a_progress_bar_moves_in_its_place(repl):
    repl.send("for i in progress(40) do if i == 20 then perilune.input('half? ') end end\r")
    repl.see("\nhalf?")
    repl.send("\r")
    repl.prompt(2)
    bars = [line for line in repl.lines if "40/40" in line]
    assert len(bars) == 1 and not any("20/40" in line for line in repl.lines)


def test_tables_and_charts_are_text(repl):
    repl.run("display({{name = 'Tycho', km = 86}, {name = 'Clavius', km = 231}})", 2)
    assert any("Clavius" in line and "231" in line for line in repl.lines)
    repl.send(CTRL_L)
    repl.run("plot.line({1, 4, 2})", 3)
    assert any(not line.isascii() for line in repl.lines)


def test_an_error_has_colours(repl):
    repl.send("error('over here')\r")
    repl.prompt(2)
    assert any(character.fg != "default" for row in range(2, 8) for character in repl.screen.buffer[row].values())


def test_what_a_child_writes_in_the_background_stands_above_the_prompt(repl, home):
    fifo = home.work / "go"
    os.mkfifo(fifo)
    repl.run(f"os.execute('(read line < {fifo}; echo from $line) &')", 2)
    repl.send("half a line")
    repl.see("2> half a line")
    fifo.write_text("far\n")
    repl.see_lines("from far", "2> half a line")


def test_os_exit_ends_the_session_with_its_code(repl):
    repl.send("os.exit(7)\r")
    assert repl.end() == 7
    assert repl.is_as_it_was()


# Images

IMAGE = "display.image('image.png')"


@pytest.fixture
def image(home) -> bytes:
    """A file that is too large to be sent at once."""
    image = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x03" + os.urandom(8000)
    (home.work / "image.png").write_bytes(image)
    return image


def kitty_image(terminal) -> bytes:
    """What a terminal of kitty's would draw."""
    drawn = [command for command in terminal.commands if not command.startswith(b"Gi=31")]
    assert drawn[0].startswith(b"Ga=T,f=100,q=2,m=1;")
    assert all(command.startswith(b"Gm=1;") for command in drawn[1:-1]) and drawn[-1].startswith(b"Gm=0;")
    return base64.b64decode(b"".join(command.partition(b";")[2] for command in drawn))


def test_images_are_shown_where_the_terminal_says_that_it_can(terminal, image):
    repl = terminal(answers={b"Gi=31": b"\x1b_Gi=31;OK\x1b\\"})
    repl.prompt(1)
    repl.run(IMAGE, 2)
    assert kitty_image(repl) == image
    repl.run("print('on')", 3)


def test_a_terminal_that_can_show_none_gets_a_word(terminal, image):
    repl = terminal()
    repl.prompt(1)
    repl.run(IMAGE, 2)
    assert [command[:5] for command in repl.commands] == [b"Gi=31"]
    assert any("PNG image" in line for line in repl.lines)
    repl.run("print('on')", 3)


def test_images_go_by_the_protocol_that_the_user_names_or_not_at_all(terminal, image):
    def shown(protocol: str) -> Terminal:
        repl = terminal("--set", f"repl.images={protocol}")
        repl.prompt(1)
        repl.run(IMAGE, 2)
        return repl

    assert kitty_image(shown("kitty")) == image
    drawn = shown("iterm2").raw.partition(b"\x1b]1337;File=inline=1:")[2].partition(b"\x07")[0]
    assert base64.b64decode(drawn) == image
    off = shown("off")
    assert not off.commands and b"]1337" not in off.raw


# Commands


def test_help_lists_the_commands_and_an_unknown_one_says_where_they_are(repl):
    repl.send(".help\r")
    repl.see("Ctrl-Z")
    repl.prompt(1)
    for command in [".help", ".exit", ".clear", ".vars", ".save", ".load"]:
        assert any(line.startswith(command) for line in repl.lines), command
    repl.send(".halp\r")
    repl.see("there is no .halp")
    repl.prompt(1)


def test_a_number_may_begin_with_a_dot(repl):
    repl.send(".5 * 4\r")
    repl.see_lines("2.0", "2>")


def test_vars_lists_what_there_is(repl):
    repl.run("crater = 'Tycho'", 2)
    repl.send(".vars\r")
    repl.until(lambda: any("crater" in line and "string" in line for line in repl.lines), "a table")
    repl.prompt(2)


def test_clear_clears_the_screen(repl):
    repl.run("print('old')", 2)
    repl.send(".clear\r")
    repl.until(lambda: repl.lines == ["2>"], "a clear screen")


def test_exit_leaves(repl):
    repl.send(".exit\r")
    assert repl.end() == 0
    assert repl.is_as_it_was()


def test_save_writes_what_ran_and_replaces_nothing_without_being_told_to(repl, home):
    repl.run("x = 1", 2)
    repl.send("error('no')\r")
    repl.prompt(3)
    repl.send(" secret = 1\r")
    repl.see_lines("3>  secret = 1", "3>")
    repl.send("function f()\rreturn x\rend\r")
    repl.prompt(4)
    repl.send(".save it.lua\r")
    repl.see_lines("2 cells written to it.lua", "4>")
    saved = home.work / "it.lua"
    assert saved.read_text() == "-- %%\nx = 1\n\n-- %%\nfunction f()\n  return x\nend\n"
    saved.write_text("precious")
    repl.send(".save it.lua\r")
    repl.see("it.lua is there already")
    repl.prompt(4)
    assert saved.read_text() == "precious"
    repl.send(".save! it.lua\r")
    repl.see_lines("2 cells written to it.lua", "4>")
    assert "function f()" in saved.read_text()
    repl.send(".save /nowhere/it.lua\r")
    repl.see("No such file")
    assert not list(home.work.glob(".perilune-*"))


def test_load_runs_a_file_as_one_cell(repl, home):
    (home.work / "it.lua").write_text("#!/usr/bin/lua\nlocal a = 20\nb = a + 1\nprint('loaded')\n")
    repl.send(".load it.lua\r")
    repl.see_lines("loaded", "2>")
    repl.run("print(a, b)", 3)
    assert "20\t21".expandtabs() in repl.text
    repl.send(".load missing.lua\r")
    repl.see("missing.lua: No such file")
    repl.prompt(3)
    (home.work / "bad.lua").write_text("error('in the file')")
    repl.send(".load bad.lua\r")
    repl.see("in the file")
    repl.prompt(4)


# The end


def test_control_d_leaves_the_terminal_as_it_was(repl):
    repl.send(CTRL_D)
    assert repl.end() == 0
    assert repl.is_as_it_was()


def test_sigterm_at_the_prompt_ends_it_well(repl, home):
    repl.run("kept = 1", 2)
    repl.send("half a line")
    repl.see("half a line")
    os.kill(repl.process.pid, signal.SIGTERM)
    assert repl.end() == 143
    assert repl.is_as_it_was()
    assert "kept = 1" in history(home)


def test_sigterm_ends_a_cell_too(repl):
    repl.send("print('spinning') while true do end\r")
    repl.see("\nspinning")
    os.kill(repl.process.pid, signal.SIGTERM)
    assert repl.end() == 143
    assert repl.is_as_it_was()


def test_sigterm_at_a_password_shows_what_is_typed_again(repl):
    repl.send("perilune.input('Key? ', {password = true})\r")
    repl.see_lines("Key?")
    os.kill(repl.process.pid, signal.SIGTERM)
    assert repl.end() == 143
    assert repl.is_as_it_was()


def test_it_ends_when_its_terminal_hangs_up(repl, home):
    repl.run("kept = 1", 2)
    os.kill(repl.process.pid, signal.SIGHUP)
    assert repl.end() == 129
    assert "kept = 1" in history(home)


def test_it_ends_when_its_terminal_is_gone(repl, home):
    repl.run("kept = 1", 2)
    process = psutil.Process(repl.process.pid)
    repl.process.fileobj.close()
    assert gone(process, 10)
    assert "kept = 1" in history(home)


def test_control_z_suspends_and_the_line_is_there_again(terminal, home):
    shell = terminal(program=["bash", "--norc", "--noprofile", "-i"], environment={"PS1": "shell: "})
    shell.see_lines("shell:")
    shell.send(f"{home.binary} repl --quiet\r")
    shell.prompt(1)
    shell.send("half")
    shell.see("1> half")
    shell.send(CTRL_Z)
    shell.see("Stopped")
    shell.see("\nshell:")
    shell.send("fg\r")
    shell.until(lambda: shell.lines[-1] == "1> half", "the line")
    shell.send(CTRL_C)
    shell.prompt(1)
    shell.run("print('on')", 2)
    shell.send(CTRL_D)
    shell.until(lambda: shell.lines[-1] == "shell:", "the shell")


# Where there is no such terminal


def test_a_dumb_terminal_gets_plain_lines(terminal):
    repl = terminal(environment={"TERM": "dumb"})
    repl.prompt(1)
    repl.send("for i = 1, 2 do\r")
    repl.see_lines("1> for i = 1, 2 do", "..")
    repl.send("print(i) end\r")
    repl.see_lines(".. print(i) end", "1", "2", "2>")
    repl.send("print(perilune.input('Who? '))\r")
    repl.see_lines("Who?")
    repl.send("Selene\r")
    repl.see_lines("Who? Selene", "Selene", "3>")
    repl.send("while tru" + CTRL_C)
    repl.prompt(3)
    assert b"\x1b" not in repl.raw
    repl.send(CTRL_D)
    assert repl.end() == 0


def test_what_is_piped_is_run_and_its_failure_is_the_exit_code(home):
    ended = home.run("repl", input="x = 20\nx + 1\n")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "21\n", "")
    ended = home.run("repl", input="print('first')\nerror('over here')\n")
    assert ended.returncode == 1
    assert ended.stdout == "first\n" and "over here" in ended.stderr


def test_what_is_piped_can_be_run_in_a_kernel_that_lives(home, daemon):
    daemon().run("x = 20")
    ended = home.run("repl", "--existing", "default", input="x + 1\n")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "21\n", "")


# On a kernel that lives


@pytest.fixture
def existing(terminal, daemon):
    """A kernel that lives, and a session on it."""
    kernel = daemon()
    started = terminal("--existing", "default")
    started.prompt(1)
    return kernel, started


def test_a_kernel_that_lives_is_used_and_left(existing, home):
    kernel, repl = existing
    repl.run("x = 'shared'", 2)
    assert kernel.run("print(x)").text() == "shared\n"
    repl.send(CTRL_D)
    assert repl.end() == 0
    assert "default goes on" in repl.text
    assert kernel.run("print(x)").text() == "shared\n"
    kernel.terminate()
    assert "x = 'shared'" in history(home)


def test_the_prompt_has_the_number_that_the_kernel_has_come_to(daemon, terminal):
    kernel = daemon()
    kernel.run("x = 1")
    kernel.run("x = 2")
    terminal("--existing", "default").prompt(3)


def test_a_kernel_that_is_busy_with_somebody_has_a_prompt_and_its_turn_comes(daemon, terminal):
    kernel = daemon()
    client = kernel.connect()
    try:
        client.printed(client.execute("print('spinning') while true do end"), "spinning")
        repl = terminal("--existing", "default")
        repl.see_lines("The kernel default, which runs a cell (.help for help)", ">")
        repl.send("print('my turn')\r")
        repl.see_lines("> print('my turn')")
        client.send("interrupt_request", channel="control")
        repl.see("my turn\n3>")
    finally:
        client.close()


def test_the_connection_file_is_a_name_too(daemon, terminal):
    repl = terminal("--existing", daemon().about["connection_file"])
    repl.prompt(1)
    repl.run("print('there')", 2)


def test_what_others_run_is_shown_only_when_asked_for(existing, terminal):
    kernel, repl = existing
    curious = terminal("--existing", "default", "--others")
    curious.prompt(1)
    curious.send("half a line")
    curious.see("1> half a line")
    kernel.run("print('from afar')")
    curious.see_lines("[1] print('from afar')", "from afar", "1> half a line")
    repl.run("print('mine')", 3)
    assert "from afar" not in repl.text


def test_the_death_of_the_kernel_is_told_at_once(existing):
    kernel, repl = existing
    repl.send("half a line")
    repl.see("half a line")
    kernel.kill()
    assert repl.end() == 1
    assert "perilune: the connection to the kernel was lost" in repl.text
    assert repl.is_as_it_was()


def test_the_end_of_the_kernel_is_told_at_once_too(existing):
    kernel, repl = existing
    kernel.terminate()
    assert repl.end() == 1
    assert "perilune: the kernel has ended" in repl.text
    assert repl.is_as_it_was()


def test_a_cell_that_does_not_stop_can_be_left(existing):
    kernel, repl = existing
    repl.send("print('spinning') while true do end\r")
    repl.see("\nspinning")
    kernel.signal(signal.SIGSTOP)
    repl.send(CTRL_C)
    repl.see("Ctrl-C again leaves it running")
    repl.send(CTRL_C)
    assert repl.end() == 130
    assert repl.is_as_it_was()
    kernel.signal(signal.SIGCONT)


def test_a_kernel_that_is_not_there_is_an_error(home):
    ended = home.run("repl", "--existing", "nobody", input="")
    assert ended.returncode == 3
    assert "nobody" in ended.stderr
