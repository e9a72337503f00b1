"""What the tests of the commands around a kernel share."""

import json
import subprocess
import time
from pathlib import Path

import jsonschema

SCHEMA = json.loads((Path(__file__).parents[2] / "schema/kernel-commands.json").read_text())
FOREVER = "while true do end"


def document(kind: str, ended: subprocess.CompletedProcess) -> dict:
    """What a command printed with --json: one line, as the schema has it."""
    assert ended.stdout.count("\n") == 1, (ended.stdout, ended.stderr)
    found = json.loads(ended.stdout)
    jsonschema.validate(found, SCHEMA | {"$ref": f"#/documents/{kind}"})
    return found


def until_it_runs(asked, name: str) -> None:
    """Waits for the cell of a command that was started, and not only sent."""
    deadline = time.monotonic() + 30
    while not asked("status", name)[1]["kernels"][0]["running"]:
        assert time.monotonic() < deadline
