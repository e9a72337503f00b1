"""What VS Code says when the program perilune is not there."""

import os

import pytest
from conftest import serving, window
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def bare_path(tmp_path) -> str:
    """A PATH without perilune."""
    return ":".join(
        folder for folder in os.environ["PATH"].split(":") if not os.access(f"{folder}/perilune", os.X_OK)
    )


def test_a_program_that_is_not_there_is_said_with_ways_out(
    chromium, code, vsix, bare_path, project, tmp_path, screenshots
):
    (project / "hello.lua").write_text("print('hello')\n")
    with (
        serving(code, vsix, tmp_path / "code", bare_path) as address,
        window(chromium, address, project, screenshots) as vscode,
    ):
        vscode.open("hello.lua")
        vscode.toggle_breakpoint(1)
        vscode.keyboard.press("F5")
        message = vscode.message()
        expect(message).to_contain_text("The program perilune is not on PATH", timeout=30_000)
        vscode.photograph("no-binary")
        message.get_by_text("Open Setting").click()
        expect(vscode.page.locator(".settings-editor")).to_contain_text("The program perilune. Left empty")
        vscode.photograph("no-binary-setting")
