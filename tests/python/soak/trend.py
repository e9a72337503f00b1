"""Whether what a process takes grows."""

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """What the kernel takes while it rests."""

    seconds: float
    # Memory of its own, in megabytes (10^6 bytes): code that is read from its file is not counted.
    memory: float
    # What Lua says that it holds, in megabytes.
    lua: float
    descriptors: int
    threads: int
    children: int
    # All that is in its folder, in megabytes.
    disk: float


# How much more each may be at the end than at the beginning. What the kernel keeps has bounds,
# and the warm-up reaches those that can be reached in seconds; what remains is the allocator's:
# how it happens to have cut its heap, which moves by some hundred kilobytes either way. A leak of
# 100 bytes for each request is more than the allowance within the two minutes of CI.
ALLOWANCE = {"memory": 1.5, "lua": 0.1, "descriptors": 0, "threads": 0, "children": 0}
# The journal is bounded at 1 MiB, the log at four files of 64 KiB, the history by its entries.
DISK = 40.0


@dataclass(frozen=True)
class Verdict:
    what: str
    early: float
    late: float
    # By the line through the samples that outliers move least, per hour.
    slope: float
    allowed: float

    @property
    def is_flat(self) -> bool:
        return self.late - self.early <= self.allowed

    def __str__(self) -> str:
        word = "flat" if self.is_flat else "GROWS"
        return (
            f"{self.what:12} {self.early:9.2f} early {self.late:9.2f} late "
            f"{self.slope:+9.2f} per hour   at most {self.allowed:+.2f}: {word}"
        )


def judge(samples: list[Sample]) -> list[Verdict]:
    """Compares the medians of the first and the last third: one odd sample changes neither."""
    assert len(samples) >= 9, f"only {len(samples)} samples: live longer"
    third = len(samples) // 3
    verdicts = []
    for what, allowed in ALLOWANCE.items():
        values = [getattr(sample, what) for sample in samples]
        slope = theil_sen([sample.seconds for sample in samples], values) * 3600
        early, late = statistics.median(values[:third]), statistics.median(values[-third:])
        verdicts.append(Verdict(what, early, late, slope, allowed))
    most = max(sample.disk for sample in samples)
    return [*verdicts, Verdict("disk", 0, most, theil_sen([s.seconds for s in samples], [s.disk for s in samples]) * 3600, DISK)]


def theil_sen(times: list[float], values: list[float]) -> float:
    """The median of the slopes of all pairs."""
    # Some hundred points are enough for it, and their pairs are many.
    step = max(1, len(times) // 200)
    points = list(zip(times[::step], values[::step]))
    slopes = [
        (later - earlier) / (end - begin)
        for number, (begin, earlier) in enumerate(points)
        for end, later in points[number + 1 :]
    ]
    return statistics.median(slopes)
