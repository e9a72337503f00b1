"""`perilune lab`: from the binary alone to an open notebook."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from frontend import free_port


@pytest.fixture
def lab(perilune, tmp_path):
    """Starts `perilune lab` with the JupyterLab of the tests on PATH."""
    processes = []

    def start(*arguments, path: str | None = None, patience: int = 60) -> tuple[str, Path]:
        port = free_port()
        log = tmp_path / "log"
        with open(log, "wb") as output:
            process = subprocess.Popen(
                [perilune, "lab", "--no-browser", "--port", str(port), *arguments, "--", "--IdentityProvider.token=tide"],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                cwd=tmp_path,
                env=os.environ
                | {
                    "PATH": path or f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                    "JUPYTER_DATA_DIR": str(tmp_path / "data"),
                    "XDG_DATA_HOME": str(tmp_path / "data"),
                },
            )
        processes.append(process)
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + patience
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            try:
                urllib.request.urlopen(f"{address}/api/status?token=tide", timeout=5).close()
                return address, log
            except OSError:
                time.sleep(0.1)

    yield start
    for process in processes:
        process.terminate()
        process.wait(30)


def get(address: str) -> dict:
    with urllib.request.urlopen(address, timeout=30) as response:
        return json.load(response)


def test_it_serves_the_tour_with_our_kernel(lab, perilune, tmp_path):
    address, log = lab()
    contents = get(f"{address}/api/contents/tour.ipynb?token=tide")
    assert contents["content"]["metadata"]["kernelspec"]["name"] == "lua"
    specs = get(f"{address}/api/kernelspecs?token=tide")["kernelspecs"]
    assert specs["lua"]["spec"]["argv"][0] == str(perilune)
    assert "tour.ipynb" in log.read_text(), "the address it prints leads to the notebook"


def test_it_serves_another_notebook(lab, tour, tmp_path):
    mine = tmp_path / "my own.ipynb"
    shutil.copy(tour, mine)
    address, _ = lab("--notebook", mine)
    assert get(f"{address}/api/contents/my%20own.ipynb?token=tide")["type"] == "notebook"


def test_a_kernel_starts_and_answers_through_the_server(lab):
    """jupyter_server asks for kernel_info on shell and on control before it says a kernel is there."""
    address, _ = lab()
    request = urllib.request.Request(
        f"{address}/api/kernels?token=tide", data=b'{"name": "lua"}', method="POST", headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        kernel = json.load(response)
    assert kernel["name"] == "lua"
    end = urllib.request.Request(f"{address}/api/kernels/{kernel['id']}?token=tide", method="DELETE")
    urllib.request.urlopen(end, timeout=30).close()


@pytest.mark.timeout(400)
def test_without_jupyterlab_it_puts_one_into_an_environment_of_its_own(lab, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    address, log = lab(path=f"{tools}:/usr/bin:/bin", patience=350)
    assert "perilune" in get(f"{address}/api/kernelspecs?token=tide")["kernelspecs"]["lua"]["spec"]["argv"][0]
    assert (tmp_path / "data" / "perilune" / "lab-venv" / "bin" / "jupyter-lab").exists()
    assert "JupyterLab" in log.read_text(), "it says what it does"


def test_without_python_it_says_what_is_missing(perilune, tmp_path):
    (tmp_path / "bin").mkdir()
    outcome = subprocess.run(
        [perilune, "lab", "--no-browser"],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=tmp_path,
        env={"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)},
    )
    assert outcome.returncode not in (0, 101)
    assert "Python" in outcome.stderr
    assert "install" in outcome.stderr, "and how to get it"
    assert "panicked" not in outcome.stderr


def test_a_notebook_that_is_not_there_is_named(perilune, tmp_path):
    outcome = subprocess.run(
        [perilune, "lab", "--notebook", tmp_path / "nowhere.ipynb"], capture_output=True, text=True, timeout=30
    )
    assert outcome.returncode != 0 and "nowhere.ipynb" in outcome.stderr
