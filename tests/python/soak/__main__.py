"""tests/soak: lets a daemon live under all that users do to it, and fails if it grows."""

import argparse
import os
import secrets
import sys
import time
from pathlib import Path
from random import Random

from . import Life, judge
from .trend import Sample


def live(binary: Path, seconds: float, random: Random, say=print) -> list[Sample]:
    """The samples of a life, one for each round behind the warm-up."""
    samples = []
    with Life(binary, random) as life:
        life.warm_up()
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            life.round()
            samples.append(life.sample(began))
            if len(samples) % 10 == 1:
                say(samples[-1])
        life.is_well()
        say(", ".join(f"{name} {count}" for name, count in sorted(life.done.items())))
    return samples


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests/soak", description=__doc__.split(": ", 1)[1])
    parser.add_argument("--minutes", type=float, default=60, metavar="N", help="how long it lives [60]")
    parser.add_argument("--seed", default=str(secrets.randbelow(1 << 32)), help="what is left to chance, for a life as before")
    asked = parser.parse_args()
    print(f"a daemon lives for {asked.minutes:g} minutes; seed {asked.seed}", flush=True)
    verdicts = judge(live(Path(os.environ["PERILUNE_BINARY"]), 60 * asked.minutes, Random(asked.seed), say=lambda it: print(it, flush=True)))
    print(*verdicts, sep="\n")
    sys.exit(0 if all(verdict.is_flat for verdict in verdicts) else 1)


if __name__ == "__main__":
    main()
