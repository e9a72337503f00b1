"""Homes to start daemons in, and daemons that surely end."""

import json
import os
import secrets
from random import Random

import pytest

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
