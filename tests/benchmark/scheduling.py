"""Who runs on which CPU, and how urgently, so that other programs disturb as little as possible."""

import os
from contextlib import contextmanager

PRIORITY = 10


def is_permitted() -> bool:
    """Whether real-time scheduling may be asked for."""
    try:
        with realtime():
            return True
    except OSError:
        return False


@contextmanager
def realtime(cpus: set[int] | None = None):
    """Real-time scheduling of this thread, on those CPUs, and of what it starts meanwhile."""
    policy, parameter, before = os.sched_getscheduler(0), os.sched_getparam(0), os.sched_getaffinity(0)
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(PRIORITY))
    try:
        if cpus:
            os.sched_setaffinity(0, cpus)
        yield
    finally:
        os.sched_setaffinity(0, before)
        os.sched_setscheduler(0, policy, parameter)


class Scheduling:
    """How client and kernel share the machine."""

    def __init__(self, wanted: bool):
        self.realtime = wanted and is_permitted()
        self.cpus = sorted(os.sched_getaffinity(0))

    @contextmanager
    def client(self, pinned: bool):
        """The client's own turn; a pinned one has a CPU for itself."""
        if not self.realtime:
            yield
            return
        with realtime({self.cpus[0]} if pinned and len(self.cpus) > 1 else None):
            yield

    @contextmanager
    def kernel(self, pinned: bool):
        """In here a kernel is started; a pinned one shares no CPU with the client."""
        if not self.realtime:
            yield
            return
        with realtime(set(self.cpus[1:]) if pinned and len(self.cpus) > 1 else set(self.cpus)):
            yield

    def __str__(self) -> str:
        return "real-time, round trips pinned" if self.realtime else "as the system schedules"
