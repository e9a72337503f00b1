"""VS Code in Chromium, with the extension as it would be installed from its VSIX."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

# Nothing that asks, greets or looks for updates; nothing that depends on how wide the font is.
SETTINGS = {
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "extensions.autoCheckUpdates": False,
    "extensions.ignoreRecommendations": True,
    "update.mode": "none",
    "telemetry.telemetryLevel": "off",
    "editor.minimap.enabled": False,
    "editor.accessibilitySupport": "off",
    "debug.toolBarLocation": "docked",
    "debug.console.wordWrap": False,
    "window.menuBarVisibility": "classic",
    "chat.commandCenter.enabled": False,
    "git.enabled": False,
    # By which the tests find lines of cells.
    "notebook.lineNumbers": "on",
    "remote.autoForwardPorts": False,
}

# VS Code draws what it is told when it finds the time.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def code(root) -> Path:
    """The VS Code that tests/vscode/install put there."""
    home = root / ".cache/code-server/package/lib/vscode"
    assert home.exists(), "run tests/vscode/install first"
    return home / "out/server-main.js"


@pytest.fixture(scope="session")
def vsix(root) -> Path:
    """The extension, packaged by the command that packages it for everybody."""
    subprocess.run([root / "kernelspec/vscode/package"], check=True, stdout=subprocess.DEVNULL)
    version = json.loads((root / "kernelspec/vscode/package.json").read_text())["version"]
    return root / f"dist/perilune-{version}.vsix"


@contextmanager
def serving(code: Path, vsix: Path, folder: Path, path: str) -> Iterator[str]:
    """A server of VS Code with the extension, fresh settings and a PATH: its address."""
    (folder / "User").mkdir(parents=True)
    (folder / "User/settings.json").write_text(json.dumps(SETTINGS))
    node = ["node", code, "--extensions-dir", folder / "extensions", "--user-data-dir", folder]
    # Nothing is looked for on a marketplace.
    nowhere = json.dumps({"serviceUrl": "http://127.0.0.1:9/x", "itemUrl": "http://127.0.0.1:9/x"})
    environment = os.environ | {"EXTENSIONS_GALLERY": nowhere, "PATH": path}
    # Those of an editor in whose terminal the tests may run.
    for name in [name for name in environment if name.startswith("VSCODE_")]:
        del environment[name]
    log = folder / "server.log"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with open(log, "wb") as output:
        subprocess.run([*node, "--install-extension", vsix], check=True, env=environment, stdout=output, stderr=output)
        process = subprocess.Popen(
            [*node, "--host", "127.0.0.1", "--port", str(port), "--without-connection-token"]
            + ["--accept-server-license-terms", "--disable-workspace-trust", "--telemetry-level", "off"]
            # PATH is ours, not that of a login.
            + ["--force-disable-user-env"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while True:
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()
        try:
            urllib.request.urlopen(f"{address}/version", timeout=5).close()
            break
        except OSError:
            time.sleep(0.1)
    yield address
    # The hosts of extensions as well, which would wait for their windows to come back.
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(30)


@pytest.fixture(scope="session")
def server(code, vsix, perilune, tmp_path_factory) -> Iterator[str]:
    """VS Code, where perilune is on PATH."""
    path = f"{perilune.parent}:{os.environ['PATH']}"
    with serving(code, vsix, tmp_path_factory.mktemp("code") / "data", path) as address:
        yield address


class Window:
    """A window of VS Code, used by keys and by clicks at what can be seen."""

    def __init__(self, page: Page, screenshots: Path):
        self.page = page
        self.keyboard = page.keyboard
        # A page that is loaded anew asks whether it may be, where something is not saved.
        page.on("dialog", lambda dialog: dialog.accept())
        self._screenshots = screenshots

    def command(self, name: str) -> None:
        """Runs a command from the palette."""
        self.keyboard.press("F1")
        box = self.page.locator(".quick-input-widget input[type=text]")
        expect(box).to_be_visible()
        box.fill(f">{name}")
        row = self.page.locator(".quick-input-list .monaco-list-row").first
        expect(row).to_contain_text(name.split(": ")[-1], ignore_case=True)
        self.keyboard.press("Enter")

    def open(self, file: str) -> None:
        """Opens a file from the list of the folder's files, for good."""
        self.page.locator(".explorer-folders-view .monaco-list-row", has_text=file).first.dblclick()
        expect(self.page.locator(".tab.active", has_text=file)).to_be_visible()
        if file.endswith(".lua"):
            self._lua_is_known()

    def _lua_is_known(self) -> None:
        """Waits until VS Code has heard of the extension: then F5 and F9 do something."""
        button = self.page.locator(".editor-actions [aria-label^='Debug Lua File']")
        expect(button).to_be_visible(timeout=60_000)

    def reload(self) -> None:
        """Loads the page anew: VS Code forgets what it debugged, and opens what was open."""
        file = self.page.locator(".tab.active").get_attribute("data-resource-name")
        self.page.reload()
        self.page.locator(".monaco-workbench").wait_for(timeout=60_000)
        try:
            expect(self.page.locator(f".tab.active[data-resource-name='{file}']")).to_be_visible()
        except AssertionError:
            # What is open a busy VS Code does not always write down in time.
            self.keyboard.press("Control+Shift+e")
            self.open(file)
        if file.endswith(".lua"):
            self._lua_is_known()
        else:
            self._kernel_is_chosen()
        self.ended()

    def line(self, number: int, editor=None):
        """The number of a line beside its text."""
        return (editor or self.page.locator(".editor-instance")).locator(
            ".margin-view-overlays .line-numbers", has_text=re.compile(rf"^{number}$")
        )

    def go_to(self, number: int, editor=None) -> None:
        """Puts the cursor into a line."""
        place = self.line(number, editor).bounding_box()
        self.page.mouse.click(place["x"] + place["width"] + 60, place["y"] + place["height"] / 2)

    def toggle_breakpoint(self, number: int, editor=None) -> None:
        """F9 in a line; then there is a mark beside it, or no more."""
        self.go_to(number, editor)
        self._until_marked(lambda: self.keyboard.press("F9"))

    def click_gutter(self, number: int, editor=None) -> None:
        """A click at the left of a line's number; then there is a mark, or no more."""
        self._until_marked(lambda: self.page.mouse.click(*self._gutter(number, editor)))

    def _gutter(self, number: int, editor=None) -> tuple[float, float]:
        place = self.line(number, editor).bounding_box()
        return place["x"] - 8, place["y"] + place["height"] / 2

    def _until_marked(self, act) -> None:
        marks = self.breakpoints()
        before = marks.count()
        # Until the extension's host has said that Lua has breakpoints, nothing happens.
        for _ in range(15):
            act()
            try:
                expect(marks).not_to_have_count(before, timeout=2000)
                return
            except AssertionError:
                continue
        raise AssertionError("no breakpoint was set or removed")

    def gutter_menu(self, number: int, choice: str) -> None:
        """Chooses from the menu at the left of a line's number."""
        item = self.page.get_by_role("menuitem", name=choice)
        for _ in range(15):
            self.page.mouse.click(*self._gutter(number, None), button="right")
            try:
                expect(item).to_be_visible(timeout=2000)
                break
            except AssertionError:
                continue
        self.choose(choice)

    def line_menu(self, number: int, choice: str) -> None:
        """Chooses from the menu of a line's text."""
        self.go_to(number)
        place = self.line(number).bounding_box()
        self.page.mouse.click(place["x"] + place["width"] + 60, place["y"] + place["height"] / 2, button="right")
        self.choose(choice)

    def choose(self, choice: str) -> None:
        """Chooses from the menu that is open."""
        item = self.page.get_by_role("menuitem", name=choice)
        item.hover()
        # A click at a menu that has just come does nothing.
        expect(self.page.locator(".action-item.focused").filter(has=item)).to_be_visible()
        self.keyboard.press("Enter")
        expect(item).to_have_count(0)

    def breakpoints(self):
        """The marks of breakpoints in the editor."""
        return self.page.locator(".glyph-margin-widgets [class*='codicon-debug-breakpoint']")

    def fill_breakpoint(self, text: str) -> None:
        """Types into the line that asks for a condition, a count or a message."""
        self.page.locator(".breakpoint-widget .inputContainer .monaco-editor").click()
        self.keyboard.insert_text(text)
        self.keyboard.press("Enter")
        expect(self.page.locator(".breakpoint-widget")).to_have_count(0)

    def add_function_breakpoint(self, name: str) -> None:
        """Adds a function to the view of breakpoints, by its button."""
        self.page.get_by_role("button", name="Breakpoints Section").hover()
        actions = self.page.get_by_role("toolbar", name="Breakpoints actions")
        actions.get_by_role("button", name="Add Function Breakpoint").click()
        box = self.page.locator(".debug-breakpoints .monaco-inputbox input")
        expect(box).to_be_focused()
        box.fill(name)
        self.keyboard.press("Enter")
        expect(self.listed_breakpoint(name)).to_be_visible()

    def listed_breakpoint(self, name: str):
        """The row of a breakpoint in the view of breakpoints."""
        return self.page.locator(".debug-breakpoints .monaco-list-row").filter(has_text=name)

    def stopped_at(self, text: str, seconds: float = 30) -> None:
        """Waits until the line where code has stopped reads so."""
        frame = self.page.locator(".call-stack-state-message, .debug-call-stack .monaco-list-row.selected")
        line = self.page.locator(".debug-top-stack-frame-line").first
        expect(line).to_be_attached(timeout=seconds * 1000)
        expect(frame.first).to_be_visible()

        def here() -> str:
            return line.evaluate(
                """overlay => {
                    const top = overlay.parentElement.style.top
                    const lines = overlay.closest('.overflow-guard').querySelectorAll('.view-lines > .view-line')
                    const text = [...lines].find(line => line.style.top === top)
                    // Without the marks within the line, which are letters of a font of icons.
                    return text ? text.textContent.replaceAll('\\u00a0', ' ').replaceAll(/[\\ue000-\\uf8ff]/g, '').trim() : ''
                }"""
            )

        deadline = time.monotonic() + seconds
        while True:
            try:
                found = here()
            except Exception:  # the line is drawn anew
                found = ""
            if found == text:
                return
            assert time.monotonic() < deadline, f"stopped at {found!r}, not at {text!r}"
            self.page.wait_for_timeout(50)

    def session(self):
        """What says at the left that something is debugged."""
        return self.page.locator(".activitybar .action-label[aria-label*='active session']").first

    def ended(self) -> None:
        """Waits until nothing is debugged."""
        expect(self.session()).to_have_count(0, timeout=30_000)
        expect(self.page.locator(".debug-top-stack-frame-line")).to_have_count(0)

    def variable(self, name: str):
        """The row of a variable in the view of variables."""
        return self.page.locator(".debug-variables .monaco-list-row").filter(
            has=self.page.locator(".name", has_text=re.compile(rf"^{re.escape(name)}( =|:)?\s*$"))
        )

    def hover(self, word: str, number: int) -> None:
        """Rests the pointer on a word of a line."""
        place = self.line(number).bounding_box()
        words = self.page.locator(".view-lines span span").get_by_text(word, exact=False)
        for n in range(words.count()):
            box = words.nth(n).bounding_box()
            if box and abs(box["y"] - place["y"]) < 4:
                text = words.nth(n).inner_text()
                x = box["x"] + box["width"] * (text.index(word) + len(word) / 2) / len(text)
                self.page.mouse.move(x, box["y"] + box["height"] / 2)
                self.page.mouse.move(x + 1, box["y"] + box["height"] / 2)
                return
        raise AssertionError(f"{word} is not in line {number}")

    def set_variable(self, name: str, value: str) -> None:
        """Gives a variable another value, by a double click on it."""
        self.variable(name).dblclick()
        box = self.page.locator(".debug-variables .monaco-inputbox input")
        expect(box).to_be_focused()
        box.fill(value)
        self.keyboard.press("Enter")

    def state(self):
        """What the view of the call stack says of the program."""
        return self.page.locator(".call-stack-state-message")

    def watch(self, expression: str) -> None:
        """Adds an expression to the view of those that are watched."""
        self.page.get_by_role("button", name="Watch Section").hover()
        self.page.get_by_role("toolbar", name="Watch actions").get_by_role("button", name="Add Expression").click()
        # Until there is a place to type, the keys are the editor's.
        expect(self.page.locator(".debug-watch .monaco-inputbox input")).to_be_focused()
        self.keyboard.insert_text(expression)
        self.keyboard.press("Enter")

    def watched(self, expression: str):
        """The row of an expression that is watched."""
        return self.page.locator(".debug-watch .monaco-list-row").filter(has_text=expression)

    def frames(self):
        """The rows of frames in the view of the call stack."""
        return self.page.locator(".debug-call-stack .monaco-list-row .stack-frame")

    def console(self):
        """The rows of the debug console."""
        return self.page.locator(".repl .monaco-list-row")

    def evaluate(self, expression: str) -> None:
        """Types an expression into the debug console."""
        self.show_console()
        self.page.locator(".repl-input-wrapper .monaco-editor").click()
        self.keyboard.insert_text(expression)
        self.keyboard.press("Enter")

    def complete(self, begun: str, name: str) -> None:
        """Types the beginning of an expression into the debug console, and has a name completed."""
        self.show_console()
        self.page.locator(".repl-input-wrapper .monaco-editor").click()
        self.keyboard.type(begun)
        offered = self.page.locator(".suggest-widget.visible .monaco-list-row", has_text=name)
        expect(offered).to_be_visible()
        self.photograph("completion")
        offered.click()
        expect(self.page.locator(".suggest-widget.visible")).to_have_count(0)
        self.keyboard.press("Enter")

    def show_console(self) -> None:
        if not self.page.locator(".repl").is_visible():
            self.keyboard.press("Control+Shift+y")
        expect(self.page.locator(".repl")).to_be_visible()

    def open_notebook(self, file: str) -> None:
        """Opens a notebook, whose kernel is the extension's."""
        # Until VS Code has heard of all extensions, it opens notebooks as text.
        for _ in range(10):
            self.open(file)
            try:
                expect(self.page.locator(".notebookOverlay")).to_be_visible(timeout=3000)
                break
            except AssertionError:
                self.page.locator(".tab.active .codicon-close").click()
        self._kernel_is_chosen()

    def _kernel_is_chosen(self) -> None:
        expect(self.page.locator(".notebook-toolbar-container")).to_contain_text("Lua (perilune)", timeout=60_000)

    def cell(self, number: int):
        """A cell that can be seen, counted from 0."""
        return self.page.locator(".cell-list-container .monaco-list-row.code-cell-row").nth(number)

    def run_all(self) -> None:
        self.page.locator(".notebook-toolbar-container").get_by_text("Run All").click()

    def run_cell(self, number: int) -> None:
        """Runs a cell by the button beside it."""
        self.cell(number).hover()
        self.cell(number).locator(".run-button-container .codicon-notebook-execute").click()

    def debug_cell(self, number: int) -> None:
        """Debugs a cell by the button beside it."""
        button = self.cell(number).get_by_role("button", name="Debug Cell")
        # The buttons are those of when the pointer came.
        for _ in range(10):
            self.page.locator(".notebook-toolbar-container").hover()
            self.cell(number).hover()
            try:
                expect(button).to_be_visible(timeout=1000)
                break
            except AssertionError:
                continue
        button.click()

    def outputs(self):
        """The page in which the outputs of all cells are."""
        return self.page.frame_locator("iframe.webview.ready").frame_locator("#active-frame")

    def wait_until(self, holds) -> None:
        """Waits until something holds that VS Code does not show."""
        deadline = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < deadline, "it does not come"
            self.page.wait_for_timeout(100)

    def message(self):
        """What VS Code tells at the bottom right."""
        return self.page.locator(".notification-toast")

    def photograph(self, name: str) -> None:
        self.page.screenshot(path=self._screenshots / f"vscode-{name}.png")


@contextmanager
def window(chromium, address: str, folder: Path, screenshots: Path) -> Iterator[Window]:
    """A window on a folder, in a fresh browser profile. How it looks in the end is photographed as well."""
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    query = urllib.parse.urlencode({"folder": str(folder)})
    page.goto(f"{address}/?{query}")
    page.locator(".monaco-workbench").wait_for(timeout=60_000)
    opened = Window(page, screenshots)
    expect(page.locator(".explorer-folders-view .monaco-list-row").first).to_be_visible(timeout=60_000)
    try:
        yield opened
    finally:
        page.screenshot(path=screenshots / f"vscode-end-of-{folder.parent.name}.png")
        context.close()


def processes(perilune: Path, folder: Path) -> list[int]:
    """The processes of perilune that work in a folder, as a kernel or a program there does."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if not process.name.isdigit():
                continue
            if (process / "exe").samefile(perilune) and (process / "cwd").samefile(folder):
                found.append(int(process.name))
        except OSError:  # it has ended
            continue
    return found


@pytest.fixture
def project(tmp_path) -> Path:
    """A folder of the person's."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def open_folder(chromium, server, project, screenshots):
    """A window on the project, to be called when its files are there."""
    contexts = []

    def opened() -> Window:
        context = window(chromium, server, project, screenshots)
        contexts.append(context)
        return context.__enter__()

    yield opened
    for context in contexts:
        context.__exit__(None, None, None)
