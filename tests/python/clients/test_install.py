"""`perilune kernel install` and `uninstall`, and what Jupyter makes of them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def kernel_command(perilune):
    """Runs `perilune kernel ...`."""

    def command(*arguments, **environment) -> subprocess.CompletedProcess:
        return subprocess.run(
            [perilune, "kernel", *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            env=os.environ | environment,
        )

    return command


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_kernelspec_has_what_clients_need(kernel_command, tmp_path, perilune):
    assert kernel_command("install", "--prefix", tmp_path).returncode == 0
    spec = json.loads((tmp_path / "share/jupyter/kernels/lua/kernel.json").read_text())
    assert spec["argv"][0] == str(perilune) and Path(spec["argv"][0]).is_absolute()
    assert "{connection_file}" in spec["argv"], "Zed wants an element of exactly that"
    assert spec["display_name"] == "Lua" and spec["language"] == "lua"
    assert spec.get("interrupt_mode", "signal") in ("message", "signal")
    assert (tmp_path / "share/jupyter/kernels/lua/logo-svg.svg").exists()


def test_installing_twice_is_installing_once(kernel_command, tmp_path):
    kernel_command("install", "--prefix", tmp_path)
    once = tree(tmp_path)
    again = kernel_command("install", "--prefix", tmp_path)
    assert again.returncode == 0
    assert tree(tmp_path) == once
    assert str(tmp_path) in again.stdout + again.stderr, "it says where"


def test_uninstalling_twice_is_uninstalling_once(kernel_command, tmp_path):
    kernel_command("install", "--prefix", tmp_path)
    other = tmp_path / "share/jupyter/kernels/other/kernel.json"
    other.parent.mkdir()
    other.write_text("{}")
    for _ in range(2):
        outcome = kernel_command("uninstall", "--prefix", tmp_path)
        assert outcome.returncode == 0, outcome.stderr
        assert tree(tmp_path) == {"share/jupyter/kernels/other/kernel.json": b"{}"}


def test_a_name_and_a_display_name_can_be_chosen(kernel_command, tmp_path):
    kernel_command("install", "--prefix", tmp_path, "--name", "moon", "--display-name", "Lua on the Moon")
    spec = json.loads((tmp_path / "share/jupyter/kernels/moon/kernel.json").read_text())
    assert spec["display_name"] == "Lua on the Moon"
    assert kernel_command("uninstall", "--prefix", tmp_path, "--name", "moon").returncode == 0
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("name", ["", "a/b", "../up", "with space"])
def test_a_name_that_jupyter_would_not_take_is_refused(kernel_command, tmp_path, name):
    outcome = kernel_command("install", "--prefix", tmp_path, "--name", name)
    assert outcome.returncode != 0 and "panicked" not in outcome.stderr
    assert tree(tmp_path) == {}


def test_a_users_kernelspec_goes_where_jupyter_looks_for_it(kernel_command, tmp_path):
    environment = {"JUPYTER_DATA_DIR": str(tmp_path / "data")}
    assert kernel_command("install", "--user", **environment).returncode == 0
    listed = subprocess.run(
        [sys.executable, "-m", "jupyter_client.kernelspecapp", "list", "--json"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | environment,
    )
    spec = json.loads(listed.stdout)["kernelspecs"]["lua"]
    assert spec["resource_dir"] == str(tmp_path / "data/kernels/lua")
    assert kernel_command("uninstall", "--user", **environment).returncode == 0
    assert tree(tmp_path) == {}


def test_a_folder_that_cannot_be_written_is_named(kernel_command, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    outcome = kernel_command("install", "--prefix", blocked)
    assert outcome.returncode != 0
    assert str(blocked) in outcome.stderr and "panicked" not in outcome.stderr
