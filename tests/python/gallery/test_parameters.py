"""The page on parameters, run by papermill with others than its own."""

import nbformat

from .page import GALLERY, Page


def test_papermill_makes_a_report_on_another_planet(jupyter_path, root, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(root / "kernelspec/python")
    # Imported here: papermill brings much that other tests do not need.
    import papermill
    import perilune.papermill  # noqa: F401, it brings the translator for Lua

    source = Page(GALLERY / "parameters.ipynb").unexecuted(tmp_path)
    report = tmp_path / "saturn.ipynb"
    parameters = {"planet": "Saturn", "largest": 3}
    papermill.execute_notebook(source, report, parameters, kernel_name="lua", cwd=tmp_path, progress_bar=False)
    outputs = {cell.id: cell.get("outputs") for cell in nbformat.read(report, 4).cells}
    assert outputs["read"][0].data["text/markdown"].startswith("**Saturn** has 15 moons")
    assert "… 12 more" in outputs["show"][0].data["text/plain"]
    assert "Rhea" in outputs["plot"][0].data["text/plain"]
