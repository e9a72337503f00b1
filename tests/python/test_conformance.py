"""Jupyter's own conformance suite, every attribute filled, over both transports."""

import os
import tempfile
from unittest import mock

import jupyter_kernel_test
import pytest
from jupyter_client.manager import KernelManager


@pytest.fixture(scope="module", autouse=True)
def installed(prefix):
    """The kernelspec that `perilune kernel install` wrote, where Jupyter looks."""
    with mock.patch.dict(os.environ, JUPYTER_PATH=str(prefix / "share/jupyter")):
        yield


class Over:
    """A suite whose kernel Jupyter starts over one transport."""

    transport: str

    @classmethod
    def setUpClass(cls):
        # Short: a socket's path has at most 107 bytes.
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="perilune-"))
        start = KernelManager.__init__

        def start_over(self, *arguments, **options):
            start(self, *arguments, transport=cls.transport, **options)
            if cls.transport == "ipc":
                self.ip = f"{folder}/ipc"

        with mock.patch.object(KernelManager, "__init__", start_over):
            super().setUpClass()


class Conformance(Over):
    kernel_name = "lua"
    language_name = "lua"
    file_extension = ".lua"
    code_hello_world = "print('hello, world')"
    code_stderr = "io.stderr:write('to stderr')"
    completion_samples = [
        {"text": "collectg", "matches": {"collectgarbage"}},
        {"text": "string.forma"},
        {"text": "étoile = 1; setmeta", "matches": {"setmetatable"}},
    ]
    complete_code_samples = ["x = 1", "print('hello')", "for i = 1, 3 do print(i) end", "1 + 1"]
    incomplete_code_samples = ["for i = 1, 3 do", "function f()", "x = {", "print([["]
    invalid_code_samples = ["x = = 1", "end", "for for"]
    code_page_something = "string.format?"
    code_generate_error = "error('as asked')"
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "local x = 20\nx + 1", "result": "21"},
        {"code": "1 < 2", "result": "true"},
        {"code": "6 *  7", "result": "42"},
    ]
    code_display_data = [
        {"code": "display.html('<b>bold</b>')", "mime": "text/html"},
        {"code": "display.svg('<svg xmlns=\"http://www.w3.org/2000/svg\"/>')", "mime": "image/svg+xml"},
        {"code": "display.markdown('*new*')", "mime": "text/markdown"},
        {"code": "display.latex('$\\\\pi$')", "mime": "text/latex"},
        {"code": "display.json({moons = 1})", "mime": "application/json"},
        {"code": "display('plain')", "mime": "text/plain"},
    ]
    code_history_pattern = "1 ? 2"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "string.format"
    code_clear_output = "display.clear{wait = true}"

    def test_every_attribute_is_filled(self):
        """One left out would quietly skip its test."""
        for name, default in vars(jupyter_kernel_test.KernelTests).items():
            if not name.startswith("_") and not callable(default) and not isinstance(default, classmethod):
                assert getattr(self, name), name


class TestOverTcp(Conformance, jupyter_kernel_test.KernelTests):
    transport = "tcp"


class TestOverIpc(Conformance, jupyter_kernel_test.KernelTests):
    transport = "ipc"


class Welcome(Over):
    kernel_name = "lua"
    support_iopub_welcome = True


class TestWelcomeOverTcp(Welcome, jupyter_kernel_test.IopubWelcomeTests):
    transport = "tcp"


class TestWelcomeOverIpc(Welcome, jupyter_kernel_test.IopubWelcomeTests):
    transport = "ipc"
