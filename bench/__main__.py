"""``python -m bench [F ...] [--json]``: figures as a table, or as JSON."""

from __future__ import annotations

import argparse
import json
import sys

from attrs import asdict

from bench import codecs
from bench.figures import Figure, machine

BENCHMARKS = {module.BENCHMARK.letter: module.BENCHMARK for module in (codecs,)}


def main() -> None:
    """Run the benchmarks that were asked for, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Benchmarks of imps.")
    listed = ", ".join(f"{each.letter} {each.title}" for each in BENCHMARKS.values())
    parser.add_argument("letters", nargs="*", metavar="LETTER", help=f"which ones: {listed}")
    parser.add_argument("--json", action="store_true", help="write JSON instead of a table")
    parser.add_argument("--repeats", type=int, default=100, help="the best of so many counts")
    options = parser.parse_args()
    unknown = set(options.letters) - BENCHMARKS.keys()
    if unknown:
        parser.error(f"there is no benchmark {' '.join(sorted(unknown))}")
    figures = {
        letter: BENCHMARKS[letter].measure(options.repeats)
        for letter in options.letters or BENCHMARKS
    }
    if options.json:
        results = {letter: [asdict(each) for each in some] for letter, some in figures.items()}
        json.dump({"machine": machine(), "figures": results}, sys.stdout, indent=2)
        print()
    else:
        print(_table(figures))


def _table(figures: dict[str, list[Figure]]) -> str:
    lines = [f"{name}: {value}" for name, value in machine().items()]
    width = max(len(each.what) for some in figures.values() for each in some)
    for letter, some in figures.items():
        lines += ["", f"{letter}: {BENCHMARKS[letter].title}"]
        lines += [f"  {each.what:{width}} {each.value:12,.0f} {each.unit}" for each in some]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
