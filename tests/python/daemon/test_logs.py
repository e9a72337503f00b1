"""What a kernel logs, where it goes, and what of it can be read again."""

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from datetime import datetime

import pytest
from frontend.wire import encode

CRASHING_C = r"""
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
typedef struct lua_State lua_State;
extern const char *luaL_checklstring(lua_State *, int, size_t *);
extern void lua_pushcclosure(lua_State *, int (*)(lua_State *), int);
extern void lua_createtable(lua_State *, int, int);
extern void lua_setfield(lua_State *, int, const char *);

static int aborts(lua_State *L) {
    dprintf(2, "%s\n", luaL_checklstring(L, 1, 0));
    abort();
}
static int asserts(lua_State *L) { assert(!"the sky is green"); return 0; }
static int frees(lua_State *L) {
    char *memory = malloc(64);
    free(memory + 16);
    return 0;
}
static int writes(lua_State *L) { *(volatile int *)8 = 1; return 0; }
static int deep(volatile char *above) {
    volatile char frame[4096];
    frame[0] = above[0];
    return deep(frame) + frame[0];
}
static int overflows(lua_State *L) { volatile char first = 1; return deep(&first); }

int luaopen_crashing(lua_State *L) {
    lua_createtable(L, 0, 5);
    lua_pushcclosure(L, aborts, 0); lua_setfield(L, -2, "aborts");
    lua_pushcclosure(L, asserts, 0); lua_setfield(L, -2, "asserts");
    lua_pushcclosure(L, frees, 0); lua_setfield(L, -2, "frees");
    lua_pushcclosure(L, writes, 0); lua_setfield(L, -2, "writes");
    lua_pushcclosure(L, overflows, 0); lua_setfield(L, -2, "overflows");
    return 1;
}
"""


@pytest.fixture(scope="session")
def crashing(tmp_path_factory):
    """A folder with a C module that ends the process it is in."""
    folder = tmp_path_factory.mktemp("crashing")
    (folder / "crashing.c").write_text(CRASHING_C)
    compiler = shutil.which("cc") or shutil.which("gcc")
    options = ["-O0", "-w", "-shared", "-fPIC"]
    subprocess.run([compiler, *options, "-o", folder / "crashing.so", folder / "crashing.c"], check=True)
    return folder


def texts(home, *arguments, **options) -> list[str]:
    ended = home.run("kernel", "logs", *arguments, **options)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


def log_a_line(client, level: str = "info") -> None:
    """Each change of the level is a line in the log."""
    reply = client.ask("perilune_log_request", {"level": level}, "control").reply.content
    assert reply["status"] == "ok", reply


def await_ready(home, name: str) -> None:
    """Waits for a kernel that was started in the foreground, where its name comes in a moment."""
    deadline = time.monotonic() + 60
    while (ended := home.run("kernel", "wait", name)).returncode:
        assert time.monotonic() < deadline, ended.stderr


def unsigned(client) -> list[bytes]:
    """A message that another key has signed: one to warn of."""
    header = json.dumps(client.header("kernel_info_request")).encode()
    return encode(b"another key", header, b"{}")


def test_a_daemon_logs_into_its_folder_and_says_where(home, daemon):
    kernel = daemon("own")
    assert kernel.about["log"] == str(home.folder("own") / "kernel.log")
    line = kernel.log.splitlines()[0]
    matched = re.fullmatch(r"(\S+Z) INFO  perilune\S*: the kernel listens connection_file=\S+", line)
    written = datetime.fromisoformat(matched[1])
    assert abs(written.timestamp() - time.time()) < 120 and re.search(r"\.\d{3}Z$", matched[1])
    assert texts(home, "own") == kernel.log.splitlines()


def test_a_log_of_objects(home, daemon):
    kernel = daemon("own", "--log-format", "json")
    entries = [json.loads(line) for line in kernel.log.splitlines()]
    assert all(list(entry) == ["timestamp", "level", "target", "message", "fields"] for entry in entries)
    [listens] = [entry for entry in entries if entry["message"] == "the kernel listens"]
    assert listens["fields"] == {"connection_file": kernel.about["connection_file"]}


def test_a_log_where_its_user_wants_it(home, daemon):
    kernel = daemon("own", "--log-file", "mine.log")
    assert kernel.about["log"] == str(home.work / "mine.log")
    assert "the kernel listens" in kernel.log and not (home.folder("own") / "kernel.log").exists()
    assert texts(home, "own") == kernel.log.splitlines()


def test_a_file_that_is_no_log_stops_the_start_and_is_left_as_it_is(home):
    (home.work / "precious").write_text("precious")
    (home.work / "link.log").symlink_to(home.work / "precious")
    ended = home.run("kernel", "start", "--daemon", "--log-file", "link.log")
    assert ended.returncode == 1 and "link.log cannot be a log: it is a link" in ended.stderr
    assert (home.work / "precious").read_text() == "precious"


def test_the_level_is_changed_at_run_time(home, daemon):
    kernel = daemon("own", "--log-level", "warn")
    assert kernel.log == ""
    ended = home.run("kernel", "logs", "own", "--set-level", "warn,perilune=debug")
    assert (ended.returncode, ended.stdout) == (0, "own logs warn,perilune=debug now, and logged warn before\n")
    assert "the level of the log has changed" in kernel.log
    ended = home.run("kernel", "logs", "own", "--set-level", "error", "--json")
    assert json.loads(ended.stdout) == {"schema_version": 1, "name": "own", "old": "warn,perilune=debug", "new": "error"}
    before = kernel.log
    client = kernel.connect()
    client.throw(unsigned(client))
    client.ask("kernel_info_request")
    assert kernel.log == before, "a warning is not as grave as that"
    reply = client.ask("perilune_log_request", {"level": "loud"}, "control").reply.content
    assert reply["status"] == "error" and "loud" in reply["evalue"]
    client.close()


def test_a_kernel_that_is_not_running_has_no_level(home):
    ended = home.run("kernel", "logs", "nobody", "--set-level", "debug")
    assert ended.returncode == 3 and ended.stdout == ""


def test_the_log_is_rotated_while_a_real_kernel_writes_and_somebody_follows(home, daemon):
    settings = ["--set", "log.max_size=4096B", "--set", "log.gzip=true", "--set", "log.keep=1000"]
    kernel = daemon("own", *settings)
    follower = home.command("kernel", "logs", "own", "--follow")
    client = kernel.connect()
    for number in range(400):
        log_a_line(client, f"perilune=info,number{number}=error")
    client.close()
    kernel.terminate()
    followed, said = follower.communicate(timeout=60)
    assert (follower.returncode, said) == (0, "perilune: own has ended\n")
    numbers = [int(match[1]) for match in re.finditer(r"new=\S*number(\d+)", followed)]
    assert numbers == list(range(400)), "each once, in order"
    assert texts(home, "own") == followed.splitlines()
    files = sorted(path.name for path in home.folder("own").glob("kernel.log*"))
    assert len(files) > 10 and sum(name.endswith(".gz") for name in files) >= 8, files
    assert all((home.folder("own") / name).stat().st_mode & 0o777 == 0o600 for name in files)
    compressed = home.folder("own") / next(name for name in files if name.endswith(".gz"))
    assert gzip.decompress(compressed.read_bytes()).decode().endswith("\n")


def test_what_c_and_children_write_after_a_rotation_is_in_the_new_file(home, daemon):
    """The kernel's own standard error, as it was kept, leads there too."""
    kernel = daemon("own", "--set", "log.max_size=4096B", "--log-level", "perilune=info")
    client = kernel.connect()
    for number in range(100):
        log_a_line(client, f"perilune=info,number{number}=error")
    client.close()
    log = home.folder("own") / "kernel.log"
    descriptors = [os.readlink(f"/proc/{kernel.pid}/fd/{number}") for number in os.listdir(f"/proc/{kernel.pid}/fd")]
    leading = [path for path in descriptors if "kernel.log" in path]
    assert set(leading) == {str(log)} and len(leading) >= 3


def test_a_restart_goes_on_in_the_same_log(home, daemon):
    daemon("own").terminate()
    daemon("own").terminate()
    assert sum("the kernel listens" in line for line in texts(home, "own")) == 2


def test_a_log_outlives_its_kernel(home, daemon):
    kernel = daemon("own")
    kernel.kill()
    assert "the kernel listens" in texts(home, "own")[0]
    ended = home.run("kernel", "logs", "own", "--follow")
    assert ended.returncode == 0 and "the kernel listens" in ended.stdout
    assert ended.stderr == "perilune: own has ended\n"


def test_a_part_of_the_log(home, daemon):
    kernel = daemon("own", "--log-level", "debug")
    kernel.run("return 1")
    kernel.terminate()
    log = home.folder("own") / "kernel.log"
    lines = [
        "2020-01-01T00:00:00.000Z WARN  old: a warning of old",
        "what a library said then",
        "2099-01-01T00:00:00.000Z WARN  new: a warning to come",
        "what a library will say\x1b[2J",
        "2099-01-01T00:00:01.000Z ERROR new: an error to come",
        "half a li",
    ]
    whole = log.read_text()
    log.write_text(lines[0] + "\n" + lines[1] + "\n" + whole + "\n".join(lines[2:]))
    assert len(texts(home, "own")) == len(whole.splitlines()) + 6
    last = [*lines[2:3], r"what a library will say\u{1b}[2J", *lines[4:]]
    assert texts(home, "own", "-n", "3") == last[1:], "control characters reach no terminal"
    assert texts(home, "own", "--since", "2098-12-31T23:59:59Z") == last
    assert texts(home, "own", "--since", "1h")[-4:] == last
    assert lines[0] not in texts(home, "own", "--since", "1h")
    grave = texts(home, "own", "--level", "warn")
    assert lines[0] in grave and last[2] in grave and not any(" DEBUG " in line for line in grave)
    objects = [json.loads(line) for line in texts(home, "own", "--json", "--since", "2098-12-31T23:59:59Z")]
    assert [(it["schema_version"], it["level"], it["target"]) for it in objects] == [
        (1, "WARN", "new"),
        (1, None, None),
        (1, "ERROR", "new"),
        (1, None, None),
    ]
    assert objects[1]["message"] == "what a library will say\x1b[2J" and objects[3]["message"] == "half a li"
    ended = home.run("kernel", "logs", "own", "--since", "yesterday")
    assert ended.returncode == 2 and "expected a time such as" in ended.stderr


def test_a_kernel_without_a_log_of_its_own_says_so(home, daemon):
    process = home.command("kernel", "start", "--name", "here")
    await_ready(home, "here")
    ended = home.run("kernel", "logs", "here")
    assert ended.returncode == 1 and "it logs to where it was started" in ended.stderr
    process.terminate()
    process.communicate(timeout=30)


@pytest.mark.parametrize(
    ("crash", "signalled", "said"),
    [
        ("crashing.aborts('the last that C said')", signal.SIGABRT, "the last that C said"),
        ("crashing.asserts()", signal.SIGABRT, "the sky is green"),
        ("crashing.frees()", signal.SIGABRT, "free"),
        ("crashing.writes()", signal.SIGSEGV, "SIGSEGV"),
        ("crashing.overflows()", signal.SIGABRT, "stack overflow"),
    ],
    ids=["abort", "assert", "free", "fault", "overflow"],
)
@pytest.mark.parametrize("format", ["text", "json"])
def test_why_a_kernel_crashed_is_in_its_log(home, daemon, crashing, crash, signalled, said, format):
    kernel = daemon("own", "--log-format", format)
    client = kernel.connect()
    client.run(f"package.cpath = '{crashing}/?.so;' .. package.cpath\ncrashing = require 'crashing'").succeeded()
    client.execute(crash)
    assert kernel.is_gone()
    client.close()
    entries = [json.loads(line) for line in texts(home, "own", "--json")]
    told = [entry["message"] for entry in entries if entry["target"] == "perilune_daemon::crash"]
    assert any(f"the process is ended by {signalled.name}" in message for message in told), kernel.log
    assert any(said in message for message in told), kernel.log
    assert all(entry["level"] == "ERROR" for entry in entries if entry["message"] in told)


def test_who_runs_it_sees_how_a_crash_ended_it(start, connect, crashing):
    kernel = start()
    client = connect(kernel)
    client.run(f"package.cpath = '{crashing}/?.so;' .. package.cpath\ncrashing = require 'crashing'").succeeded()
    client.execute("crashing.aborts('no more')")
    assert kernel.wait(30) == -signal.SIGABRT
    assert "the process is ended by SIGABRT" in kernel.log.read_text() and "no more" in kernel.log.read_text()


def test_no_secret_is_in_any_log_dump_or_figure(home, daemon):
    kernel = daemon("own", "--log-level", "trace", "--health", "127.0.0.1:0")
    secret = kernel.connection["key"]
    token = (home.folder("own") / "health-token").read_text().strip()
    client = kernel.connect()
    client.run("print('something to trace')").succeeded()
    client.throw(unsigned(client))
    client.ask("usage_request", channel="control")
    dumped = client.ask("perilune_dump_request", {}, "control").reply.content
    assert dumped["status"] == "ok", dumped
    address = home.record("own")["health"]
    asked = urllib.request.Request(f"{address}/metrics", headers={"Authorization": f"Bearer {token}"})
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(asked, timeout=20) as answer:
        figures = answer.read()
    client.close()
    status = home.run("kernel", "status", "own", "--json")
    kernel.terminate()
    kept = [path for path in home.folder("own").rglob("*") if path.is_file() and path.name != "health-token"]
    assert any("kernel.log" in path.name for path in kept) and any("dumps" in path.parts for path in kept)
    everything = {str(path): path.read_bytes() for path in kept}
    everything |= {"figures": figures, "status": (status.stdout + status.stderr).encode()}
    everything |= {str(path): path.read_bytes() for path in home.registry.iterdir()}
    for place, content in everything.items():
        for canary in (secret, token):
            assert canary.encode() not in content, place


def test_the_journal_of_systemd_is_told_how_grave_a_line_is(home):
    """It marks its stream by device and inode, and has the time itself."""
    reader, writer = os.pipe()
    about = os.fstat(writer)
    environment = {"JOURNAL_STREAM": f"{about.st_dev}:{about.st_ino}"}
    options = {"environment": environment, "stderr": writer}
    process = home.command("kernel", "start", "--name", "own", "--log-level", "info", **options)
    os.close(writer)
    await_ready(home, "own")
    process.terminate()
    process.communicate(timeout=30)
    with os.fdopen(reader) as stream:
        lines = stream.read().splitlines()
    [listens] = [line for line in lines if "the kernel listens" in line]
    assert re.match(r"<6>INFO  perilune", listens), lines


def test_a_full_disk_costs_lines_of_the_log_alone_and_is_told(start, connect, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    script = 'mount -t tmpfs -o size=32k tmpfs "$1" && shift && exec "$@"'
    prefix = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(disk)]
    kernel = start(prefix=prefix, arguments=("--log-file", str(disk / "kernel.log"), "--log-level", "info"))
    client = connect(kernel)
    # What is mounted there only the kernel sees.
    seen = f"/proc/{kernel.pid}/root{disk}"
    # One page is left for the log after its first.
    client.run(f"local f = io.open('{disk}/filler', 'w'); f:setvbuf('no'); while f:write(('x'):rep(512)) do end; f:close()")
    for number in range(400):
        log_a_line(client, f"perilune=info,number{number}=error")
    assert client.run("return 6 * 7").plain == "42"
    written = open(f"{seen}/kernel.log").read()
    assert written.endswith("\n") and "number399" not in written, "the disk is full"
    client.run(f"assert(os.remove('{disk}/filler'))").succeeded()
    log_a_line(client, "perilune=info,number400=error")
    lines = open(f"{seen}/kernel.log").read().splitlines()
    numbers = [int(match[1]) for line in lines if (match := re.search(r"new=\S*number(\d+)", line))]
    lost = [int(match[1]) for line in lines if (match := re.search(r": (\d+) lines lost: ", line))]
    assert numbers == [*range(len(numbers) - 1), 400] and lost == [401 - len(numbers)]
    assert all(re.match(r"\S+Z (INFO |ERROR|WARN ) ", line) for line in lines), "none is torn"
