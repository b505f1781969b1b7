"""The measurements. The servers are driven in turn, round after round, and what a turn is counted in is measured
just before it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.contestants import administrator, jwks_path, make_client
from bench.driver import drive, drive_tokens, target
from bench.load import Job, Outcome
from bench.people import requests
from bench.people.engines import House, house, postgresql
from bench.people.results import Figures, Flood, PeopleResults, figures
from bench.people.units import unit_seconds
from bench.results import Turn
from bench.signature import signature_seconds

RESULT = '"AuthenticationResult"'
USERS = '"Users"'
SEED = 20_270_000
PASSWORD, SRP = "Sign-in by password", "Sign-in by SRP"
REFRESH, ROTATION = "Refresh", "Refresh with rotation"
FLOOD = 32
"""Callers that sign in by password, one after the other, beside those that are measured."""

Say = Callable[[str], None]
Measure = Callable[[House], float]
"""CPU seconds of the unit, now."""
Drive = Callable[[House, int], Outcome]


@dataclass(frozen=True, slots=True)
class PeoplePlan:
    rounds: int
    few: int
    many: int
    passwords: int
    """Sign-ins in each turn."""
    srp: int
    refreshes: int
    lists: int
    tokens: int
    """Machine tokens in each turn beside the flood."""
    signatures: int
    sessions: int = 256
    callers: int = 16


FULL = PeoplePlan(
    rounds=5,
    few=1_000,
    many=1_000_000,
    passwords=64,
    srp=320,
    refreshes=640,
    lists=200,
    tokens=3_000,
    signatures=200,
)
QUICK = PeoplePlan(
    rounds=3,
    few=1_000,
    many=20_000,
    passwords=32,
    srp=160,
    refreshes=320,
    lists=100,
    tokens=1_000,
    signatures=100,
)


def run(plan: PeoplePlan, folder: Path, results: PeopleResults, say: Say) -> None:
    with ExitStack() as stack:
        postgres = stack.enter_context(postgresql(folder))
        houses = []
        for engine in ("SQLite", "PostgreSQL"):
            for people in (plan.few, plan.many):
                say(f"{engine}: {people:,} people")
                began = time.monotonic()
                houses.append(stack.enter_context(house(folder, engine, people, plan.sessions, postgres)))
                results.fills[houses[-1].name] = time.monotonic() - began
        scenes = _Scenes(plan, folder, results)
        for name, unit, turn in scenes.with_units():
            say(name)
            results.sections[name] = scenes.compare(houses, unit, turn)
        for name, listing in scenes.listings().items():
            say(f"ListUsers: {name}")
            results.lists[name] = scenes.compare(houses, scenes.signature, listing)
        for one in houses[::2]:
            say(f"a flood of passwords: {one.name}")
            results.floods.append(scenes.flood(one))


class _Scenes:
    def __init__(self, plan: PeoplePlan, folder: Path, results: PeopleResults) -> None:
        self._plan = plan
        self._folder = folder
        self._results = results

    def with_units(self) -> Sequence[tuple[str, Measure, Drive]]:
        return (
            (PASSWORD, self._hash_and_signatures, self._sign_in_by_password),
            (SRP, self._powers_and_signatures, self._sign_in_by_srp),
            (REFRESH, self._transaction_and_signatures, self._refresh),
            (ROTATION, self._transaction_and_signatures, self._rotate),
        )

    def listings(self) -> dict[str, Drive]:
        return {
            "by an email address": self._list(requests.searches),
            "a page anywhere": self._list(requests.pages),
        }

    def compare(self, houses: Sequence[House], unit: Measure, turn: Drive) -> list[Figures]:
        turns: dict[str, list[Turn]] = {one.name: [] for one in houses}
        for one in houses:
            turn(one, -1)  # not measured: the first of everything is read from the database
        for number in range(self._plan.rounds):
            for one in houses:
                turns[one.name].append(Turn(unit(one), turn(one, number)))
        return [figures(name, each) for name, each in turns.items()]

    def signature(self, _: House) -> float:
        seconds = signature_seconds(self._plan.signatures)
        self._results.note({"a signature": seconds})
        return seconds

    def _hash_and_signatures(self, one: House) -> float:
        hash = unit_seconds("password", 8)
        self._results.note(hash)
        return sum(hash.values()) + 2 * self.signature(one)

    def _powers_and_signatures(self, one: House) -> float:
        powers = unit_seconds("powers", 30)
        self._results.note(powers)
        return min(powers.values()) + 2 * self.signature(one)

    def _transaction_and_signatures(self, one: House) -> float:
        (seconds,) = unit_seconds("transaction", 320, str(one.database)).values()
        self._results.note({f"a transaction, {one.engine}": seconds})
        return seconds + 2 * self.signature(one)

    def _sign_in_by_password(self, one: House, number: int) -> Outcome:
        asked = requests.by_password(one, SEED + number)
        return self._drive(one, asked, self._plan.passwords, number)

    def _sign_in_by_srp(self, one: House, number: int) -> Outcome:
        asked = requests.by_srp(one, SEED + number)
        return self._drive(one, asked, self._plan.srp, number, dialogue="srp")

    def _refresh(self, one: House, number: int) -> Outcome:
        return self._drive(one, requests.by_refresh_token(one), self._plan.refreshes, number)

    def _rotate(self, one: House, number: int) -> Outcome:
        """In order, so that no two callers come with one token; and the file is kept, for it has the next ones."""
        file = self._folder / f"{one.server.port}-rotation.json"
        if not file.exists():
            requests.write(requests.by_rotation(one), file)
        options = {"in_order": True, "dialogue": "rotation"}
        return self._drive_file(one, file, self._plan.refreshes, number, **options)

    def _list(self, asked: Callable[[House, int, int], list[bytes]]) -> Drive:
        def turn(one: House, number: int) -> Outcome:
            count = self._plan.lists
            file = requests.write(asked(one, count, SEED + number), self._folder / f"{one.server.port}.json")
            job = {"connections": 1, "requests": count, "warm_up": 5, "in_order": True, "samples": 0}
            return drive(one.server, file, USERS, job)

        return turn

    def _drive(
        self, one: House, asked: Sequence[bytes], count: int, number: int, **options: object
    ) -> Outcome:
        file = requests.write(asked, self._folder / f"{one.server.port}.json")
        return self._drive_file(one, file, count, number, **options)

    def _drive_file(self, one: House, file: Path, count: int, number: int, **options: object) -> Outcome:
        callers = self._plan.callers
        job = {"connections": callers, "requests": count, "warm_up": callers, "seed": SEED + number}
        outcome = drive(one.server, file, RESULT, job | options)
        requests.verify(one, outcome)
        return outcome

    def flood(self, one: House) -> Flood:
        """Rounds of machine tokens, in turn alone and beside sign-ins by password."""
        tokens = target(
            f"flood-{one.server.port}",
            one.server,
            [make_client(administrator(one.server))],
            self._folder,
            jwks_path,
        )
        file = requests.write(requests.by_password(one, SEED), self._folder / "flood.json")
        alone: list[Outcome] = []
        beside: list[Outcome] = []
        job = {"connections": self._plan.callers, "requests": self._plan.tokens, "warm_up": 200}
        for _ in range(self._plan.rounds):
            alone.append(drive_tokens(tokens, **job))
            with _beside(one, file):
                beside.append(drive_tokens(tokens, **job))
        both = (alone, beside)

        def of(value: Callable[[Outcome], float]) -> tuple[float, float]:
            first, second = (median(value(each) for each in outcomes) for outcomes in both)
            return first, second

        return Flood(
            one.name,
            p50_ms=of(lambda outcome: outcome.p50 * 1e3),
            p99_ms=of(lambda outcome: outcome.p99 * 1e3),
            rate=of(lambda outcome: outcome.requests / outcome.seconds),
        )


class _beside:
    """Sign-ins by password without end, until the block is left."""

    def __init__(self, one: House, file: Path) -> None:
        self._job = Job(one.server.port, str(file), RESULT, FLOOD, requests=1_000_000, limit=60)

    def __enter__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.load"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(self._job)))
        self._process.stdin.close()
        time.sleep(1.5)  # until it is in full swing

    def __exit__(self, *_: object) -> None:
        has_ended = self._process.poll() is not None
        self._process.kill()
        self._process.wait()
        if has_ended:
            raise RuntimeError("the flood ended by itself")
        time.sleep(1.0)  # what it left behind is answered to nobody
