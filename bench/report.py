"""The figures for people: tables in Markdown, which read as well on a terminal as in docs/performance.md."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from bench.results import Figures, Results
from bench.scenarios import BARE, MANY, ONE, WORKERS

DOCS = Path(__file__).parent.parent / "docs" / "performance.md"
QUIET = 0.05
"""Share of the cores that others may take before they are felt."""
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def as_json(results: Results) -> str:
    return json.dumps(dataclasses.asdict(results), indent=2)


def write_docs(results: Results) -> None:
    put_between(DOCS, BEGIN, END, as_text(results))


def put_between(page: Path, begin: str, end: str, text: str) -> None:
    """Put `text` in the place of what stands between the two marks."""
    before, _, rest = page.read_text().partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def as_text(results: Results) -> str:
    return "\n\n".join(part for part in _parts(results) if part)


def _parts(results: Results) -> Sequence[str]:
    signatures = sorted(results.signatures)
    pools, clients = results.many
    return (
        "\n".join(f"- {name}: {value}" for name, value in results.machine.items()),
        f"Other processes took {results.neighbours * 100:.0f} % of the cores meanwhile"
        + (": too much, the figures are too high." if results.neighbours > QUIET else "."),
        f"The unit, one bare RSA-2048 signature: {median(signatures) * 1e6:.0f} µs of CPU"
        f" ({signatures[0] * 1e6:.0f} to {signatures[-1] * 1e6:.0f} over the run).",
        f"### Tokens, {results.plan.connections} callers\n\n"
        f"Medians of {results.plan.rounds} rounds; in brackets the lowest and highest round. “Many clients” is"
        f" {clients:,} clients of {pools:,} pools, asked for at random.",
        table(results.tokens, "tokens"),
        _verdict(results.tokens),
        "".join(f"Not measured: {name} ({why}).\n" for name, why in results.skipped.items()).rstrip(),
        _workers(results.tokens),
        "### Tokens, one caller at a time\n\nLatency without a queue.",
        table(results.alone, "tokens"),
        _first_use(results.first_use),
        "### JWKS",
        table(results.documents, "documents"),
        _documents(results.documents),
        "### Memory, after the load",
        _memory(results.tokens),
        "### Start",
        rows(
            ("from the start of the process", "seconds"), [(n, f"{s:.2f}") for n, s in results.starts.items()]
        ),
    )


def table(measured: Mapping[str, Figures], what: str, of: str = "server") -> str:
    """A line for each; `what` are counted by the second."""
    head = (of, "CPU, × one signature", "CPU, µs", f"{what}/s", "p50, ms", "p99, ms")
    lines = [
        (
            one.name,
            f"**{one.signatures:.2f}** ({one.lowest:.2f} to {one.highest:.2f})",
            f"{one.cpu_us:.0f}",
            f"{one.rate:,.0f}",
            f"{one.p50_ms:.2f}",
            f"{one.p99_ms:.2f}",
        )
        for one in measured.values()
    ]
    return rows(head, lines)


def _verdict(tokens: Mapping[str, Figures]) -> str:
    one, many, bare = tokens[ONE], tokens[MANY], tokens[BARE]
    return (
        f"Poolhouse takes {one.signatures / bare.signatures:.2f} × the bare handler's CPU;"
        f" many pools and clients take {(many.signatures / one.signatures - 1) * 100:+.1f} %."
    )


def _workers(tokens: Mapping[str, Figures]) -> str:
    two = tokens[WORKERS]
    workers = two.busy[:2]
    return (
        f"Two workers give {two.rate / tokens[ONE].rate:.2f} × the tokens of one, with every caller keeping its"
        f" connection; the callers run on the same two cores, and {two.of_the_cores * 100:.0f} % of both cores was"
        f" at work. Each worker ran {workers[1] * 100:.0f} to {workers[0] * 100:.0f} % of the time, so none was idle."
        if workers[1] > workers[0] / 2
        else f"One worker was idle: {workers[1] * 100:.0f} % against {workers[0] * 100:.0f} % of the time."
    )


def _first_use(figures: Figures | None) -> str:
    if figures is None:
        return ""
    return (
        "### The first token of each client\n\n"
        f"Read from the database, once: {figures.signatures:.2f} signatures of CPU, {figures.rate:,.0f} tokens/s,"
        f" p99 {figures.p99_ms:.1f} ms."
    )


def _documents(documents: Mapping[str, Figures]) -> str:
    bare, one = documents[BARE], documents[ONE]
    return (
        f"Poolhouse serves {one.rate / bare.rate:.2f} of the bare handler's rate,"
        f" and {bare.cpu_us / one.cpu_us:.2f} by CPU."
    )


def _memory(tokens: Mapping[str, Figures]) -> str:
    lines = [
        (one.name, " + ".join(f"{size:.0f}" for size in one.rss_mib), f"{sum(one.pss_mib):.0f}")
        for one in tokens.values()
    ]
    return rows(("server", "resident, MiB, each process", "of its own (PSS), MiB, together"), lines)


def rows(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A table."""
    lines = ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *body)]
    return "\n".join(lines)
