"""The figures of people, as tables in Markdown."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from statistics import median

from bench.people.results import Figures, PeopleResults
from bench.report import DOCS, QUIET, put_between, rows

BEGIN, END = "<!-- people: begin -->", "<!-- people: end -->"


def as_json(results: PeopleResults) -> str:
    return json.dumps(dataclasses.asdict(results), indent=2)


def write_docs(results: PeopleResults) -> None:
    put_between(DOCS, BEGIN, END, as_text(results))


def as_text(results: PeopleResults) -> str:
    return "\n\n".join(_parts(results))


def _parts(results: PeopleResults) -> Iterator[str]:
    yield "\n".join(f"- {name}: {value}" for name, value in results.machine.items())
    yield (
        f"Other processes took {results.neighbours * 100:.0f} % of the cores meanwhile"
        + (": too much, the figures are too high." if results.neighbours > QUIET else ".")
    )
    fills = ", ".join(f"{name} in {seconds:.0f} s" for name, seconds in results.fills.items())
    yield f"Filled: {fills}."
    yield "### What is counted in"
    yield rows(
        ("a bare", "CPU, µs"),
        [
            (name, f"{median(each) * 1e6:,.0f} ({min(each) * 1e6:,.0f} to {max(each) * 1e6:,.0f})")
            for name, each in results.units.items()
        ],
    )
    yield f"{results.callers} callers at once; medians of {results.rounds} rounds, in brackets the lowest and highest."
    for name, measured in results.sections.items():
        yield f"### {name}"
        yield _table(measured, "× the unit")
        yield _dearer(measured)
    for name, measured in results.lists.items():
        yield f"### ListUsers, {name}"
        yield _table(measured, "× one signature")
    yield "### Machine tokens beside a flood of passwords"
    yield rows(
        ("server", "p50, ms: alone, flooded", "p99, ms: alone, flooded", "tokens/s: alone, flooded"),
        [
            (
                one.name,
                f"{one.p50_ms[0]:.1f}, {one.p50_ms[1]:.1f}",
                f"{one.p99_ms[0]:.1f}, {one.p99_ms[1]:.1f}",
                f"{one.rate[0]:,.0f}, {one.rate[1]:,.0f}",
            )
            for one in results.floods
        ],
    )


def _table(measured: Sequence[Figures], unit: str) -> str:
    return rows(
        ("server", f"CPU, {unit}", "CPU, µs", "a second", "p50, ms", "p99, ms"),
        [
            (
                one.name,
                f"**{one.units:.2f}** ({one.lowest:.2f} to {one.highest:.2f})",
                f"{one.cpu_us:,.0f}",
                f"{one.rate:,.0f}",
                f"{one.p50_ms:.2f}",
                f"{one.p99_ms:.2f}",
            )
            for one in measured
        ],
    )


def _dearer(measured: Sequence[Figures]) -> str:
    """The servers come in pairs: few people, many people."""
    pairs = zip(measured[::2], measured[1::2], strict=True)
    told = [
        f"{many.name.partition(',')[0]} {(many.units / few.units - 1) * 100:+.1f} %" for few, many in pairs
    ]
    return f"Many people instead of few: {', '.join(told)}."
