"""Plain Lua beside a cell of the kernel: CPU time of the same scripts."""

import os
from pathlib import Path

from .measures import Bench

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.lua"))
PLAIN = "lua5.4"


def plain(script: Path) -> float:
    """Seconds of CPU that `lua5.4 SCRIPT` takes."""
    pid = os.posix_spawnp(PLAIN, [PLAIN, str(script)], os.environ)
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"{PLAIN} {script} failed")
    return usage.ru_utime + usage.ru_stime


def beside(benches: list[Bench], repetitions: int) -> dict[str, dict[str, float]]:
    """The shortest CPU time of each script, by subject, `lua5.4` among them, in turns."""
    best: dict[str, dict[str, float]] = {}
    scheduling = benches[0].scheduling
    processes = [bench.start(pinned=False) for bench in benches]
    try:
        clients = [bench.connect(process) for bench, process in zip(benches, processes)]
        for client in clients:
            client.ready()
        for script in SCRIPTS:
            name, code = f"lua_{script.stem}", script.read_text()
            for _ in range(repetitions):
                with scheduling.kernel(pinned=False):
                    times = {PLAIN: plain(script)}
                for bench, process, client in zip(benches, processes, clients):
                    before = process.cpu()
                    answers = client.execute(code)
                    times[bench.subject.name] = process.cpu() - before
                    if not answers.outcomes[0].ok:
                        raise SystemExit(f"{script} failed in {bench.subject.name}")
                for subject, seconds in times.items():
                    figures = best.setdefault(subject, {})
                    figures[name] = min(seconds, figures.get(name, seconds))
        for client in clients:
            client.close()
    finally:
        for process in processes:
            process.__exit__()
    return best
