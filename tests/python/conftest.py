"""Kernels to talk to."""

import subprocess
import sys
from contextlib import ExitStack

import pytest
from frontend import Frontend, KernelProcess


@pytest.fixture
def start(perilune):
    """Starts kernels that end with the test; arguments as `KernelProcess` takes them."""
    with ExitStack() as stack:

        def start(**options) -> KernelProcess:
            kernel = KernelProcess(perilune, **options)
            stack.callback(kernel.close)
            return kernel

        yield start


@pytest.fixture
def connect():
    """Connects front ends that leave with the test."""
    with ExitStack() as stack:

        def connect(kernel: KernelProcess, **options) -> Frontend:
            client = Frontend(kernel.connection, **options)
            stack.callback(client.close)
            return client

        yield connect


@pytest.fixture
def kernel(start):
    """A kernel of the test's own."""
    return start()


@pytest.fixture
def client(kernel, connect, request):
    """A front end of that kernel. It looks, last of all, whether anything came too late."""
    client = connect(kernel)
    yield client
    if kernel.process.poll() is None:
        # The answer stands behind everything that a cell could have left on its way.
        client.ask("kernel_info_request")
        client.drain()


@pytest.fixture(scope="session")
def prefix(perilune, tmp_path_factory):
    """A prefix with the kernelspec that `perilune kernel install` writes."""
    prefix = tmp_path_factory.mktemp("prefix")
    subprocess.run([perilune, "kernel", "install", "--prefix", prefix], check=True)
    return prefix


@pytest.fixture
def jupyter_path(prefix, monkeypatch):
    """Lets Jupyter's own programs find that kernelspec."""
    monkeypatch.setenv("JUPYTER_PATH", str(prefix / "share/jupyter"))
    return prefix / "share/jupyter"


@pytest.fixture(scope="session")
def python() -> str:
    """The Python that has the clients."""
    return sys.executable
