"""A daemon does not grow. Two minutes of what `tests/soak` does for an hour."""

import pytest
from soak import judge
from soak.__main__ import live

SECONDS = 120


@pytest.mark.timeout(4 * SECONDS)
def test_a_daemon_that_is_used_stays_as_it_is(perilune, chance):
    verdicts = judge(live(perilune, SECONDS, chance))
    print(*verdicts, sep="\n")
    assert all(verdict.is_flat for verdict in verdicts), "\n".join(map(str, verdicts))
