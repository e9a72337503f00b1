"""A name is one kernel's, whatever lies in the place of its PID file: the lock is the truth."""

import fcntl
import json
import os
import shutil
import socket
import stat
import subprocess
import threading
import time
from pathlib import Path

import psutil
import pytest

from .home import AS_ROOT, NOBODY
from .lives import until

RUNNING_ALREADY = 5


def start(home, name: str = "default", **options):
    return home.run("kernel", "start", "--daemon", "--name", name, "--json", **options)


def starts(home, name: str = "default") -> dict:
    """Starts a kernel, which must go well although something lies in its way."""
    ended = start(home, name)
    assert ended.returncode == 0, ended.stderr
    about = json.loads(ended.stdout)
    assert int(home.pid_file(name).read_text().split()[0]) == about["pid"]
    return about


def refused(home, *words: str) -> str:
    """The start is refused, with words for a person."""
    ended = start(home)
    assert ended.returncode == 1 and ended.stdout == "", ended
    for word in ("the kernel default", *words):
        assert word in ended.stderr, (word, ended.stderr)
    until(lambda: not home.processes(), "end of the daemon")
    return ended.stderr


def give_to_nobody(*paths: Path) -> None:
    subprocess.run([*AS_ROOT, "chown", "--recursive", f"{NOBODY}:{NOBODY}", *paths], check=True)


def as_nobody(command: list, environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess:
    """Runs a command as another user, with this environment alone."""
    user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    variables = ["env", "-i", *(f"{name}={value}" for name, value in environment.items())]
    return subprocess.run(
        [*AS_ROOT, *user, *variables, *command], cwd=folder, capture_output=True, text=True, timeout=60
    )


@pytest.fixture
def registry(home) -> Path:
    """The folder of PID files, before the first kernel."""
    home.registry.mkdir(parents=True, mode=0o700)
    return home.registry


def test_it_tells_who_holds_it_since_when_and_in_which_life_of_the_machine(home, daemon):
    kernel = daemon("own")
    number, started, boot = home.pid_file("own").read_text().splitlines()
    fields = Path(f"/proc/{kernel.pid}/stat").read_text().rsplit(")", 1)[1].split()
    assert number == str(kernel.pid)
    assert started == f"started {fields[19]}"
    assert boot == f"boot {Path('/proc/sys/kernel/random/boot_id').read_text().strip()}"
    assert stat.S_IMODE(home.pid_file("own").stat().st_mode) == 0o600


def test_the_lock_is_held_for_life_and_goes_with_it(home, daemon):
    kernel = daemon("own")
    with open(home.pid_file("own")) as file:
        with pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        kernel.kill()
        # Its threads end one after another; the last of them gives the lock back.
        fcntl.flock(file, fcntl.LOCK_EX)


def test_a_second_start_is_refused_and_names_the_first(home, daemon):
    kernel = daemon("own")
    before = home.pid_file("own").read_bytes()
    ended = start(home, "own")
    assert ended.returncode == RUNNING_ALREADY and ended.stdout == ""
    assert ended.stderr == (
        f"perilune: the kernel own: it is running already, as process {kernel.pid}, which holds {home.pid_file('own')}\n"
    )
    assert home.pid_file("own").read_bytes() == before
    assert kernel.run("return 1").plain == "1"


def test_named_kernels_live_side_by_side(home, daemon):
    kernels = [daemon(name) for name in ("one", "two", "two.json", "three_3-3")]
    for number, kernel in enumerate(kernels):
        kernel.run(f"mine = {number}")
    assert [kernel.run("return mine").plain for kernel in kernels] == ["0", "1", "2", "3"]
    kernels[1].terminate()
    assert start(home, "one").returncode == RUNNING_ALREADY
    assert {path.name for path in home.registry.iterdir()} == {
        f"{name}.{kind}" for name in ("one", "two.json", "three_3-3") for kind in ("pid", "json")
    }


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "-x", "a b", "x" * 65, "ü", "a\nb"])
def test_a_name_that_is_none_is_wrong_usage(home, name):
    ended = home.run("kernel", "start", "--daemon", f"--name={name}")
    assert ended.returncode == 2 and "no name for a kernel" in ended.stderr
    assert not home.state.exists()


def test_of_fifty_that_start_at_once_one_wins_and_the_others_say_so(home):
    began = time.monotonic()
    processes = [home.command("kernel", "start", "--daemon", "--json") for _ in range(50)]
    ended = [(process.communicate(timeout=60), process.returncode) for process in processes]
    took = time.monotonic() - began
    winners = [json.loads(out) for (out, _), code in ended if code == 0]
    assert len(winners) == 1
    pid = winners[0]["pid"]
    losers = [err for (_, err), code in ended if code == RUNNING_ALREADY]
    assert len(losers) == 49
    assert all(f"as process {pid}," in err for err in losers), losers
    assert [process.pid for process in home.processes()] == [pid]
    assert took < 30


def test_a_stale_file_is_taken_over(home, daemon):
    """What a kernel that was killed leaves: PID file, record, connection file."""
    kernel = daemon("own")
    kernel.kill()
    assert home.pid_file("own").exists() and home.connection_file("own").exists()
    about = starts(home, "own")
    assert about["pid"] != kernel.pid and about["id"] != kernel.about["id"]


def test_a_number_that_is_another_processs_now_is_stale(home, registry):
    """The number lives, but began at another time, or in another life of the machine."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    other = subprocess.Popen(["sleep", "600"])
    try:
        began = int(Path(f"/proc/{other.pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
        for text in (
            f"{other.pid}\nstarted {began - 1}\nboot {boot}\n",
            f"{other.pid}\nstarted {began}\nboot 00000000-0000-0000-0000-000000000000\n",
            f"{other.pid}\nstarted {began}\nboot {boot}\n",
            f"{other.pid}\n",
            f"{os.getpid()}\n",
            "1\n",
        ):
            home.pid_file().write_text(text)
            home.pid_file().chmod(0o600)
            about = starts(home)
            psutil.Process(about["pid"]).kill()
            assert other.poll() is None, "nobody harms it"
            while home.processes():
                time.sleep(0.01)
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize(
    "garbage",
    [b"", b"\n", b"\0" * 4096, b"-1\n", b"0\n", b"99999999999999999999\n", b"twelve\n", b"1 2 3", b"\xff\xfe", b"x" * 100_000],
    ids=repr,
)
def test_garbage_is_nobody(home, registry, garbage):
    home.pid_file().write_bytes(garbage)
    home.pid_file().chmod(0o600)
    starts(home)


def test_a_link_is_not_followed(home, registry):
    for target in (home.path / "victim", home.path / "missing"):
        if target.name == "victim":
            target.write_text("precious\n")
        home.pid_file().symlink_to(target)
        refused(home, str(home.pid_file()), "it is a link")
        assert home.pid_file().is_symlink()
        home.pid_file().unlink()
    assert (home.path / "victim").read_text() == "precious\n" and not (home.path / "missing").exists()


def test_a_second_name_of_another_file_is_not_written_to(home, registry):
    victim = home.path / "victim"
    victim.write_text("precious\n")
    home.pid_file().hardlink_to(victim)
    refused(home, "it has another name too")
    assert victim.read_text() == "precious\n"


@pytest.mark.parametrize("kind", ["folder", "fifo", "socket", "device"])
def test_what_is_no_file_is_refused_at_once(home, registry, kind):
    """A named pipe that nobody reads would hold an open() for ever."""
    path = home.pid_file()
    match kind:
        case "folder":
            path.mkdir()
        case "fifo":
            os.mkfifo(path, 0o600)
        case "socket":
            socket.socket(socket.AF_UNIX).bind(str(path))
        case "device":
            subprocess.run([*AS_ROOT, "mknod", "--mode=600", path, "c", "1", "3"], check=True)
    began = time.monotonic()
    refused(home, str(path), "is not a PID file of ours")
    assert time.monotonic() - began < 10
    assert os.path.lexists(path)


def test_a_file_of_another_user_is_refused(home, registry):
    home.pid_file().write_text("1\n")
    give_to_nobody(home.pid_file())
    refused(home, "it belongs to another user")
    assert home.pid_file().stat().st_uid == NOBODY


def test_a_file_that_others_may_write_to_is_refused(home, registry):
    home.pid_file().touch()
    home.pid_file().chmod(0o666)
    refused(home, "others may write to it")


def test_a_lock_that_a_stranger_holds_is_respected(home, registry):
    """Whoever holds the lock has the name; that the number says nothing of them is said."""
    home.pid_file().write_text("garbage")
    home.pid_file().chmod(0o600)
    with open(home.pid_file()) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        ended = start(home)
    assert ended.returncode == RUNNING_ALREADY and "starting already" in ended.stderr
    starts(home)


def test_who_only_looks_is_in_nobodys_way(home, registry):
    home.pid_file().touch(0o600)
    with open(home.pid_file()) as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        threading.Timer(0.2, lambda: fcntl.flock(file, fcntl.LOCK_UN)).start()
        starts(home)


def test_a_file_that_is_removed_while_its_kernel_lives_is_no_licence(home, daemon):
    """The lock goes with the file: another start gets the name, and the first kernel stays whole."""
    first = daemon("own")
    home.pid_file("own").unlink()
    second = starts(home, "own")
    first.terminate()
    assert int(home.pid_file("own").read_text().split()[0]) == second["pid"], "it removes what is its own"


def test_another_users_folder_is_refused(home, registry):
    registry.chmod(0o755)
    give_to_nobody(registry)
    error = refused(home, str(registry), f"it belongs to the user {NOBODY}")
    assert list(registry.iterdir()) == [], error


def test_a_folder_that_is_open_to_others_is_closed_to_them(home, registry):
    registry.chmod(0o777)
    home.state.chmod(0o755)
    starts(home)
    assert stat.S_IMODE(registry.stat().st_mode) == stat.S_IMODE(home.state.stat().st_mode) == 0o700


@pytest.mark.parametrize("level", ["state", "registry"])
def test_a_folder_that_is_a_link_is_refused(home, level):
    elsewhere = home.path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    folder = getattr(home, level)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(elsewhere)
    refused(home, str(folder), "it is a link")
    assert list(elsewhere.iterdir()) == []


def test_users_do_not_see_each_other(home, perilune):
    """Another user, with a home of their own, may have a kernel of the same name."""
    starts(home)
    theirs = Path(shutil.copytree(home.work, home.path.parent / f"{home.path.name}-nobody"))
    binary = theirs / "perilune"
    shutil.copy(perilune, binary)
    theirs.chmod(0o755)
    binary.chmod(0o755)
    give_to_nobody(theirs)
    try:
        environment = {"PATH": os.environ["PATH"], "HOME": str(theirs)}
        ended = as_nobody([binary, "kernel", "start", "--daemon", "--json"], environment, theirs)
        assert ended.returncode == 0, ended.stderr
        subprocess.run([*AS_ROOT, "kill", "-KILL", str(json.loads(ended.stdout)["pid"])], check=True)
        # In our folders they are refused before anything is touched.
        environment["XDG_STATE_HOME"] = str(home.path / "state")
        ended = as_nobody([binary, "kernel", "start", "--daemon"], environment, theirs)
        assert ended.returncode == 1 and "Permission denied" in ended.stderr, ended
    finally:
        subprocess.run([*AS_ROOT, "rm", "-r", theirs], check=True)


def test_a_kernel_that_jupyter_launches_is_registered_but_nothing_stops_it(start, connect, home):
    """`kernel list` shows every kernel of the user; a notebook opens, whatever happens here."""
    variables = {"XDG_STATE_HOME": str(home.path / "state")}
    kernel = launch(start, variables)
    assert connect(kernel).run("return 1").plain == "1"
    assert home.record("kernel")["pid"] == kernel.pid
    assert home.record("kernel")["connection_file"] == str(kernel.connection_file)
    twin = launch(start, variables)
    assert connect(twin).run("return 2").plain == "2"
    assert home.record(f"kernel-{twin.pid}")["pid"] == twin.pid
    shutil.rmtree(home.state)
    home.state.write_text("in the way")
    lonely = launch(start, variables)
    assert connect(lonely).run("return 3").plain == "3"
    assert "will not find this kernel" in lonely.log.read_text()


def launch(start, variables):
    return start(environment=variables)
