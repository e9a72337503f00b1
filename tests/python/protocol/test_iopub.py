"""What is published: complete, in order, between busy and idle, to every subscriber."""

import shutil
import subprocess
import threading

import pytest
import zmq
from frontend import decode

LOUD_C = r"""
#include <stdio.h>
#include <string.h>
#include <unistd.h>
typedef struct lua_State lua_State;
typedef int (*lua_CFunction)(lua_State *);
extern const char *luaL_checklstring(lua_State *, int, size_t *);
extern void lua_createtable(lua_State *, int, int);
extern void lua_pushcclosure(lua_State *, lua_CFunction, int);
extern void lua_setfield(lua_State *, int, const char *);

static int buffered(lua_State *L) { printf("%s", luaL_checklstring(L, 1, 0)); fflush(stdout); return 0; }
static int lingering(lua_State *L) { printf("%s", luaL_checklstring(L, 1, 0)); return 0; }
static int direct(lua_State *L, int fd) {
    size_t n; const char *s = luaL_checklstring(L, 1, &n);
    return write(fd, s, n) < 0;
}
static int out(lua_State *L) { direct(L, 1); return 0; }
static int err(lua_State *L) { direct(L, 2); return 0; }

int luaopen_loud(lua_State *L) {
    lua_createtable(L, 0, 4);
    lua_pushcclosure(L, buffered, 0); lua_setfield(L, -2, "buffered");
    lua_pushcclosure(L, lingering, 0); lua_setfield(L, -2, "lingering");
    lua_pushcclosure(L, out, 0); lua_setfield(L, -2, "out");
    lua_pushcclosure(L, err, 0); lua_setfield(L, -2, "err");
    return 1;
}
"""


@pytest.fixture(scope="session")
def loud(tmp_path_factory):
    """A folder with a C module that writes behind Lua's back."""
    folder = tmp_path_factory.mktemp("loud")
    (folder / "loud.c").write_text(LOUD_C)
    compiler = shutil.which("cc") or shutil.which("gcc")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "loud.so", folder / "loud.c"], check=True)
    return folder


@pytest.fixture
def client_with_loud(client, loud):
    client.run(f"package.cpath = '{loud}/?.so;' .. package.cpath\nloud = require 'loud'").succeeded()
    return client


def test_the_first_subscriber_is_welcomed(client):
    assert [m.content for m in client.welcomes] == [{"subscription": ""}]


def test_every_subscriber_is_welcomed(kernel, connect):
    """ark welcomes the first and logs an error for the second."""
    clients = [connect(kernel) for _ in range(4)]
    for client in clients:
        assert [m.content["subscription"] for m in client.welcomes] == [""]


def test_a_welcome_names_the_topic(kernel, client):
    socket = client.socket(zmq.SUB, "iopub")
    socket.subscribe(b"kernel.")
    assert socket.poll(10_000)
    assert decode(client.key, socket.recv_multipart()).content == {"subscription": "kernel."}
    socket.close()


def test_starting_is_said_at_most_once_to_a_client(client):
    client.run("1")
    assert len(client.starting) <= 1


def test_what_one_client_runs_every_client_sees(kernel, connect):
    """JupyterLab and `jupyter console --existing` on one kernel."""
    one, two = connect(kernel), connect(kernel)
    one.run("print 'shared'").succeeded()
    two.wait(lambda: any(m.content.get("execution_state") == "idle" for m in two.foreign), "idle")
    assert [m.type for m in two.foreign] == ["status", "execute_input", "stream", "status"]
    assert two.run("1").plain == "1"


def test_stdout_stderr_and_displays_keep_their_order(client):
    cell = client.run(
        "for i = 1, 50 do\n"
        "  print('p' .. i)\n"
        "  io.stderr:write('e' .. i .. '\\n')\n"
        "  io.write('w' .. i .. '\\n')\n"
        "  display('d' .. i)\n"
        "  io.stdout:write('s' .. i .. '\\n')\n"
        "end"
    ).succeeded()
    seen = []
    for message in cell.outputs:
        if message.type == "stream":
            seen += [(message.content["name"], line) for line in message.content["text"].split()]
        else:
            seen.append(("display", message.content["data"]["text/plain"].strip("\"'")))
    expected = []
    for i in range(1, 51):
        expected += [
            ("stdout", f"p{i}"),
            ("stderr", f"e{i}"),
            ("stdout", f"w{i}"),
            ("display", f"d{i}"),
            ("stdout", f"s{i}"),
        ]
    assert seen == expected


def test_children_keep_their_place_between_prints(client):
    """xeus-lua's child processes write past the notebook."""
    cell = client.run(
        "for i = 1, 10 do\n"
        "  print('before ' .. i)\n"
        "  os.execute('echo child ' .. i)\n"
        "  os.execute('echo trouble ' .. i .. ' >&2')\n"
        "  io.popen('cat', 'w'):write('piped ' .. i .. '\\n'):close()\n"
        "  print('after ' .. i)\n"
        "end"
    ).succeeded()
    expected = []
    for i in range(1, 11):
        expected += [
            ("stdout", f"before {i}\nchild {i}\n"),
            ("stderr", f"trouble {i}\n"),
            ("stdout", f"piped {i}\nafter {i}\n"),
        ]
    joined = []
    for name, text in expected:
        if joined and joined[-1][0] == name:
            joined[-1] = (name, joined[-1][1] + text)
        else:
            joined.append((name, text))
    assert cell.streams == joined


def test_c_code_keeps_its_place_between_prints(client_with_loud):
    cell = client_with_loud.run(
        "for i = 1, 10 do\n"
        "  print('lua ' .. i)\n"
        "  loud.out('fd one ' .. i .. '\\n')\n"
        "  loud.buffered('printf ' .. i .. '\\n')\n"
        "  loud.err('fd two ' .. i .. '\\n')\n"
        "end"
    ).succeeded()
    assert cell.streams == [
        part
        for i in range(1, 11)
        for part in (("stdout", f"lua {i}\nfd one {i}\nprintf {i}\n"), ("stderr", f"fd two {i}\n"))
    ]


def test_what_c_left_in_its_buffer_comes_before_idle(client_with_loud):
    cell = client_with_loud.run("loud.lingering('still here\\n')").succeeded()
    assert cell.text() == "still here\n"


def test_c_output_arrives_while_the_cell_runs(client_with_loud):
    client = client_with_loud
    request = client.execute("loud.out('now\\n') io.read()", allow_stdin=True)
    client.printed(request, "now")
    client.answer(client.question(request), "")
    client.settle(request).succeeded()


def test_more_than_a_pipe_holds_passes_through(client_with_loud):
    cell = client_with_loud.run(
        "for i = 1, 64 do loud.out(('x'):rep(65536)) end\nloud.err(('y'):rep(1 << 20))"
    ).succeeded()
    assert len(cell.text("stdout")) == 64 * 65536
    assert len(cell.text("stderr")) == 1 << 20


def test_a_hundred_thousand_lines_arrive_and_then_idle(client):
    """xeus-lua loses 66,000 of them, and the idle."""
    cell = client.run("for i = 1, 100000 do print(i) end").succeeded()
    assert cell.text().split() == [str(i) for i in range(1, 100_001)]
    assert len(cell.all("stream")) < 5000, "neighbours are joined; JupyterLab allows 1,000 a second"


def test_a_hundred_thousand_lines_arrive_at_three_clients(kernel, connect):
    runs, *watch = [connect(kernel) for _ in range(3)]
    request = runs.execute("for i = 1, 100000 do print(i) end")
    watched = []
    for client in watch:
        thread = threading.Thread(
            target=client.wait,
            args=(lambda c=client: any(m.content.get("execution_state") == "idle" for m in c.foreign), "idle"),
        )
        thread.start()
        watched.append(thread)
    runs.settle(request).succeeded()
    for thread in watched:
        thread.join(60)
    for client in watch:
        text = "".join(m.content["text"] for m in client.foreign if m.type == "stream")
        assert text.split() == [str(i) for i in range(1, 100_001)]


def test_a_client_that_stalls_holds_up_nobody_and_loses_nothing(kernel, client):
    """xeus-lua loses 29,642 lines to it, deno 44,343, xeus-python and bash some."""
    stalled = client.context.socket(zmq.SUB)
    stalled.setsockopt(zmq.RCVHWM, 1)
    stalled.setsockopt(zmq.RCVBUF, 4096)
    stalled.subscribe(b"")
    stalled.connect(client.endpoint("iopub"))
    assert decode(client.key, stalled.recv_multipart()).type == "iopub_welcome"
    cell = client.run("for i = 1, 100000 do print(i) end").succeeded()
    expected = [str(i) for i in range(1, 100_001)]
    assert cell.text().split() == expected
    # Now it reads.
    late = []
    while not late or late[-1].content.get("execution_state") != "idle":
        assert stalled.poll(30_000), "the idle is missing"
        late.append(decode(client.key, stalled.recv_multipart()))
    stalled.close(linger=0)
    assert "".join(m.content["text"] for m in late if m.type == "stream").split() == expected


def test_output_arrives_soon_not_only_at_the_end(client):
    request = client.execute("print('soon') io.read()", allow_stdin=True)
    question = client.question(request)
    client.printed(request, "soon")
    client.answer(question, "")
    client.settle(request)


def test_output_of_a_busy_loop_arrives_while_it_runs(client):
    request = client.execute("print('first') while true do end")
    client.printed(request, "first")
    client.ask("interrupt_request", {}, "control")
    client.settle(request).failed()


def test_a_display_of_a_megabyte_is_whole(client):
    cell = client.run("display.html(('0123456789abcdef'):rep(65536));").succeeded()
    assert cell.all("display_data")[0].content["data"]["text/html"] == "0123456789abcdef" * 65536


def test_five_hundred_cells_unread_lose_no_idle(client):
    """libzmq's PUB and ILua lose idles when the client is slow."""
    requests = [client.execute(f"print({n})") for n in range(500)]
    for n, request in enumerate(requests):
        assert client.settle(request).text() == f"{n}\n"


def test_characters_split_over_writes_stay_whole(client_with_loud):
    """ark reads in kibibytes and cuts what lies on the border."""
    moon = "🌙".encode()
    code = "".join(f"io.write('\\x{byte:02x}') " for byte in moon)
    code += "loud.out('" + "".join(f"\\x{byte:02x}" for byte in moon[:2]) + "') "
    code += "loud.out('" + "".join(f"\\x{byte:02x}" for byte in moon[2:]) + "')"
    assert client_with_loud.run(code).succeeded().text() == "🌙🌙"
    cell = client_with_loud.run("loud.out('x' .. ('🌙'):rep(50000))").succeeded()
    assert cell.text() == "x" + "🌙" * 50_000


def test_output_of_a_child_that_outlives_its_cell_does_not_follow_the_idle(client):
    """The client fails on anything after an idle that has that cell as its parent."""
    client.run("os.execute('(sleep 0.3; echo late) &')").succeeded()
    for _ in range(5):
        client.run("perilune.sleep(0.2)").succeeded()
