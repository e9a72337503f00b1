"""What each page of the gallery is, before anything runs."""

import re

import nbformat
import pytest

from .comparison import FOLDER
from .page import DATA, GALLERY, INDEX, Page, pages

LARGEST = 150_000


def code(page: Page) -> list[nbformat.NotebookNode]:
    return [cell for cell in page.read().cells if cell.cell_type == "code"]


@pytest.mark.parametrize("page", pages(), ids=str)
class TestPage:
    def test_it_is_a_valid_lua_notebook_of_a_size_to_read(self, page: Page):
        notebook = page.read()
        nbformat.validate(notebook)
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
        assert notebook.metadata.kernelspec.name == "lua"
        assert page.path.stat().st_size < LARGEST

    def test_it_begins_with_a_title_and_why_one_reads_it(self, page: Page):
        first = page.read().cells[0]
        assert first.cell_type == "markdown"
        title, *text = first.source.splitlines()
        assert re.fullmatch(r"# \S.*", title)
        assert "".join(text).strip()

    def test_its_code_fits_the_page(self, page: Page):
        lines = [line for cell in code(page) for line in cell.source.splitlines()]
        assert [line for line in lines if len(line) > 105] == []

    def test_its_cells_have_names_that_stay(self, page: Page):
        for cell in page.read().cells:
            assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", cell.id), cell.id

    def test_it_is_stored_as_it_ran_from_top_to_bottom(self, page: Page):
        cells = code(page)
        assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
        for cell in cells:
            fails = any(output.output_type == "error" for output in cell.outputs)
            assert fails == ("raises-exception" in cell.metadata.get("tags", [])), cell.id

    def test_it_names_no_folder_of_whoever_made_it(self, page: Page):
        written = page.path.read_text().replace(FOLDER, "")
        assert not re.findall(r"(?<![\w.])/(?:home|root|Users|work|tmp)/[\w.-]+", written)


def test_there_are_thirty_and_more():
    assert len(pages()) >= 30


def test_the_index_lists_every_page_by_its_title():
    listed = re.findall(r"^- \[(.+)\]\(([\w-]+)\.ipynb\): \S.*$", INDEX.read_text(), re.MULTILINE)
    assert sorted(listed, key=lambda entry: entry[1]) == [(page.title, str(page)) for page in pages()]


def test_all_data_is_read_by_some_page():
    sources = "".join(cell.source for page in pages() for cell in code(page))
    assert [file.name for file in DATA.iterdir() if f"{DATA.name}/{file.name}" not in sources] == []
    assert [file.name for file in GALLERY.iterdir() if file.suffix not in (".ipynb", ".md", "")] == []
