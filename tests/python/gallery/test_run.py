"""Each page of the gallery by `perilune run`."""

import pytest

from .comparison import differences
from .page import Page, pages
from .runners import by_perilune_run


@pytest.mark.parametrize("page", pages(), ids=str)
def test_it_shows_what_is_stored(perilune, page: Page, tmp_path):
    shown = by_perilune_run(perilune, page, tmp_path)
    assert not (diff := differences(page.read(), shown, tmp_path)), f"\n{diff}"
