"""A kernel that runs already, debugged from VS Code."""

import json
import subprocess

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(300)

TIDES = """local tides = {}

function tides.level(hour)
  local phase = tides.phase(hour)
  return phase < 6 and "rising" or "falling"
end

function tides.phase(hour)
  return hour % 12
end

return tides
"""


@pytest.fixture
def kernel(perilune, project):
    """A daemon in the project's folder: a function that runs `perilune kernel ...` for it."""

    def run(*arguments, **options) -> subprocess.Popen:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen([perilune, "kernel", *arguments], cwd=project, **pipes, **options)

    said = run("start", "--daemon", "--name", "tides", "--project", project).communicate(timeout=60)
    assert "is ready" in "".join(said), said
    yield run
    run("stop", "tides").communicate(timeout=60)


@pytest.fixture
def attached(kernel, project, open_folder):
    """A window that is attached to the kernel, with a breakpoint in what its cells require."""
    (project / "tides.lua").write_text(TIDES)
    vscode = open_folder()
    vscode.open("tides.lua")
    vscode.click_gutter(4)
    attach(vscode)
    return vscode


def attach(vscode) -> None:
    """Chooses the kernel among those that run."""
    vscode.command("Perilune: Attach to a Running Kernel...")
    choice = vscode.page.locator(".quick-input-list .monaco-list-row", has_text="tides")
    expect(choice).to_be_visible(timeout=60_000)
    vscode.photograph("attach-pick")
    choice.click()
    expect(vscode.session()).to_be_attached(timeout=60_000)
    # It has been told of the breakpoints when it knows what runs.
    vscode.keyboard.press("Control+Shift+d")
    expect(vscode.state()).to_contain_text("Running", timeout=30_000)


def test_a_daemon_is_attached_to_stopped_looked_into_and_left_alone(kernel, attached):
    vscode = attached
    vscode.photograph("attach-running")
    cell = kernel("exec", "tides", "tides = require('tides'); return tides.level(16)")
    vscode.stopped_at("local phase = tides.phase(hour)", 60)
    expect(vscode.variable("hour")).to_contain_text("16")
    # Into, out, and over.
    vscode.keyboard.press("F11")
    vscode.stopped_at("return hour % 12")
    expect(vscode.frames()).to_contain_text(["phase", "level"])
    vscode.keyboard.press("Shift+F11")
    vscode.stopped_at('return phase < 6 and "rising" or "falling"')
    expect(vscode.variable("phase")).to_contain_text("4")
    vscode.evaluate("tides.level ~= nil, hour * 2")
    expect(vscode.console().last).to_contain_text("32")
    vscode.photograph("attach-stopped")
    # What called it is no file, and shown all the same.
    vscode.page.locator(".debug-call-stack .monaco-list-row").nth(1).click()
    caller = vscode.page.locator(".editor-instance .view-lines", has_text="require")
    # Now and then VS Code cannot open what is no file at the first try, and offers another.
    again = vscode.page.get_by_role("button", name="Try Again")
    expect(caller.or_(again)).to_be_visible(timeout=30_000)
    if again.is_visible():
        again.click()
    expect(caller).to_be_visible(timeout=30_000)
    vscode.photograph("attach-caller")
    vscode.keyboard.press("F5")
    assert said_by(cell) == '"rising"'
    expect(vscode.session()).to_be_attached()
    vscode.command("Debug: Disconnect")
    vscode.ended()
    # The kernel lives, knows what it knew, and stops nowhere.
    assert said_by(kernel("exec", "tides", "return tides.level(20)")) == '"falling"'
    listed = json.loads(kernel("list", "--json").communicate(timeout=60)[0])
    assert [(one["name"], one["state"], one["activity"]) for one in listed["kernels"]] == [("tides", "running", "idle")]


def test_a_daemon_goes_on_when_the_session_begins_anew_or_the_page_does(kernel, attached):
    vscode = attached
    cell = kernel("exec", "tides", "tides = require('tides'); return tides.level(16)")
    vscode.stopped_at("local phase = tides.phase(hour)", 60)
    vscode.keyboard.press("F10")
    vscode.stopped_at('return phase < 6 and "rising" or "falling"')
    # Restart leaves and attaches anew: what had stopped goes on, and what comes then stops.
    vscode.keyboard.press("Control+Shift+F5")
    assert said_by(cell) == '"rising"'
    expect(vscode.state()).to_contain_text("Running")
    expect(vscode.message()).to_have_count(0)
    vscode.photograph("attach-restarted")
    cell = kernel("exec", "tides", "return tides.level(20)")
    vscode.stopped_at("local phase = tides.phase(hour)")
    expect(vscode.variable("hour")).to_contain_text("20")
    # The page is loaded anew: the cell goes on as if nobody had debugged it.
    vscode.reload()
    assert said_by(cell) == '"falling"'
    expect(vscode.breakpoints()).to_have_count(1)
    attach(vscode)
    cell = kernel("exec", "tides", "return tides.level(14)")
    vscode.stopped_at("local phase = tides.phase(hour)", 60)
    expect(vscode.variable("hour")).to_contain_text("14")
    vscode.photograph("attach-loaded-anew")
    vscode.keyboard.press("F5")
    assert said_by(cell) == '"rising"'


def said_by(cell: subprocess.Popen) -> str:
    """What a cell wrote that runs to its end."""
    return cell.communicate(timeout=60)[0].strip()
