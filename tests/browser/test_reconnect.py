"""What is seen in JupyterLab of a cell that ran while nobody, or another page, was looking."""

import os
import re
import subprocess
import sys
from urllib.parse import urlsplit

from conftest import TOKEN, blank, opened, serving
from playwright.sync_api import expect

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../python/daemon"))
from proxy import Proxy  # noqa: E402

CODE = "for i = 1, %d do print('line ' .. i) perilune.sleep(0.05) end print('end')"


def lines(cell) -> list[str]:
    """What a cell shows, line by line."""
    return [line for area in cell.locator(".jp-OutputArea-output pre").all_inner_texts() for line in area.splitlines()]


def all_of(count: int) -> list[str]:
    return [f"line {number}" for number in range(1, count + 1)] + ["end"]


def test_a_page_that_is_reloaded_while_a_cell_runs_shows_it_with_output(empty_lab, chromium, screenshots):
    folder, lab = empty_lab
    path = blank(folder, "reloaded")
    with opened(chromium, f"{lab}/{path.name}?token={TOKEN}&reset", screenshots) as notebook:
        cell = notebook.run_new(CODE % 100)
        expect(cell).to_contain_text("line 20")
        notebook.page.reload()
        notebook.page.locator(".jp-Notebook").wait_for(timeout=60_000)
        shown = notebook.run_new("%output")
        expect(shown).to_contain_text("end", timeout=30_000)
        assert lines(shown) == all_of(100)
        notebook.photograph("reloaded")


def test_a_page_whose_connection_is_cut_gets_the_rest_of_its_running_cell(empty_lab, chromium, screenshots):
    """The server keeps what comes for a page that is away, and JupyterLab comes back as who it was."""
    folder, lab = empty_lab
    path = blank(folder, "cut")
    server = urlsplit(lab)
    way = Proxy([(server.hostname, server.port)])
    address = f"http://127.0.0.1:{way.ports[0]}{server.path}/{path.name}?token={TOKEN}&reset"
    with opened(chromium, address, screenshots) as notebook:
        cell = notebook.run_new(CODE % 200)
        for last in (10, 60):
            # It tries again after longer and longer.
            expect(cell).to_contain_text(f"line {last}\n", timeout=60_000)
            way.is_open = False
            way.cut()
            notebook.page.wait_for_timeout(500)
            way.is_open = True
        expect(cell).to_contain_text("end", timeout=60_000)
        assert lines(cell) == all_of(200)
    way.close()


def test_a_daemon_outlives_jupyterlab_and_the_next_one_shows_what_its_cell_printed(
    perilune, chromium, screenshots, tmp_path, monkeypatch
):
    for variable, folder in {"XDG_STATE_HOME": "state", "JUPYTER_RUNTIME_DIR": "runtime"}.items():
        monkeypatch.setenv(variable, str(tmp_path / folder))
    subprocess.run([perilune, "kernel", "start", "--daemon", "--name", "tide"], check=True)
    try:
        for visit in ("first", "second"):
            (tmp_path / visit).mkdir()
            path = blank(tmp_path / visit, visit)
            with serving(perilune, path, tmp_path / visit, "--existing", "tide") as lab:
                with opened(chromium, f"{lab}/{path.name}?token={TOKEN}&reset", screenshots) as notebook:
                    connect_to_the_existing_kernel(notebook)
                    if visit == "first":
                        cell = notebook.run_new(CODE % 100)
                        expect(cell).to_contain_text("line 20")
                    else:
                        shown = notebook.run_new("%output")
                        expect(shown).to_contain_text("end", timeout=30_000)
                        assert lines(shown) == all_of(100)
        status = subprocess.run([perilune, "kernel", "status", "tide"], capture_output=True, text=True)
        assert status.returncode == 0, status
    finally:
        subprocess.run([perilune, "kernel", "stop", "tide"], check=True)


def connect_to_the_existing_kernel(notebook) -> None:
    """As the kernel's dialog offers it: the one that has no notebook yet."""
    notebook.page.locator(".jp-KernelName").first.click()
    kernels = notebook.page.locator(".jp-Dialog select")
    existing = kernels.locator("optgroup[label^='Connect to Existing'] option").filter(has_text=re.compile("^lua"))
    kernels.select_option(existing.get_attribute("value"))
    notebook.accept()
    notebook.wait_for("Idle")
