"""How a sign-in is weighed, and what is read of what is sent about a device."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.triggers.risk import ABROAD, CHROME, FIREFOX, HOME

from poolhouse.core.auth_events import Origin
from poolhouse.core.context_data import device_id
from poolhouse.core.risk import Known, Place, assess, device_of, network_of, places_of


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
