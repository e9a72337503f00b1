"""A user's home, and the kernels that live in it without a terminal."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from frontend import Frontend, gone

# What only root may do: to be another user.
AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]
NOBODY = 65534
# Long, because the machine may be busy with other things.
PATIENCE = 60.0


class Home:
    """Folders of a user's own, as a login would name them, and `perilune` as that user runs it."""

    def __init__(self, binary: Path):
        self.binary = binary
        # Short: the paths of Unix sockets in it may have 107 bytes.
        self.path = Path(tempfile.mkdtemp(prefix="perilune-"))
        self.work = self.path / "work"
        self.work.mkdir()
        self.environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self.path),
            "JUPYTER_DATA_DIR": str(self.path / "jupyter"),
            "JUPYTER_RUNTIME_DIR": str(self.path / "jupyter/runtime"),
            "XDG_CONFIG_HOME": str(self.path / "config"),
            "XDG_DATA_HOME": str(self.path / "data"),
            "XDG_RUNTIME_DIR": str(self.path / "runtime"),
            "XDG_STATE_HOME": str(self.path / "state"),
        }
        Path(self.environment["XDG_RUNTIME_DIR"]).mkdir(mode=0o700)

    @property
    def state(self) -> Path:
        return self.path / "state/perilune"

    @property
    def registry(self) -> Path:
        """The PID files and records of all kernels of this user."""
        return self.state / "run"

    def folder(self, name: str = "default") -> Path:
        """What one kernel keeps: its log, journal and state."""
        return self.state / "kernels" / name

    def pid_file(self, name: str = "default") -> Path:
        return self.registry / f"{name}.pid"

    def record(self, name: str = "default") -> dict:
        """What the kernel says of itself."""
        return json.loads((self.registry / f"{name}.json").read_text())

    def connection_file(self, name: str = "default") -> Path:
        return self.path / f"jupyter/runtime/kernel-perilune-{name}.json"

    def command(
        self, *arguments, environment: dict[str, str | None] | None = None, prefix: tuple = (), **options
    ) -> subprocess.Popen:
        """Starts `perilune`, by another command if there is a prefix; a variable that is None is not set."""
        variables = self.environment | (environment or {})
        defaults = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": self.work}
        return subprocess.Popen(
            [*prefix, self.binary, *arguments],
            env={name: value for name, value in variables.items() if value is not None},
            text=True,
            **defaults | options,
        )

    def run(self, *arguments, input: str | None = None, timeout: float = PATIENCE, **options) -> subprocess.CompletedProcess:
        """Runs `perilune` to its end."""
        if input is not None:
            options["stdin"] = subprocess.PIPE
        process = self.command(*arguments, **options)
        try:
            stdout, stderr = process.communicate(input, timeout)
        finally:
            process.kill()
            process.wait()
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def processes(self) -> list[psutil.Process]:
        """Whatever lives in this home, which only this test knows."""
        found = []
        for process in psutil.process_iter():
            try:
                is_ours = process.environ().get("HOME") == str(self.path) and process.pid != os.getpid()
                # What has ended and was not yet waited for is nobody's any more.
                if is_ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def close(self) -> None:
        """Ends what is left, the hard way."""
        while left := self.processes():
            for process in left:
                try:
                    process.kill()
                except psutil.NoSuchProcess:
                    pass
            for process in left:
                assert gone(process, PATIENCE), process
        shutil.rmtree(self.path, ignore_errors=True)


@dataclass
class Daemon:
    """A kernel that was started with `--daemon`, and what the start said of it."""

    home: Home
    name: str
    about: dict

    @property
    def pid(self) -> int:
        return self.about["pid"]

    @property
    def process(self) -> psutil.Process:
        return psutil.Process(self.pid)

    @property
    def log(self) -> str:
        return Path(self.about["log"]).read_text()

    @property
    def connection(self) -> dict:
        """What its connection file holds."""
        return json.loads(Path(self.about["connection_file"]).read_text())

    def connect(self, **options) -> Frontend:
        """A front end; the caller closes it."""
        return Frontend(self.connection, **options)

    def run(self, code: str):
        """Runs a cell, as a front end that comes and goes."""
        client = self.connect()
        try:
            return client.run(code)
        finally:
            client.close()

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def is_gone(self, seconds: float = PATIENCE) -> bool:
        """Whether it ends within that time."""
        try:
            return gone(self.process, seconds)
        except psutil.NoSuchProcess:
            return True

    def kill(self) -> None:
        """Ends it as no process can resist, and waits for it."""
        self.signal(signal.SIGKILL)
        assert self.is_gone()
        # Its threads end one after another; the last of them gives back what it held.
        with suppress(FileNotFoundError), open(self.home.pid_file(self.name)) as file:
            fcntl.flock(file, fcntl.LOCK_SH)

    def terminate(self) -> None:
        """Ends it as an operator would, and waits for it."""
        self.signal(signal.SIGTERM)
        assert self.is_gone(), self.log
