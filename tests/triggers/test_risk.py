"""How a sign-in is weighed, and what is read of what is sent about a device."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import a_person
from tests.triggers.risk import ABROAD, CHROME, FIREFOX, HOME

from poolhouse.core.auth_events import Origin
from poolhouse.core.context_data import device_id
from poolhouse.core.risk import KNOWN_FOR, MOST_KNOWN, Known, Place, assess, device_of, network_of, places_of
from poolhouse.store import Transaction


@given(st.booleans(), st.booleans(), st.integers(0, 10))
def test_more_that_is_unknown_is_never_less_risk(
    knows_device: bool, knows_network: bool, failures: int
) -> None:
    origin = Origin(ABROAD, FIREFOX)
    device, network = device_of(origin), network_of(origin)
    assert device is not None
    assert network is not None
    elsewhere = [Known(Place("device", "agent:x"), True), Known(Place("network", "10.0.0.0/24"), True)]
    known = elsewhere + [Known(device, True)] * knows_device + [Known(network, True)] * knows_network
    order = [None, "Low", "Medium", "High"]
    level = order.index(assess(origin, known, failures))
    assert level == (not knows_device) + (not knows_network) + (failures >= 5)
    assert order.index(assess(origin, elsewhere, failures)) >= level


def test_hiding_where_one_comes_from_is_no_way_past() -> None:
    known = [Known(place, True) for place in places_of(Origin(HOME, CHROME))]
    assert assess(Origin("", ""), known, 0) == "Medium"
    assert assess(Origin("not an address", CHROME), known, 0) == "Low"


def test_a_browser_is_known_again_after_its_next_version() -> None:
    assert device_of(Origin(HOME, CHROME)) == device_of(Origin(HOME, CHROME.replace("126", "131")))
    assert device_of(Origin(HOME, "Boto3/1.2 x")) == device_of(Origin(HOME, "Boto3/1.3 y"))
    assert device_of(Origin(HOME, "okhttp/4")) != device_of(Origin(HOME, "Boto3/1.3"))


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_whatever_is_sent_as_data_of_a_device_is_read_or_left(text: str) -> None:
    assert device_id(text) == "" or len(device_id(text)) == 32


def test_places_are_bounded_judged_and_forgotten(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool(cognito)
    sub = a_person(cognito, pool_id)
    store, now = server.server.parts.store, server.clock.now()

    def of(kind: str) -> list[Known]:
        return [
            one
            for one in server.run(store.read(lambda tx: tx.known_places.of(pool_id, sub)))
            if one.place.kind == kind
        ]

    def learn(number: int) -> None:
        places = [Place("device", f"agent:{number}"), Place("network", "192.0.2.0/24")]
        at = now + timedelta(seconds=number)
        server.run(store.write(lambda tx: tx.known_places.learn(pool_id, sub, places, at)))

    for number in range(MOST_KNOWN + 3):
        learn(number)
    assert {one.place.value for one in of("device")} == {f"agent:{n}" for n in range(3, MOST_KNOWN + 3)}
    assert of("network") == [Known(Place("network", "192.0.2.0/24"), True)]

    def judge(is_trusted: bool) -> None:
        bad = [Place("device", "agent:5")]
        server.run(store.write(lambda tx: tx.known_places.judge(pool_id, sub, bad, is_trusted, now)))

    judge(False)
    learn(5)  # a sign-in makes nothing trusted that somebody has judged
    assert Known(Place("device", "agent:5"), False) in of("device")
    judge(True)
    assert Known(Place("device", "agent:5"), True) in of("device")
    # Of this person alone all are that old: other tests share the server, and its clock.
    old = now + KNOWN_FOR + timedelta(days=1)
    removed = server.run(store.write(lambda tx: tx.known_places.remove_older(old - KNOWN_FOR, 1)))
    assert removed == 1


def test_places_that_come_later_push_no_judgement_out(server: RunningServer, cognito: Any) -> None:
    """Nor do many judgements push out what the person is known by: they would be compared with nothing."""
    pool_id = a_pool(cognito)
    sub = a_person(cognito, pool_id)
    store, now = server.server.parts.store, server.clock.now()
    home, bad = Place("address", "192.0.2.1"), Place("address", "198.51.100.1")

    def come(tx: Transaction) -> None:
        tx.known_places.learn(pool_id, sub, [home], now)
        tx.known_places.judge(pool_id, sub, [bad], False, now)
        for number in range(1, MOST_KNOWN):
            at = now + timedelta(seconds=number)
            tx.known_places.learn(pool_id, sub, [Place("address", f"192.0.2.{number + 1}")], at)
            others = [Place("address", f"198.51.100.{number + 1}")]
            tx.known_places.judge(pool_id, sub, others, False, at)

    def known() -> list[Known]:
        return list(server.run(store.read(lambda tx: tx.known_places.of(pool_id, sub))))

    server.run(store.write(come))
    assert {Known(home, True), Known(bad, False)} < set(known())
    later = now + timedelta(hours=1)
    server.run(store.write(lambda tx: tx.known_places.learn(pool_id, sub, [Place("address", "::1")], later)))
    assert Known(bad, False) in known()
    assert Known(home, True) not in known(), "the oldest of its own kind goes"
    assert len(known()) == 2 * MOST_KNOWN
