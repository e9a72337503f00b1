"""Makes the stored outputs of the gallery anew: `tests/gallery update [PAGE...]`."""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from .comparison import FOLDER, comparable
from .page import Page, pages
from .runners import by_perilune_run


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests/gallery", description=__doc__)
    parser.add_argument("action", choices=["update"])
    parser.add_argument("page", nargs="*", help="the name of a notebook; all of them without one")
    arguments = parser.parse_args()
    wanted = [page for page in pages() if not arguments.page or str(page) in arguments.page]
    if unknown := set(arguments.page) - set(map(str, wanted)):
        sys.exit(f"not in docs/gallery: {', '.join(sorted(unknown))}")
    for page in wanted:
        try:
            changed = update(Path(os.environ["PERILUNE_BINARY"]), page)
        except AssertionError as failure:
            sys.exit(f"{page}: {failure}")
        print(f"{page}: {', '.join(changed) or 'unchanged'}", flush=True)


def update(perilune: Path, page: Page) -> list[str]:
    """Runs a page and stores the outputs that differ; returns the ids of their cells.

    Outputs that are the same but for what may differ stay as they are: a new run does not change
    the file if nothing changed.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        shown = by_perilune_run(perilune, page, folder)
        executed = json.loads((folder / f"{page}.executed.ipynb").read_text().replace(str(folder), FOLDER))
    stored = page.read()
    document = json.loads(page.path.read_text())
    changed = []
    for at, cell in enumerate(stored.cells):
        if cell.cell_type != "code":
            continue
        same_count = cell.execution_count == shown.cells[at].execution_count
        if same_count and comparable(cell, folder) == comparable(shown.cells[at], folder):
            continue
        changed.append(cell.id)
        for field in ("execution_count", "outputs"):
            document["cells"][at][field] = executed["cells"][at][field]
    if changed:
        page.path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return changed


if __name__ == "__main__":
    main()
