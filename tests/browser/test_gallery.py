"""Each page of the gallery in JupyterLab, as a person runs it: Restart & Run All, and save.

One JupyterLab and one tab serve all pages, one after the other.
"""

import json
import urllib.request

import nbformat
import pytest
from conftest import TOKEN, Notebook, serving
from gallery.comparison import differences
from gallery.page import Page, pages
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(180)

# Screenshots show a page whole, up to this height in pixels.
TALLEST = 12_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The gallery without its outputs, where JupyterLab may save."""
    folder = tmp_path_factory.mktemp("gallery").resolve()
    for page in pages():
        page.unexecuted(folder)
    return folder


@pytest.fixture(scope="module")
def lab(perilune, folder, tmp_path_factory):
    with serving(perilune, folder / "tour.ipynb", tmp_path_factory.mktemp("lab")) as address:
        yield address


@pytest.fixture(scope="module")
def tab(chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def problems(tab):
    """What the page's own scripts complain about."""
    problems = []

    def complain(error) -> None:
        problems.append(str(error))

    tab.on("pageerror", complain)
    yield problems
    tab.remove_listener("pageerror", complain)


def answer(tab, answers: list[str]) -> None:
    """Answers the questions, in the order in which the cells ask them."""
    for value in answers:
        field = tab.locator(".jp-Stdin-input").element_handle(timeout=60_000)
        field.fill(value)
        field.press("Enter")
        # The next question has a field of its own.
        tab.wait_for_function("field => !field.isConnected", arg=field)


def photograph(notebook: Notebook, name: str) -> None:
    """The page whole, from the top."""
    tab = notebook.page
    content = "document.querySelector('.jp-WindowedPanel-outer')"
    height = tab.evaluate(f"{content}.scrollHeight")
    tab.set_viewport_size({"width": 1280, "height": min(height + 120, TALLEST)})
    tab.evaluate(f"{content}.scrollTo(0, 0)")
    notebook.photograph(name)
    tab.set_viewport_size({"width": 1280, "height": 900})


def end_kernels(address: str) -> None:
    """Ends what the page before left running."""
    server = address.removesuffix("/lab/tree")
    with urllib.request.urlopen(f"{server}/api/sessions?token={TOKEN}", timeout=30) as sessions:
        for session in json.load(sessions):
            end = urllib.request.Request(f"{server}/api/sessions/{session['id']}?token={TOKEN}", method="DELETE")
            urllib.request.urlopen(end, timeout=30).close()


@pytest.mark.parametrize("page", pages(), ids=str)
def test_it_shows_what_is_stored(page: Page, lab, folder, tab, problems, screenshots):
    code = [cell for cell in page.read().cells if cell.cell_type == "code"]
    end_kernels(lab)
    tab.goto(f"{lab}/{page.path.name}?token={TOKEN}&reset")
    notebook = Notebook(tab, screenshots / "gallery")
    tab.locator(".jp-Notebook").wait_for(timeout=60_000)
    notebook.wait_for("Idle")

    notebook.toolbar("notebook:restart-run-all")
    notebook.accept()
    answer(tab, page.answers)
    last = tab.locator(".jp-CodeCell .jp-InputPrompt").last
    expect(last).to_have_text(f"[{len(code)}]:", timeout=90_000)
    notebook.wait_for("Idle")
    photograph(notebook, str(page))

    with tab.expect_response(lambda response: is_saved(response, page), timeout=30_000):
        tab.keyboard.press("Control+s")
    shown = nbformat.read(folder / page.path.name, 4)
    assert not (diff := differences(page.read(), shown, folder)), f"\n{diff}"
    assert problems == [], "errors in the page"


def is_saved(response, page: Page) -> bool:
    return response.request.method == "PUT" and f"/api/contents/{page.path.name}" in response.url and response.ok
