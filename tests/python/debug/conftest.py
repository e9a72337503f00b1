"""Front ends that debug, and homes for the commands that run beside them."""

from contextlib import ExitStack

import pytest
from daemon.conftest import daemon, home

from .session import Session

__all__ = ["daemon", "home"]


@pytest.fixture
def sessions(request):
    """Connects front ends that leave with the test, and look then whether all was asserted."""
    with ExitStack() as stack:

        def connect(kernel) -> Session:
            session = Session(kernel)
            failed = lambda: getattr(request.node, "failed", False)  # noqa: E731
            stack.callback(lambda: session.close(strictly=kernel.process.poll() is None and not failed()))
            return session

        yield connect


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Notes a failure, which shall not be hidden behind all that came of it."""
    outcome = yield
    if call.when == "call":
        item.failed = outcome.get_result().failed


@pytest.fixture
def session(kernel, sessions):
    """A front end of the test's own kernel whose debugger is not started."""
    return sessions(kernel)


@pytest.fixture
def debugger(session):
    """As `session`, with its debugger started."""
    session.start()
    return session
