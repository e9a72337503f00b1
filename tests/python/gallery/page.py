"""The pages of the gallery: the notebooks in docs/gallery, and the data they read."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import nbformat

GALLERY = Path(__file__).resolve().parents[3] / "docs/gallery"
INDEX = GALLERY / "README.md"
DATA = GALLERY / "data"


@dataclass(frozen=True)
class Page:
    """One notebook, as it is stored."""

    path: Path

    def __str__(self) -> str:
        return self.path.stem

    def read(self) -> nbformat.NotebookNode:
        return nbformat.read(self.path, 4)

    @property
    def title(self) -> str:
        """The text of the heading that it begins with."""
        return self.read().cells[0].source.splitlines()[0].removeprefix("# ")

    @property
    def answers(self) -> list[str]:
        """What to answer when it asks: `answers` in the metadata of its cells, in their order."""
        return [answer for cell in self.read().cells for answer in cell.metadata.get("answers", [])]

    def unexecuted(self, folder: Path) -> Path:
        """A copy without outputs in a folder, beside the data."""
        notebook = self.read()
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.update(outputs=[], execution_count=None)
        copy_data(folder)
        copy = folder / self.path.name
        nbformat.write(notebook, copy)
        return copy


def pages() -> list[Page]:
    """All of them, by name."""
    return [Page(path) for path in sorted(GALLERY.glob("*.ipynb"))]


def copy_data(folder: Path) -> None:
    """Puts what the pages read beside a copy of them."""
    if DATA.exists():
        shutil.copytree(DATA, folder / DATA.name, dirs_exist_ok=True)
