"""What every end-to-end test stands on: the release binary, in a home of its own."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# A home for everything that Jupyter, Chromium and perilune itself would write for a user. Short,
# because the paths of Unix sockets in it may have 107 bytes; made before any Jupyter library is
# imported, because some of them read these variables only once.
_HOME = Path(tempfile.mkdtemp(prefix="perilune-"))
os.environ.setdefault("CARGO_HOME", str(Path.home() / ".cargo"))
os.environ.setdefault("RUSTUP_HOME", str(Path.home() / ".rustup"))
os.environ.update(
    HOME=str(_HOME),
    IPYTHONDIR=str(_HOME / "ipython"),
    JUPYTER_CONFIG_DIR=str(_HOME / "jupyter/config"),
    JUPYTER_DATA_DIR=str(_HOME / "jupyter/data"),
    JUPYTER_PLATFORM_DIRS="1",
    JUPYTER_RUNTIME_DIR=str(_HOME / "jupyter/runtime"),
    XDG_CONFIG_HOME=str(_HOME / "config"),
    XDG_DATA_HOME=str(_HOME / "data"),
    XDG_RUNTIME_DIR=str(_HOME / "runtime"),
    XDG_STATE_HOME=str(_HOME / "state"),
)
for name in ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH", "JUPYTER_TOKEN", "LUA_INIT", "LUA_PATH", "LUA_CPATH", "PERILUNE_HISTORY"):
    os.environ.pop(name, None)
# Whoever runs the tests under nohup(1) shall see the same.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
Path(os.environ["JUPYTER_RUNTIME_DIR"]).mkdir(parents=True)
Path(os.environ["XDG_RUNTIME_DIR"]).mkdir(mode=0o700)


def pytest_unconfigure():
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """A skipped test shows nothing, so it counts as failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and reporter.stats.get("skipped") and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line("A skipped test counts as a failed one.", red=True)


@pytest.fixture(scope="session")
def root() -> Path:
    """The tree that is tested."""
    return ROOT


@pytest.fixture(scope="session")
def perilune() -> Path:
    """The release binary."""
    binary = Path(os.environ.get("PERILUNE_BINARY") or ROOT / "target/release/perilune")
    if not binary.exists():
        pytest.fail(f"{binary} is not there: build it with `cargo build --release`", pytrace=False)
    return binary


@pytest.fixture(scope="session")
def tour() -> Path:
    """The notebook that is shown to friends."""
    return ROOT / "docs/gallery/tour.ipynb"


@pytest.fixture(scope="session")
def chromium():
    """Debian's Chromium; another one is named by PERILUNE_CHROMIUM."""
    # Most of the tests need no browser.
    from playwright.sync_api import sync_playwright

    program = os.environ.get("PERILUNE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert program, "no chromium on PATH: install it, or name one in PERILUNE_CHROMIUM"
    options = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    options += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=options, headless=True)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def screenshots(root) -> Path:
    """Where to look when a test fails, or passes."""
    folder = root / "target/screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
