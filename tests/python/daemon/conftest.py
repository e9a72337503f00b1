"""Homes to start daemons in, daemons that surely end, and the commands around them."""

import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
from frontend import connection, write_connection_file

from .commands import FOREVER, document
from .home import Daemon, Home

SEED = os.environ.get("PERILUNE_SEED") or str(secrets.randbelow(1 << 32))


@pytest.fixture
def home(perilune):
    """A user's home; whatever is started in it ends with the test."""
    home = Home(perilune)
    yield home
    home.close()


@pytest.fixture
def daemon(home):
    """Starts `perilune kernel start --daemon --name NAME ...`, which must go well."""

    def start(name: str = "default", *arguments, **options) -> Daemon:
        ended = home.run("kernel", "start", "--daemon", "--name", name, "--json", *arguments, **options)
        log = home.folder(name) / "kernel.log"
        assert ended.returncode == 0, (ended.stderr, log.exists() and log.read_text())
        return Daemon(home, name, json.loads(ended.stdout))

    return start


@pytest.fixture
def chance(request) -> Random:
    """What a test leaves to chance. A failed test shows the seed that replays it."""
    print(f"replay with PERILUNE_SEED={SEED}")
    return Random(f"{SEED} {request.node.name}")


@pytest.fixture
def kernel(home):
    """Runs `perilune kernel ...`, and returns its exit code and both outputs."""

    def run(*arguments, **options) -> subprocess.CompletedProcess:
        return home.run("kernel", *map(str, arguments), **options)

    return run


@pytest.fixture
def asked(kernel):
    """Runs `perilune kernel COMMAND ... --json`, and returns its exit code and its document."""

    def run(command: str, *arguments, **options) -> tuple[int, dict]:
        ended = kernel(command, *arguments, "--json", **options)
        kind = "detached" if "--detach" in arguments else command
        return ended.returncode, document(kind, ended)

    return run


@pytest.fixture
def busy(kernel, asked):
    """A kernel gets a cell that never ends."""

    def begin(name: str, code: str = FOREVER) -> str:
        request = kernel("exec", name, "--detach", code).stdout.strip()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            running = asked("status", name)[1]["kernels"][0]["running"]
            if running and running["msg_id"] == request:
                return request
        raise AssertionError("the cell never ran")

    return begin


# Says where it is from within C, so that who reads it knows that no hook of Lua's comes any more.
STUCK_C = """
#include <unistd.h>
int luaopen_stuck(void *L) {
    (void)L;
    if (write(1, "in C\\n", 5) == 5)
        for (;;) pause();
    return 0;
}
"""


@pytest.fixture(scope="session")
def stuck(tmp_path_factory) -> str:
    """Code that no interrupt stops: it prints `in C`, and from then on it is in C for ever."""
    folder = tmp_path_factory.mktemp("stuck")
    (folder / "stuck.c").write_text(STUCK_C)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", folder / "stuck.so", folder / "stuck.c"], check=True)
    return f"package.cpath = '{folder}/?.so' require 'stuck'"


@pytest.fixture
def foreign(home, tmp_path):
    """Starts an ipykernel, with fields of its class set, and returns its connection file."""
    processes = []

    def start(*fields: str) -> Path:
        file = tmp_path / f"kernel-foreign-{len(processes)}.json"
        write_connection_file(file, connection())
        program = "\n".join([
            "from ipykernel.kernelapp import IPKernelApp",
            "from ipykernel.ipkernel import IPythonKernel",
            "class Kernel(IPythonKernel):",
            *[f"    {field}" for field in fields or ["pass"]],
            f"IPKernelApp.launch_instance(['-f', {str(file)!r}], kernel_class=Kernel)",
        ])
        processes.append(subprocess.Popen(
            [sys.executable, "-c", program],
            env=home.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ))
        ready = home.run("kernel", "wait", str(file), "--for", "ready", "--timeout", "60")
        assert ready.returncode == 0, ready.stderr
        return file

    yield start
    for process in processes:
        process.kill()
        process.wait()
