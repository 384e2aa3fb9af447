"""`python -m benchmarks [startup|executor|overhead|loops|formulas ...] [--strict]`: the ratios."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

PARTS = ("startup", "executor", "overhead", "loops", "formulas")


def main() -> int:
    """Print one line per measurement, as it comes.

    Returns:
        1 with `--strict` where a target is missed, else 0.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of: {', '.join(PARTS)}")
    parser.add_argument("--strict", action="store_true", help="exit 1 where a target is missed")
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part: {', '.join(sorted(unknown))}")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line does
    missed = 0
    print(f"{'':46}{'ours':>10}{'peer':>10}{'ratio':>8}{'target':>8}  peer")
    for part in options.parts or PARTS:
        for row in import_module(f"benchmarks.{part}").rows():
            target = "" if row.target is None else f"{row.target:.1f}"
            mark = " MISSED" if row.missed else ""
            print(
                f"{row.name:46}{quantity(row.ours, row.unit):>10}{quantity(row.peer, row.unit):>10}"
                f"{row.ratio:>8.2f}{target:>8}  {row.peer_name}{mark}",
                flush=True,
            )
            missed += row.missed
    if not options.parts or {"executor", "loops"} & set(options.parts):
        from benchmarks.peers import missing

        for name in missing():
            print(f"skipped: {name} is not installed")
    return int(options.strict and missed > 0)


def quantity(value: float, unit: str) -> str:
    """Three digits and a readable unit."""
    if unit != "s":
        return f"{value:.2f} {unit}"
    for factor, name in ((1.0, "s"), (1e3, "ms"), (1e6, "µs")):
        if value * factor >= 1.0:
            return f"{value * factor:.3g} {name}"
    return f"{value * 1e6:.2g} µs"


if __name__ == "__main__":
    sys.exit(main())
