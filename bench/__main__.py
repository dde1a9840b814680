"""``python -m bench [A B C D E F H] [--long] [--json]``: figures as tables, or as JSON."""

from __future__ import annotations

import argparse
import json
import sys
import traceback

from attrs import asdict

from bench import codecs, domains, kills, logins, memory, messages, presence
from bench.cores import Cores
from bench.figures import Benchmark, Figure, Plan, machine
from bench.processes import allow_open_files

_MODULES = (logins, messages, presence, memory, kills, codecs, domains)
BENCHMARKS = {module.BENCHMARK.letter: module.BENCHMARK for module in _MODULES}


def main() -> None:
    """Run the benchmarks that were asked for, or all; exit with 1 where one failed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Benchmarks of imps.")
    listed = ", ".join(f"{each.letter} {each.title}" for each in BENCHMARKS.values())
    parser.add_argument("letters", nargs="*", metavar="LETTER", help=f"which ones: {listed}")
    parser.add_argument("--json", action="store_true", help="write JSON instead of tables")
    parser.add_argument("--long", action="store_true", help="more logins, sessions, time and kills")
    parser.add_argument("--repeats", type=int, default=100, help="F: the best of so many counts")
    options = parser.parse_args()
    unknown = set(options.letters) - BENCHMARKS.keys()
    if unknown:
        parser.error(f"there is no benchmark {' '.join(sorted(unknown))}")
    cores = Cores.of_this_process()
    plan = Plan(cores, options.repeats, options.long)
    about = {**machine(), "cores": str(cores)}
    cores.keep_generator()
    allow_open_files()
    if not options.json:
        print("\n".join(f"{name}: {value}" for name, value in about.items()), flush=True)
    results = {}
    for letter in options.letters or BENCHMARKS:
        benchmark = BENCHMARKS[letter]
        try:
            results[letter] = benchmark.measure(plan)
        except Exception:
            # What others have measured is worth telling all the same.
            print(f"\n{letter}: {benchmark.title} failed", file=sys.stderr)
            traceback.print_exc()
        else:
            if not options.json:
                print(_table(benchmark, results[letter]), flush=True)
    if options.json:
        figures = {letter: [asdict(each) for each in some] for letter, some in results.items()}
        json.dump({"machine": about, "figures": figures}, sys.stdout, indent=2)
        print()
    if len(results) < len(set(options.letters or BENCHMARKS)):
        raise SystemExit(1)


def _table(benchmark: Benchmark, figures: list[Figure]) -> str:
    width = max(len(each.what) for each in figures)
    lines = [f"  {each.what:{width}} {_number(each.value):>12} {each.unit}" for each in figures]
    return "\n".join(["", f"{benchmark.letter}: {benchmark.title}", *lines])


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"


if __name__ == "__main__":
    main()
