"""A kernel that runs already, debugged from VS Code."""

import json
import subprocess

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(300)

TIDES = """local tides = {}

function tides.level(hour)
  local phase = hour % 12
  return phase < 6 and "rising" or "falling"
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


def test_a_daemon_is_attached_to_stopped_looked_into_and_left_alone(kernel, project, open_folder):
    (project / "tides.lua").write_text(TIDES)
    vscode = open_folder()
    vscode.open("tides.lua")
    vscode.toggle_breakpoint(5)
    vscode.command("Perilune: Attach to a Running Kernel...")
    choice = vscode.page.locator(".quick-input-list .monaco-list-row", has_text="tides")
    expect(choice).to_be_visible(timeout=60_000)
    vscode.photograph("attach-pick")
    choice.click()
    expect(vscode.session()).to_be_attached(timeout=60_000)
    vscode.keyboard.press("Control+Shift+d")
    expect(vscode.page.locator(".call-stack-state-message")).to_contain_text("Running", timeout=30_000)
    vscode.photograph("attach-running")
    cell = kernel("exec", "tides", "tides = require('tides'); return tides.level(16)")
    vscode.stopped_at('return phase < 6 and "rising" or "falling"', 60)
    expect(vscode.variable("hour")).to_contain_text("16")
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
    assert cell.communicate(timeout=60)[0].strip() == '"rising"'
    expect(vscode.session()).to_be_attached()
    vscode.command("Debug: Disconnect")
    vscode.ended()
    # The kernel lives, knows what it knew, and stops nowhere.
    after = kernel("exec", "tides", "return tides.level(20)")
    assert after.communicate(timeout=60)[0].strip() == '"falling"'
    listed = json.loads(kernel("list", "--json").communicate(timeout=60)[0])
    assert [(one["name"], one["state"], one["activity"]) for one in listed["kernels"]] == [("tides", "running", "idle")]
