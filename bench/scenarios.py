"""The measurements. What is compared is driven in turn, round after round: A B C A B C …"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.contestants import (
    administrator,
    bare,
    jwks_path,
    make_client,
    oidc_provider,
    poolhouse,
    serving_poolhouse,
    wait_until_ready,
    why_no_peer,
)
from bench.driver import Target, drive_gets, drive_tokens, path_of_keys, target, token_request
from bench.fill import fill
from bench.load import Outcome
from bench.plan import Plan
from bench.processes import Server, memory, wait_for
from bench.results import Figures, Results, Turn, figures
from bench.signature import signature_seconds

BARE, PEER = "bare ASGI handler", "oidc-provider"
ONE, MANY, WORKERS = "Poolhouse", "Poolhouse, many clients", "Poolhouse, --workers 2"
SEED = 20_260_000
FEWER = 3
"""Latency without a queue needs not as many rounds."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Contestant:
    server: Server
    drive: Callable[[int], Outcome]
    """One turn, in the round of this number."""


def run(plan: Plan, folder: Path, results: Results, say: Say) -> None:
    """Take all measurements. The servers are up together, so their figures come from the same minutes."""
    with ExitStack() as stack:
        targets = _start(plan, folder, results, say, stack)
        say(f"tokens: {plan.rounds} rounds of {len(targets)} servers")
        for one in targets.values():
            drive_tokens(one, connections=plan.connections, requests=plan.first_warm_up)
        contest = {name: _tokens(plan, one) for name, one in targets.items()}
        _compare(plan, plan.rounds, contest, results, results.tokens)
        say("tokens, one caller at a time")
        names = [name for name in targets if name in (BARE, PEER, ONE)]
        contest = {name: _alone(plan, targets[name]) for name in names}
        _compare(plan, plan.rounds // FEWER + 1, contest, results, results.alone)
        say("JWKS")
        contest = {name: _documents(plan, targets[name], folder) for name in (BARE, ONE)}
        _compare(plan, plan.rounds, contest, results, results.documents)
    say("starts")
    _starts(plan, folder, results)


def _start(plan: Plan, folder: Path, results: Results, say: Say, stack: ExitStack) -> dict[str, Target]:
    targets = {BARE: stack.enter_context(bare(folder))}
    missing = why_no_peer()
    if missing is None:
        targets[PEER] = stack.enter_context(oidc_provider(folder))
    else:
        results.skipped[PEER] = missing
    targets[ONE] = stack.enter_context(poolhouse(folder, "one"))
    targets[MANY] = _many(plan, folder, results, say, stack)
    targets[WORKERS] = stack.enter_context(poolhouse(folder, "workers", workers=2))
    return targets


def _many(plan: Plan, folder: Path, results: Results, say: Say, stack: ExitStack) -> Target:
    """A server with many pools and clients, each of which has been asked for once."""
    data = folder / "many"
    say(f"filling a database: {plan.pools} pools, {plan.pools * plan.clients_per_pool} clients")
    clients = fill(data, plan.pools, plan.clients_per_pool)
    random.Random(SEED).shuffle(clients)
    server = stack.enter_context(serving_poolhouse(data))
    wait_until_ready(server)
    many = target("many", server, clients, folder, jwks_path)
    say("a first token for each client")
    before = signature_seconds(plan.signatures)
    outcome = drive_tokens(many, connections=plan.connections, requests=len(clients), in_order=True)
    turn = Turn((before + signature_seconds(plan.signatures)) / 2, outcome)
    results.first_use = figures(MANY, [turn], [memory(pid) for pid in server.family])
    results.many = (plan.pools, len(clients))
    return many


def _tokens(plan: Plan, one: Target) -> Contestant:
    def drive(number: int) -> Outcome:
        return drive_tokens(
            one,
            connections=plan.connections,
            requests=plan.requests,
            warm_up=plan.warm_up,
            seed=SEED + number,
        )

    return Contestant(one.server, drive)


def _alone(plan: Plan, one: Target) -> Contestant:
    def drive(number: int) -> Outcome:
        return drive_tokens(one, connections=1, requests=plan.requests, warm_up=plan.warm_up)

    return Contestant(one.server, drive)


def _documents(plan: Plan, one: Target, folder: Path) -> Contestant:
    path = path_of_keys(one)

    def drive(number: int) -> Outcome:
        return drive_gets(
            one.server,
            path,
            folder,
            connections=plan.connections,
            requests=plan.document_requests,
            warm_up=plan.warm_up,
        )

    return Contestant(one.server, drive)


def _compare(
    plan: Plan,
    rounds: int,
    contest: Mapping[str, Contestant],
    results: Results,
    into: dict[str, Figures],
) -> None:
    """Drive the contestants in turn, a bare signature measured before and after each turn: where the
    machine is slower for a while, the unit is too."""
    turns: dict[str, list[Turn]] = {name: [] for name in contest}
    before = signature_seconds(plan.signatures)
    for number in range(rounds):
        for name, contestant in contest.items():
            outcome = contestant.drive(number)
            after = signature_seconds(plan.signatures)
            turns[name].append(Turn((before + after) / 2, outcome))
            before = after
    for name, contestant in contest.items():
        into[name] = figures(name, turns[name], [memory(pid) for pid in contestant.server.family])
    results.signatures += [turn.signature for each in turns.values() for turn in each]


def _starts(plan: Plan, folder: Path, results: Results) -> None:
    """From the start of the process to a token: in an empty folder, and again in the same one."""
    ready, fresh, again = [], [], []
    for number in range(plan.starts):
        data = folder / f"start-{number}"
        began = time.perf_counter()
        with serving_poolhouse(data) as server:
            wait_until_ready(server)
            ready.append(time.perf_counter() - began)
            cognito = administrator(server)  # making boto3's client takes its time, which is not the server's
            went_on = time.perf_counter()
            client = make_client(cognito)
            wait_for(server, token_request(server.port, client).encode())
            fresh.append(ready[-1] + time.perf_counter() - went_on)
        began = time.perf_counter()
        with serving_poolhouse(data) as server:
            wait_for(server, token_request(server.port, client).encode())
            again.append(time.perf_counter() - began)
    results.starts = {
        "a new folder, until ready": median(ready),
        "a new folder, until the first token (four administrative calls in it)": median(fresh),
        "an existing folder, until the first token": median(again),
    }
