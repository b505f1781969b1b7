"""`python -m bench`: measure, and report."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from bench import report
from bench.machine import Neighbours, machine
from bench.plan import FULL, QUICK
from bench.results import Results
from bench.scenarios import run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute, with larger errors")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    parser.add_argument(
        "--write-docs", action="store_true", help="replace the results in docs/performance.md"
    )
    arguments = parser.parse_args()
    if not Path("/proc/self/smaps_rollup").exists():
        print("The figures of a process are read from Linux's /proc, which is not here.", file=sys.stderr)
        return 1
    results = Results(machine(), QUICK if arguments.quick else FULL)
    began = time.monotonic()
    neighbours = Neighbours()

    def say(what: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {what}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="poolhouse-bench-") as folder:
        run(results.plan, Path(folder), results, say)
    results.neighbours = neighbours.share()
    say("done")
    print(report.as_text(results))
    if arguments.json is not None:
        arguments.json.write_text(report.as_json(results) + "\n")
    if arguments.write_docs:
        report.write_docs(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
