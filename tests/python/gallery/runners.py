"""Programs that run a page without a browser."""

import asyncio
import subprocess
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from .page import Page

SECONDS = 60


def by_perilune_run(perilune: Path, page: Page, folder: Path) -> nbformat.NotebookNode:
    """What `perilune run` leaves of a page when it runs in this folder."""
    source = page.unexecuted(folder)
    output = folder / f"{page}.executed.ipynb"
    outcome = subprocess.run(
        [perilune, "run", source, "--output", output, "--timeout", str(SECONDS)],
        input="".join(f"{answer}\n" for answer in page.answers),
        capture_output=True,
        text=True,
    )
    assert outcome.returncode == 0, outcome.stderr
    return nbformat.read(output, 4)


def by_nbclient(page: Page, folder: Path) -> nbformat.NotebookNode:
    """What nbclient leaves of a page; its questions are answered, which nbclient alone does not."""
    executed = nbformat.read(page.unexecuted(folder), 4)
    client = NotebookClient(executed, timeout=SECONDS, resources={"metadata": {"path": folder}})
    answers = page.answers
    answering = None

    async def answer() -> None:
        for value in answers:
            await client.kc.get_stdin_msg(timeout=None)
            client.kc.input(value)

    def begin(**_) -> None:
        nonlocal answering
        client.kc.allow_stdin = bool(answers)
        answering = asyncio.ensure_future(answer())

    def end(**_) -> None:
        answering.cancel()

    client.on_notebook_start = begin
    client.on_notebook_complete = end
    client.execute()
    return executed
