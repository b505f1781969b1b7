"""`python -m bench`: measure, and report."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import report
from bench.machine import Neighbours, machine
from bench.people import report as people_report
from bench.people import scenarios as people
from bench.people.results import PeopleResults
from bench.plan import FULL, QUICK
from bench.results import Results
from bench.scenarios import Say, run

Finished = tuple[str, str, Callable[[], None]]
"""The report as text and as JSON, and what writes it into the documentation."""
Finish = Callable[[float], Finished]
"""Takes the share of the cores that others had, which is known when all servers have ended."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute, with larger errors")
    parser.add_argument(
        "--people", action="store_true", help="signing in, refreshing and listing instead of machine tokens"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    parser.add_argument(
        "--write-docs", action="store_true", help="replace the results in docs/performance.md"
    )
    arguments = parser.parse_args()
    if not Path("/proc/self/smaps_rollup").exists():
        print("The figures of a process are read from Linux's /proc, which is not here.", file=sys.stderr)
        return 1
    began = time.monotonic()
    neighbours = Neighbours()

    def say(what: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {what}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="poolhouse-bench-") as folder:
        measure = _people if arguments.people else _tokens
        finish = measure(Path(folder), arguments.quick, say)
    text, as_json, write_docs = finish(neighbours.share())
    say("done")
    print(text)
    if arguments.json is not None:
        arguments.json.write_text(as_json + "\n")
    if arguments.write_docs:
        write_docs()
    return 0


def _tokens(folder: Path, is_quick: bool, say: Say) -> Finish:
    results = Results(machine(), QUICK if is_quick else FULL)
    run(results.plan, folder, results, say)

    def finish(neighbours: float) -> Finished:
        results.neighbours = neighbours
        return report.as_text(results), report.as_json(results), lambda: report.write_docs(results)

    return finish


def _people(folder: Path, is_quick: bool, say: Say) -> Finish:
    plan = people.QUICK if is_quick else people.FULL
    results = PeopleResults(machine(), plan.few, plan.many, plan.callers, plan.rounds)
    people.run(plan, folder, results, say)

    def finish(neighbours: float) -> Finished:
        results.neighbours = neighbours
        return (
            people_report.as_text(results),
            people_report.as_json(results),
            lambda: people_report.write_docs(results),
        )

    return finish


if __name__ == "__main__":
    sys.exit(main())
