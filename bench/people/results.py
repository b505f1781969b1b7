"""What was measured of people, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

from bench.results import Turn


@dataclass(frozen=True, slots=True)
class Figures:
    """The medians of a server's turns. CPU is a multiple of the unit, each turn's own ratio."""

    name: str
    units: float
    lowest: float
    highest: float
    cpu_us: float
    rate: float
    p50_ms: float
    p99_ms: float


def figures(name: str, turns: list[Turn]) -> Figures:
    """Of turns whose `signature` is the whole unit."""
    ratios = sorted(turn.cpu / turn.signature for turn in turns)
    return Figures(
        name=name,
        units=median(ratios),
        lowest=ratios[0],
        highest=ratios[-1],
        cpu_us=median(turn.cpu for turn in turns) * 1e6,
        rate=median(turn.rate for turn in turns),
        p50_ms=median(turn.outcome.p50 for turn in turns) * 1e3,
        p99_ms=median(turn.outcome.p99 for turn in turns) * 1e3,
    )


@dataclass(frozen=True, slots=True)
class Flood:
    """Machine tokens alone, and beside sign-ins by password."""

    name: str
    p50_ms: tuple[float, float]
    p99_ms: tuple[float, float]
    rate: tuple[float, float]


@dataclass(slots=True)
class PeopleResults:
    machine: dict[str, str]
    few: int
    many: int
    callers: int
    rounds: int
    neighbours: float = 0.0
    units: dict[str, list[float]] = field(default_factory=dict)
    """CPU seconds, each time that it was measured."""
    fills: dict[str, float] = field(default_factory=dict)
    """Seconds that it took to make each crowd."""
    sections: dict[str, list[Figures]] = field(default_factory=dict)
    lists: dict[str, list[Figures]] = field(default_factory=dict)
    floods: list[Flood] = field(default_factory=list)

    def note(self, measured: dict[str, float]) -> None:
        for name, seconds in measured.items():
            self.units.setdefault(name, []).append(seconds)
