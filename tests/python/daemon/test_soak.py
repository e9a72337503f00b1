"""A daemon does not grow. Two minutes of what `tests/soak` does for an hour."""

from dataclasses import replace

import pytest
from soak import judge
from soak.__main__ import live
from soak.trend import Sample

SECONDS = 120


def growing(what: str) -> set[str]:
    """What is found to grow in a life of 120 samples that have the noise of a real one."""
    flat = [Sample(number, 10 + 0.4 * (number * 7 % 5 - 2), 0.25, 39, 6, 0, 1.3) for number in range(120)]
    grown = [replace(sample, **{what: getattr(sample, what) + type(getattr(sample, what))(number / 40)}) for number, sample in enumerate(flat)]
    return {verdict.what for verdict in judge(grown) if not verdict.is_flat}


def test_noise_is_no_growth():
    flat = [Sample(number, 10 + 0.4 * (number * 7 % 5 - 2), 0.25, 39 + 3 * (number == 50), 6, 0, 1.3) for number in range(120)]
    assert all(verdict.is_flat for verdict in judge(flat))


@pytest.mark.parametrize("what", ["memory", "lua", "descriptors", "threads", "children"])
def test_what_grows_is_found(what):
    assert growing(what) == {what}


@pytest.mark.timeout(4 * SECONDS)
def test_a_daemon_that_is_used_stays_as_it_is(perilune, chance):
    verdicts = judge(live(perilune, SECONDS, chance))
    print(*verdicts, sep="\n")
    assert all(verdict.is_flat for verdict in verdicts), "\n".join(map(str, verdicts))
