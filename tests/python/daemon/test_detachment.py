"""A daemon has nothing of the terminal it was started in: each step is read back from /proc."""

import fcntl
import json
import os
import pty
import signal
import subprocess
import termios
import threading

import psutil
import pytest
from frontend import Frontend


class Proc:
    """What the system says of a process (proc(5))."""

    def __init__(self, pid: int):
        self.pid = pid
        self.status = dict(line.split(":\t", 1) for line in self.read("status").splitlines())
        fields = self.read("stat").rsplit(")", 1)[1].split()
        self.ppid, self.group, self.session, self.terminal = (int(field) for field in fields[1:5])

    def read(self, name: str) -> str:
        with open(f"/proc/{self.pid}/{name}") as file:
            return file.read()

    def signals(self, kind: str) -> set[int]:
        """SigBlk, SigIgn or SigCgt, of all threads."""
        mask = int(self.status[kind], 16)
        return {number for number in range(1, 65) if mask >> number - 1 & 1}

    def descriptors(self) -> dict[int, str]:
        found = {}
        for number in os.listdir(f"/proc/{self.pid}/fd"):
            try:
                found[int(number)] = os.readlink(f"/proc/{self.pid}/fd/{number}")
            except FileNotFoundError:
                continue
        return found

    @property
    def folder(self) -> str:
        return os.readlink(f"/proc/{self.pid}/cwd")


def test_it_has_a_session_of_its_own_that_it_does_not_lead_and_no_terminal(daemon):
    process = Proc(daemon().pid)
    assert process.session != os.getsid(0)
    assert process.pid != process.session, "who leads no session gets no terminal by opening one"
    assert process.group == process.session
    assert process.terminal == 0


def test_whoever_started_it_is_not_its_parent(home, daemon):
    process = Proc(daemon().pid)
    parent = psutil.Process(process.ppid)
    # The process that adopts orphans: the first one, or a supervisor that asked for it.
    assert process.ppid == 1 or process.ppid in [ancestor.pid for ancestor in psutil.Process().parents()], parent
    assert parent not in home.processes()


def test_its_folder_is_the_root_and_its_umask_027(daemon):
    process = Proc(daemon().pid)
    assert process.folder == "/"
    assert process.status["Umask"] == "0027"


def test_standard_input_is_empty_and_the_output_goes_into_the_kernel_and_its_log(home, daemon):
    kernel = daemon()
    descriptors = Proc(kernel.pid).descriptors()
    assert descriptors[0] == "/dev/null"
    # Taken over by the kernel, for what C code and children write.
    assert descriptors[1].startswith(("socket:", "pipe:")) and descriptors[2].startswith(("socket:", "pipe:"))
    assert kernel.about["log"] in descriptors.values()
    answer = kernel.run("io.stdout:write('out\\n') os.execute('echo child; echo failed >&2')")
    assert answer.text() == "out\nchild\n" and answer.text("stderr") == "failed\n"


def test_nothing_that_the_shell_had_open_stays_open(home):
    reader, writer = os.pipe()
    folder = os.open(home.path, os.O_RDONLY)
    high = 900
    os.dup2(folder, high)
    try:
        ended = home.run("kernel", "start", "--daemon", pass_fds=(reader, writer, folder, high))
        assert ended.returncode == 0, ended.stderr
        theirs = {os.readlink(f"/proc/self/fd/{number}") for number in (reader, folder)}
        held = Proc(home.record()["pid"]).descriptors()
        assert not theirs & set(held.values()), held
        os.close(writer)
        assert os.read(reader, 1) == b"", "nobody holds the other end"
    finally:
        for number in (reader, folder, high):
            os.close(number)


def test_no_signal_is_blocked_or_ignored_but_a_broken_pipe(home):
    """Whatever the starter was told: `nohup` ignores SIGHUP, a shell SIGINT for what it runs behind."""

    def deafen():
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR1):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR2, signal.SIGALRM})

    ended = home.run("kernel", "start", "--daemon", preexec_fn=deafen)
    assert ended.returncode == 0, ended.stderr
    process = Proc(home.record()["pid"])
    assert process.signals("SigIgn") == {signal.SIGPIPE}
    assert process.signals("SigCgt") >= {signal.SIGHUP, signal.SIGINT, signal.SIGTERM}
    for thread in os.listdir(f"/proc/{process.pid}/task"):
        blocked = Proc(int(thread)).signals("SigBlk")
        assert not blocked & {signal.SIGTERM, signal.SIGUSR2, signal.SIGALRM}, thread


def test_it_outlives_the_terminal_it_was_started_in(home):
    leader, follower = pty.openpty()
    shell = subprocess.Popen(
        ["sh", "-c", '"$PERILUNE" kernel start --daemon && kill -HUP $$'],
        env=home.environment | {"PERILUNE": str(home.binary)},
        cwd=home.work,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(follower)
    said = b""
    while b"log  " not in said:
        said += os.read(leader, 4096)
    assert shell.wait(30) == -signal.SIGHUP
    # The terminal goes, and all that it controls is hung up.
    os.close(leader)
    record = home.record()
    os.kill(record["pid"], signal.SIGHUP)
    client = Frontend(json.loads(home.connection_file().read_text()))
    assert client.run("return 'still here'").plain == '"still here"'
    client.close()
    assert Proc(record["pid"]).terminal == 0


def test_what_the_environment_says_of_the_starter_alone_is_forgotten(home, daemon):
    """A daemon that a notebook's cell starts would otherwise end with that notebook's kernel."""
    theirs = {
        "JPY_PARENT_PID": "1",
        "JPY_SESSION_NAME": "a.ipynb",
        "LISTEN_FDS": "1",
        "LISTEN_PID": "1",
        "NOTIFY_SOCKET": "/run/theirs",
        "WATCHDOG_USEC": "1000000",
        "OLDPWD": "/somewhere",
        "PWD": str(home.work),
    }
    kernel = daemon("own", environment=theirs | {"SSH_AUTH_SOCK": "/agent", "MINE": "kept"})
    # What a child gets; /proc has what the process began with.
    variables = dict(line.split("=", 1) for line in kernel.run("os.execute 'env'").text().splitlines())
    assert not (set(theirs) - {"PWD"}) & set(variables)
    assert variables["PWD"] == "/"
    assert (variables["MINE"], variables["SSH_AUTH_SOCK"]) == ("kept", "/agent")


def test_a_folder_for_relative_paths_is_asked_for(home, daemon):
    (home.work / "data.csv").write_text("1,2\n")
    kernel = daemon("here", "--cwd", ".")
    process = Proc(kernel.pid)
    assert process.folder == str(home.work)
    assert kernel.run("return os.getenv 'PWD'").plain.strip('"') == str(home.work)
    assert kernel.run("return io.open('data.csv'):read()").plain == '"1,2"'


def test_modules_of_a_project_are_found_only_where_one_is_named(home, daemon):
    (home.work / "mine.lua").write_text("return 'mine'")
    modules = home.work / "lua_modules/share/lua/5.4"
    modules.mkdir(parents=True)
    (modules / "rock.lua").write_text("return 'rock'")
    stranger = daemon("stranger", "--cwd", ".")
    assert "module 'mine' not found" in stranger.run("require 'mine'").content["evalue"]
    member = daemon("member", "--project", ".")
    assert member.run("return require 'rock' .. require 'mine'").plain == '"rockmine"'
    assert Proc(member.pid).folder == str(home.work), "a project is worked on in its folder"
    guest = daemon("guest", "--project", ".", "--cwd", "/")
    assert (Proc(guest.pid).folder, guest.run("return (require 'rock')").plain) == ("/", '"rock"')


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_starter_without_standard_descriptors_starts_a_kernel_like_any_other(home, closed):
    script = f'"$PERILUNE" kernel start --daemon {closed}'
    ended = subprocess.run(
        ["sh", "-c", script], env=home.environment | {"PERILUNE": str(home.binary)}, cwd=home.work, timeout=60, capture_output=True
    )
    assert ended.returncode == 0, ended
    process = Proc(home.record()["pid"])
    assert process.descriptors()[0] == "/dev/null"


def test_a_dozen_that_start_side_by_side_share_nothing(home):
    """The fork of a process with threads would hang now and then."""
    codes = {}

    def start(number: int) -> None:
        codes[number] = home.run("kernel", "start", "--daemon", "--name", f"k{number}", "--no-history").returncode

    threads = [threading.Thread(target=start, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(codes.values()) == {0}
    records = [home.record(f"k{number}") for number in range(12)]
    assert len({record["pid"] for record in records}) == len({record["id"] for record in records}) == 12
