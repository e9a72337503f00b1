"""JupyterLab, started by `perilune lab`, and a Chromium to look at it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

TOKEN = "tide"

# Long, because the machine may be busy with other things: five seconds are JupyterLab's own at times.
expect.set_options(timeout=30_000)

# What a newcomer is asked and shown at the first start; the theme that the browser prefers, so that
# a page can be looked at in light and dark; and all cells in the page, not only those that can be seen.
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}


@pytest.fixture
def notebook(tour, tmp_path) -> Path:
    """A copy of the tour, because JupyterLab saves what it ran."""
    return Path(shutil.copy(tour, tmp_path / "tour.ipynb"))


@contextmanager
def serving(perilune: Path, notebook: Path, folder: Path, *arguments: str) -> Iterator[str]:
    """A JupyterLab that `perilune lab` started on a notebook: the address of the notebook's folder.

    Its settings and its log go into `folder`.
    """
    config = folder / "config"
    (config / "labconfig").mkdir(parents=True)
    (config / "labconfig/default_setting_overrides.json").write_text(json.dumps(SETTINGS))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [perilune, "lab", "--no-browser", "--port", str(port), "--notebook", notebook, *arguments]
    log = folder / "lab.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [*command, "--", f"--IdentityProvider.token={TOKEN}"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=os.environ
            | {
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "JUPYTER_CONFIG_DIR": str(config),
            },
        )
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while True:
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()
        try:
            urllib.request.urlopen(f"{address}/api/status?token={TOKEN}", timeout=5).close()
            break
        except OSError:
            time.sleep(0.1)
    yield f"{address}/lab/tree"
    process.send_signal(signal.SIGTERM)
    process.wait(30)


@pytest.fixture
def lab(perilune, notebook, tmp_path):
    """The address of a JupyterLab that `perilune lab` started on the notebook."""
    with serving(perilune, notebook, tmp_path) as address:
        yield f"{address}/{notebook.name}?token={TOKEN}"


class Notebook:
    """A notebook open in JupyterLab, used through the menus and buttons a person has."""

    def __init__(self, page, screenshots: Path):
        self.page = page
        self._screenshots = screenshots

    def menu(self, *names: str) -> None:
        for name in names:
            self.page.locator(".lm-MenuBar-item, .lm-Menu-item").get_by_text(name, exact=True).last.click()

    def toolbar(self, command: str) -> None:
        self.page.locator(f".jp-NotebookPanel-toolbar [data-command='{command}']").click()

    def accept(self) -> None:
        self.page.locator(".jp-Dialog button.jp-mod-accept").click()

    def wait_for(self, status: str, seconds: float = 60) -> None:
        """Waits until the status bar says that the kernel is `Idle` or `Busy`."""
        bar = self.page.locator("#jp-main-statusbar")
        expect(bar).to_contain_text(f"| {status}", timeout=seconds * 1000)

    def cell(self, containing: str):
        """The code cell whose source contains this."""
        return self.page.locator(".jp-CodeCell").filter(
            has=self.page.locator(".jp-InputArea", has_text=containing)
        )

    def write_new(self, code: str):
        """Writes code into a new cell at the end; the cursor stays behind it."""
        # At its edge: in its middle there may be a widget, whose keys are its own.
        self.page.locator(".jp-Cell").last.click(position={"x": 4, "y": 4})
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("b")
        self.page.keyboard.press("Enter")
        self.page.keyboard.insert_text(code)
        return self.page.locator(".jp-CodeCell").last

    def run_new(self, code: str):
        """Writes code into a new cell at the end and runs it."""
        cell = self.write_new(code)
        self.page.keyboard.press("Control+Enter")
        return cell

    def photograph(self, name: str, part=None) -> None:
        """The page, or a part of it."""
        (part or self.page).screenshot(path=self._screenshots / f"{name}.png")


@contextmanager
def opened(chromium, address: str, screenshots: Path, color_scheme: str = "light") -> Iterator[Notebook]:
    """A notebook in a fresh browser profile, in the light or the dark theme, when its kernel is ready."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme=color_scheme)
    page = context.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(address)
    notebook = Notebook(page, screenshots)
    page.locator(".jp-Notebook").wait_for(timeout=60_000)
    notebook.wait_for("Idle")
    yield notebook
    context.close()
    assert problems == [], "errors in the page"


@pytest.fixture
def open_notebook(lab, chromium, screenshots):
    """The tour."""
    with opened(chromium, lab, screenshots) as notebook:
        yield notebook


@pytest.fixture(scope="session")
def empty_lab(perilune, tmp_path_factory):
    """A JupyterLab for all who begin with a notebook without a cell: its folder and its address."""
    folder = tmp_path_factory.mktemp("blank")
    with serving(perilune, blank(folder, "first"), tmp_path_factory.mktemp("lab")) as address:
        yield folder, address


def blank(folder: Path, name: str) -> Path:
    """A notebook without a cell."""
    kernelspec = {"name": "lua", "display_name": "Lua", "language": "lua"}
    document = {"cells": [], "metadata": {"kernelspec": kernelspec}, "nbformat": 4, "nbformat_minor": 5}
    notebook = folder / f"{name}.ipynb"
    notebook.write_text(json.dumps(document))
    return notebook


@pytest.fixture(params=["light", "dark"])
def blank_notebook(request, empty_lab, chromium, screenshots):
    """A notebook without a cell, in the light and in the dark theme; photographs go into a folder of each."""
    folder, lab = empty_lab
    notebook = blank(folder, f"{request.node.originalname}-{request.param}")
    address = f"{lab}/{notebook.name}?token={TOKEN}&reset"
    with opened(chromium, address, screenshots / request.param, request.param) as notebook:
        theme = notebook.page.locator("body").get_attribute("data-jp-theme-light")
        assert theme == str(request.param == "light").lower()
        yield notebook
