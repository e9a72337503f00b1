"""`pip install .` puts binary and kernelspec where the environment's Jupyter finds them."""

import json
import os
import subprocess
import sys

import pytest

FIND_AND_RUN = """
import json, sys
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import run_kernel
found = KernelSpecManager().find_kernel_specs()
shown = []
with run_kernel(kernel_name="lua") as client:
    reply = client.execute_interactive("print(6 * 7)", timeout=30, output_hook=shown.append)
print(json.dumps({
    "folder": found["lua"],
    "status": reply["content"]["status"],
    "text": "".join(m["content"].get("text", "") for m in shown),
}))
"""


@pytest.fixture(scope="module")
def environment(root, tmp_path_factory):
    """A fresh virtual environment with nothing but jupyter_client and our wheel."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin/python", "-m", "pip", "install", "--quiet", "--no-input"]
    requirements = [line for line in (root / "tests/requirements.txt").read_text().splitlines() if line.startswith("jupyter_client==")]
    subprocess.run([*pip, *requirements], check=True)
    subprocess.run([*pip, root], check=True)
    return folder


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("activated", [True, False], ids=["activated", "not activated"])
def test_the_kernel_is_found_and_runs(environment, activated):
    path = "/usr/bin:/bin"
    if activated:
        path = f"{environment}/bin:{path}"
    outcome = subprocess.run(
        [environment / "bin/python", "-c", FIND_AND_RUN],
        capture_output=True,
        text=True,
        timeout=60,
        env={k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"} | {"PATH": path},
    )
    assert outcome.returncode == 0, outcome.stderr
    told = json.loads(outcome.stdout.splitlines()[-1])
    assert told == {"folder": f"{environment}/share/jupyter/kernels/lua", "status": "ok", "text": "42\n"}


@pytest.mark.timeout(1200)
def test_the_command_is_there(environment):
    outcome = subprocess.run([environment / "bin/perilune", "--version"], capture_output=True, text=True, check=True)
    assert outcome.stdout.startswith("perilune ")


@pytest.mark.timeout(1200)
def test_the_wheels_binary_loads_c_modules(environment, tmp_path):
    script = tmp_path / "s.lua"
    script.write_text("print(require('cjson').encode({1, 2}))")
    outcome = subprocess.run([environment / "bin/perilune", "run", script], capture_output=True, text=True)
    assert outcome.stdout == "[1,2]\n", outcome.stderr


@pytest.mark.timeout(1200)
def test_pip_knows_every_file(environment):
    pip = [environment / "bin/python", "-m", "pip"]
    listed = subprocess.run([*pip, "show", "--files", "perilune"], capture_output=True, text=True, check=True).stdout
    assert "share/jupyter/kernels/lua/kernel.json" in listed
    assert "bin/perilune" in listed
