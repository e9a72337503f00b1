"""Chance that can be had again, and kernels whose log is looked at when the test is over."""

import os
import resource
import secrets
from contextlib import contextmanager
from random import Random

import pytest

SEED = os.environ.get("PERILUNE_SEED") or str(secrets.randbelow(1 << 32))
# A line for each kind of trouble now and then; never one for each message.
LOG_LINES = 60


@pytest.fixture(scope="session", autouse=True)
def _many_files():
    """Clients by the hundred need more open files than a shell allows by default."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else 65536, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def soft_limit_of_files():
    """Sets the soft limit that kernels started meanwhile inherit."""

    @contextmanager
    def limited(files: int):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    return limited


@pytest.fixture
def chance(request) -> Random:
    """What a test leaves to chance. A failed test shows the seed that replays it."""
    print(f"replay with PERILUNE_SEED={SEED}")
    return Random(f"{SEED} {request.node.name}")


@pytest.fixture
def start(start):
    """Starts kernels that must not panic, and not fill anybody's disk with their log."""
    kernels = []

    def begin(**options):
        kernels.append(start(**options))
        return kernels[-1]

    yield begin
    for kernel in kernels:
        log = kernel.log.read_text(errors="replace")
        assert "panicked" not in log, log[-5000:]
        assert log.count("\n") <= LOG_LINES, f"{log[:5000]}\n...\n{log[-5000:]}"
