"""Each page of the gallery by nbclient, as nbconvert and JupyterBook run it."""

import pytest

from .comparison import differences
from .page import Page, pages
from .runners import by_nbclient


@pytest.mark.parametrize("page", pages(), ids=str)
def test_it_shows_what_is_stored(jupyter_path, page: Page, tmp_path):
    shown = by_nbclient(page, tmp_path)
    assert not (diff := differences(page.read(), shown, tmp_path, pager=False)), f"\n{diff}"
