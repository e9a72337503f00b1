"""tests/bench: measures the kernel beside others in one run."""

import argparse
import datetime
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import daemon, debugger, lua, prompt
from .measures import QUICK, Bench, Size
from .report import Report
from .scheduling import Scheduling
from .subject import Subject, echo, ipykernel, perilune


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/bench", description=__doc__.split(": ", 1)[1])
    parser.add_argument("--quick", action="store_true", help="a short run, whose figures are rough")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds, of which the median counts [5; quick: 1]")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure of every round")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table into the marked place of a page")
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="NAME=BINARY",
        help="measure another perilune beside, such as an older one",
    )
    parser.add_argument(
        "--lldebugger",
        type=Path,
        metavar="FILE",
        default=os.environ.get("PERILUNE_LLDEBUGGER"),
        help="measure local-lua-debugger-vscode beside: its lldebugger.lua [$PERILUNE_LLDEBUGGER]",
    )
    parser.add_argument("--without-ipykernel", action="store_true", help="leave out the slow one")
    parser.add_argument(
        "--realtime",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="real-time scheduling and pinned CPUs, where the system permits them [on]",
    )
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    size = QUICK if asked.quick else Size()
    rounds = asked.rounds or (1 if asked.quick else 5)
    scheduling = Scheduling(asked.realtime)
    binary = Path(os.environ["PERILUNE_BINARY"])

    ours = [perilune("perilune", binary)]
    for other in asked.also:
        name, _, path = other.partition("=")
        ours.append(perilune(name, Path(path)))
    subjects = [echo(), *ours, *([] if asked.without_ipykernel else [ipykernel()])]

    loads = [os.getloadavg()[0]]
    with tempfile.TemporaryDirectory(prefix="perilune-benchmark-") as home:
        # What kernels would write for a user, and what they would read of one.
        for name in ("LUA_INIT", "LUA_PATH", "LUA_CPATH", "PERILUNE_LOG"):
            os.environ.pop(name, None)
        # Where the tools are that build a part of what is measured.
        for name, folder in (("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")):
            os.environ.setdefault(name, str(Path.home() / folder))
        os.environ.update(HOME=home, XDG_STATE_HOME=f"{home}/state", IPYTHONDIR=f"{home}/ipython", JUPYTER_RUNTIME_DIR=f"{home}/runtime")
        figures = measure(subjects, ours, size, rounds, scheduling, asked.lldebugger)
    loads.append(os.getloadavg()[0])

    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    circumstances = {
        "date": datetime.date.today().isoformat(),
        "measured": f"{version}, {rounds} {'rounds' if rounds > 1 else 'round'}{', quick' * asked.quick}",
        "machine": f"{len(scheduling.cpus)} CPUs, {platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "scheduling": str(scheduling),
        "load average": f"{loads[0]:.1f} before, {loads[1]:.1f} after",
    }
    if not asked.lldebugger:
        circumstances["local-lua-debugger"] = "left out, since no package registry has it: see --lldebugger"
    report = Report(figures, circumstances, [subject.name for subject in ours])
    print(report.plain())
    if asked.json:
        report.write_json(asked.json)
    if asked.markdown:
        report.write_markdown(asked.markdown)


def measure(
    subjects: list[Subject],
    ours: list[Subject],
    size: Size,
    rounds: int,
    scheduling: Scheduling,
    lldebugger: Path | None,
):
    """The figures of each round, by subject; the order changes from round to round."""
    figures = {subject.name: [] for subject in subjects} | {lua.PLAIN: []}
    began = time.monotonic()
    for number in range(rounds):
        turn = number % len(subjects)
        for subject in subjects[turn:] + subjects[:turn]:
            said = f"round {number + 1} of {rounds}: {subject.name}"
            print(f"\r{said:60}{time.monotonic() - began:5.0f} s", end="", file=sys.stderr, flush=True)
            # Once is enough for what takes long, and grows or does not.
            bench = Bench(subject, size, scheduling)
            figures[subject.name].append(bench.everything(with_endurance=number == rounds - 1))
        benches = [Bench(subject, size, scheduling) for subject in ours]
        for name, seconds in lua.beside(benches, 3).items():
            figures[name] += [{}] * (name == lua.PLAIN)
            figures[name][-1] |= seconds
        for subject in ours:
            binary, *_ = subject.command(Path(), {})
            figures[subject.name][-1] |= prompt.figures(binary)
            figures[subject.name][-1] |= daemon.figures(binary, size.daemons, size.signals, scheduling)
            figures[subject.name][-1] |= debugger.figures(subject, size.programs, size.stops, scheduling)
        figures[lua.PLAIN][-1] |= dict(debugger.beside(size.programs, scheduling, lldebugger))
    figures[ours[0].name][-1] |= daemon.of_the_log()
    print(f"\r{'':70}\r", end="", file=sys.stderr)
    return figures


if __name__ == "__main__":
    main()
