"""The figures of a browser: tables in Markdown, which read as well on a terminal as in docs/performance.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

from bench.report import DOCS, QUIET, put_between, rows, table
from bench.results import Figures

BEGIN, END = "<!-- browser: begin -->", "<!-- browser: end -->"
PAGE, FLOW = "the sign-in page", "a code flow"
SIGNATURES_OF_A_FLOW = 2
"""The ID token's, and the access token's."""
AIM_MS = 100
"""For a page to be loaded, on loopback."""


@dataclass(frozen=True, slots=True)
class Loads:
    """Milliseconds until a page was loaded in Chromium, the shortest first."""

    first: list[float]
    """By a browser that has nothing of it yet."""
    again: list[float]


@dataclass(slots=True)
class BrowserResults:
    machine: dict[str, str]
    rounds: int
    callers: int
    neighbours: float = 0.0
    """Share of the machine's cores that other processes took."""
    signatures: list[float] = field(default_factory=list)
    together: dict[str, Figures] = field(default_factory=dict)
    alone: dict[str, Figures] = field(default_factory=dict)
    loads: Loads = field(default_factory=lambda: Loads([], []))


def write_docs(results: BrowserResults) -> None:
    put_between(DOCS, BEGIN, END, as_text(results))


def as_text(results: BrowserResults) -> str:
    flow = results.together[FLOW]
    return "\n\n".join(
        (
            "\n".join(f"- {name}: {value}" for name, value in results.machine.items()),
            f"Other processes took {results.neighbours * 100:.0f} % of the cores meanwhile"
            + (": too much, the figures are too high." if results.neighbours > QUIET else "."),
            f"The unit, one bare RSA-2048 signature: {median(results.signatures) * 1e6:.0f} µs of CPU.",
            f"### A browser: {results.callers} at once\n\nMedians of {results.rounds} rounds; in brackets the"
            " lowest and highest round.",
            table(results.together, "times", "what"),
            f"A code flow is two requests and two signatures: it takes {flow.signatures / SIGNATURES_OF_A_FLOW:.2f} ×"
            f" the CPU of its signatures, and there are {flow.rate:,.0f} a second.",
            "### A browser: one alone\n\nTime without a queue.",
            table(results.alone, "times", "what"),
            "### The sign-in page in Chromium",
            _loads(results.loads),
        )
    )


def _loads(loads: Loads) -> str:
    lines = [
        (name, f"{median(times):.0f}", f"{times[len(times) * 95 // 100]:.0f}", f"{times[-1]:.0f}")
        for name, times in (("the first time", loads.first), ("again", loads.again))
    ]
    reached = "reached" if median(loads.first) < AIM_MS else "missed"
    return (
        rows(("until loaded, ms", "median", "p95", "longest"), lines)
        + f"\n\nBelow {AIM_MS} ms on loopback: {reached}. Chromium, the server and this run on the same cores."
    )
