"""Widgets in JupyterLab, as the person moves them."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(300)


def test_smoke(open_notebook):
    notebook = open_notebook
    cell = notebook.run_new("s = widgets.slider{min=0,max=10,label='mass', on_change=function(new, old) print('now', new, old) end}\ns")
    slider = cell.get_by_label("mass")
    expect(slider).to_be_visible(timeout=30000)
    slider.fill("7")
    expect(cell.locator(".jp-OutputArea")).to_contain_text("now\t7\t0")
    notebook.photograph("widgets-smoke")
