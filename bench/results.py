"""What was measured, as plain values: one turn of a server, and the medians of its turns."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

from bench.load import Outcome
from bench.plan import Plan
from bench.processes import Memory

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Turn:
    """One server in one round."""

    signature: float
    """CPU seconds of a bare signature, measured just before and just after."""
    outcome: Outcome

    @property
    def cpu(self) -> float:
        """CPU seconds, user and system, of the server's processes per request."""
        return sum(self.outcome.cpu.values()) / self.outcome.requests

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.outcome.requests / self.outcome.seconds

    @property
    def busy(self) -> list[float]:
        """The share of the time that each of the server's processes was running, the busiest first."""
        return sorted((cpu / self.outcome.seconds for cpu in self.outcome.cpu.values()), reverse=True)

    @property
    def of_the_cores(self) -> float:
        """The rate as a share of what two cores give, that carry both the server and its callers."""
        cpu_of_all = (sum(self.outcome.cpu.values()) + self.outcome.own_cpu) / self.outcome.requests
        return self.rate * cpu_of_all / 2


@dataclass(frozen=True, slots=True)
class Figures:
    """The medians of a server's turns."""

    name: str
    signatures: float
    """CPU per request, in bare signatures: each turn's own ratio, then the median."""
    lowest: float
    highest: float
    cpu_us: float
    rate: float
    p50_ms: float
    p99_ms: float
    busy: list[float]
    of_the_cores: float
    rss_mib: list[float]
    pss_mib: list[float]


def figures(name: str, turns: list[Turn], memory: list[Memory]) -> Figures:
    ratios = sorted(turn.cpu / turn.signature for turn in turns)
    return Figures(
        name=name,
        signatures=median(ratios),
        lowest=ratios[0],
        highest=ratios[-1],
        cpu_us=median(turn.cpu for turn in turns) * 1e6,
        rate=median(turn.rate for turn in turns),
        p50_ms=median(turn.outcome.p50 for turn in turns) * 1e3,
        p99_ms=median(turn.outcome.p99 for turn in turns) * 1e3,
        busy=[median(shares) for shares in zip(*(turn.busy for turn in turns), strict=True)],
        of_the_cores=median(turn.of_the_cores for turn in turns),
        rss_mib=[one.rss / MEBIBYTE for one in memory],
        pss_mib=[one.pss / MEBIBYTE for one in memory],
    )


@dataclass(slots=True)
class Results:
    machine: dict[str, str]
    plan: Plan
    neighbours: float = 0.0
    """Share of the machine's cores that other processes took during the run."""
    signatures: list[float] = field(default_factory=list)
    """CPU seconds of a bare signature, each time it was measured."""
    tokens: dict[str, Figures] = field(default_factory=dict)
    alone: dict[str, Figures] = field(default_factory=dict)
    """Tokens asked for by one caller at a time: latency without a queue."""
    documents: dict[str, Figures] = field(default_factory=dict)
    first_use: Figures | None = None
    """Each of the many clients asked for the first time: what the database costs."""
    many: tuple[int, int] = (0, 0)
    """How many pools and clients there are where there are many."""
    starts: dict[str, float] = field(default_factory=dict)
    """Seconds."""
    skipped: dict[str, str] = field(default_factory=dict)
    """What was not measured, and why."""
