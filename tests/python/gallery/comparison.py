"""What a notebook shows now, compared with what is stored in it.

Everything counts: the cells and their order, execution counts, the outputs of a cell and their
order, their MIME types, their metadata, and every character of text. What may differ is listed
here and nowhere else:

* In all cells: addresses (`table: 0x55d5c8a3b2c0`) and UUIDs (displays, comms, widgets' models), also
  where a traceback cut them short with `…`, and the folder the notebook is in.
* In all cells: how text came in pieces. Neighbouring pieces of one stream are one text, and what
  a carriage return or a backspace takes back is taken back, since some clients do so on saving.
* In all cells: whether a whole number in JSON is written `150` or `150.0`. JavaScript has one kind
  of number.
* What a client adds: JupyterLab writes an answer it was given into the outputs, as a stream named
  `stdin`, and beside a Vega chart the picture that it drew.
* In cells tagged `pager`, which ask for help: nbclient does not show the help that comes with a
  reply, and so must show nothing at all there.
* In cells tagged `varies`, such as those that measure time: numbers, with the unit of time or memory
  after them. The words around them still count.
"""

import copy
import difflib
import json
import re
from pathlib import Path

import nbformat

# How stored outputs name the folder they were made in.
FOLDER = "/home/reader/gallery"

_ADDRESS = re.compile(r"\b0x(?:[0-9a-f]{6,16}\b|[0-9a-f]*(?=…))")
_UUID = re.compile(r"\b(?:[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\b|[0-9a-f]{8}-[0-9a-f-]*(?=…))")
_UNIT = r"(?:ns|µs|us|ms|s|min|h|bytes?|[KMG]iB)\b|[kMG](?=/s)"
_NUMBER = re.compile(rf"[ \t]*[+-]?\d+(?:[.,:]\d+)*(?:e[+-]?\d+)?(?:\s?(?:{_UNIT}))?")


def differences(
    stored: nbformat.NotebookNode, shown: nbformat.NotebookNode, folder: Path, pager: bool = True
) -> str:
    """A diff of the two, empty if they agree.

    `folder` is where the notebook ran, `pager` whether the client shows help that was asked for.
    """
    if not pager:
        stored = copy.deepcopy(stored)
        for cell in stored.cells:
            if "pager" in cell.metadata.get("tags", []):
                cell.outputs = []
    diff = difflib.unified_diff(
        _lines(stored, folder), _lines(shown, folder), "stored", "shown", lineterm="", n=6
    )
    return "\n".join(diff)


def _lines(notebook: nbformat.NotebookNode, folder: Path) -> list[str]:
    lines = []
    for cell in notebook.cells:
        lines.append(f"{cell.cell_type} cell {cell.id}")
        content = {"source": cell.source}
        if cell.cell_type == "code":
            content |= {"execution_count": cell.execution_count, "outputs": comparable(cell, folder)}
        lines += json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False).replace("\\n", "\n").splitlines()
    return lines


def comparable(cell: nbformat.NotebookNode, folder: Path) -> list[dict]:
    """The outputs of a code cell without what may differ."""
    varies = "varies" in cell.metadata.get("tags", [])

    def text(written: str) -> str:
        written = written.replace(str(folder), FOLDER)
        written = _UUID.sub("<uuid>", _ADDRESS.sub("<address>", written))
        return _NUMBER.sub("<number>", written) if varies else written

    def value(data):
        if isinstance(data, str):
            return text(data)
        if isinstance(data, list):
            return [value(item) for item in data]
        if isinstance(data, dict):
            return {key: value(item) for key, item in data.items()}
        if isinstance(data, bool):
            return data
        if varies and isinstance(data, (int, float)):
            return "<number>"
        if isinstance(data, float) and data.is_integer():
            return int(data)
        return data

    outputs = []
    for output in cell.outputs:
        output = json.loads(json.dumps(output))
        if output["output_type"] == "stream":
            before = outputs[-1] if outputs else {}
            if output["name"] == "stdin":
                continue
            if before.get("name") == output["name"]:
                before["text"] += output["text"]
                continue
        outputs.append(output)
    for output in outputs:
        if output["output_type"] == "stream":
            output["text"] = text(_taken_back(output["text"]))
        data = output.get("data", {})
        if any(mime.startswith("application/vnd.vega") for mime in data):
            data.pop("image/png", None)
        for part in ("data", "metadata", "evalue", "traceback"):
            if part in output:
                output[part] = value(output[part])
    return outputs


def _taken_back(written: str) -> str:
    """Text as a terminal leaves it after carriage returns and backspaces."""
    while re.search(r"[^\n\b]\x08", written):
        written = re.sub(r"[^\n\b]\x08", "", written)
    lines = []
    for line in written.replace("\r\n", "\n").split("\n"):
        shown = ""
        for piece in line.split("\r"):
            shown = piece + shown[len(piece) :]
        lines.append(shown)
    return "\n".join(lines)
