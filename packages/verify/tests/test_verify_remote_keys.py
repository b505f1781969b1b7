"""The issuer's keys over real HTTP: rotation, outage, floods, and answers that must not be taken."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

import poolhouse_verify as pv
from poolhouse_verify.fetching import fetch

HOUR = 3600.0


@pytest.fixture
def monotonic(clock):
    """The cache's clock stands elsewhere than the wall's, so mixing them up shows."""
    return type(clock)(now=1000.0)


@pytest.fixture
def remote(server, issuer, monotonic):
    """Keys of the server, which publishes the issuer's key."""
    server.jwks = issuer.jwks()
    return lambda **options: pv.RemoteKeys(server.jwks_uri, monotonic=monotonic, **options)


def both(*issuers):
    return {"keys": [key for issuer in issuers for key in issuer.jwks()["keys"]]}


def test_keys_come_from_the_issuers_own_path_once(server, issuer, clock):
    server.jwks = issuer.jwks()
    verifier = pv.TokenVerifier(server.issuer, clock=clock)
    token = issuer.access_token(claims={"iss": server.issuer})
    for _ in range(5):
        verifier.verify(token)
        asyncio.run(verifier.averify(token))
    assert server.requests == ["/eu-west-1_Test00000/.well-known/jwks.json"]


def test_keys_may_have_another_address(server, issuer, clock):
    server.jwks = issuer.jwks()
    verifier = pv.TokenVerifier(issuer.issuer, jwks_uri=server.address + "/other", clock=clock)
    verifier.verify(issuer.access_token())
    assert server.requests == ["/other"]


def test_tokens_of_other_issuers_and_old_ones_cause_no_fetch(server, issuer, clock):
    verifier = pv.TokenVerifier(server.issuer, clock=clock)
    with pytest.raises(pv.WrongIssuer):
        verifier.verify(issuer.access_token())
    with pytest.raises(pv.ExpiredToken):
        verifier.verify(issuer.access_token(claims={"iss": server.issuer, "exp": clock.now - 11}))
    for kid in (None, "", "x" * 257, 5):
        with pytest.raises(pv.UnknownKey):
            verifier.verify(issuer.sign({"iss": server.issuer, "exp": clock.now + 60}, {"kid": kid}))
    assert server.requests == []


def test_a_key_that_was_rotated_in_is_found_at_once(server, remote, issuer, stranger):
    keys = remote()
    keys.find(issuer.kid)
    server.jwks = both(issuer, stranger)
    assert keys.find(stranger.kid) == stranger.private_key.public_key()
    assert len(server.requests) == 2


def test_a_withdrawn_key_is_refused_when_the_keys_are_no_longer_fresh(
    server, remote, issuer, stranger, monotonic
):
    keys = remote()
    server.jwks = both(issuer, stranger)
    keys.find(issuer.kid)
    server.jwks = stranger.jwks()
    monotonic.advance(HOUR)
    with pytest.raises(pv.UnknownKey):
        keys.find(issuer.kid)
    keys.find(stranger.kid)


def test_a_flood_of_random_kids_is_one_fetch_a_minute(server, remote, issuer, monotonic):
    keys = remote()
    keys.find(issuer.kid)
    for minute in range(1, 4):
        for n in range(200):
            with pytest.raises(pv.UnknownKey):
                keys.find(f"random-{minute}-{n}")
        assert len(server.requests) == 1 + minute
        monotonic.advance(59.9)
        with pytest.raises(pv.UnknownKey):
            keys.find("random")
        assert len(server.requests) == 1 + minute
        monotonic.advance(0.1)


def test_the_flood_is_bounded_on_an_event_loop_too(server, remote, issuer):
    keys = remote()

    async def flood():
        await keys.afind(issuer.kid)
        return await asyncio.gather(*(keys.afind(f"random-{n}") for n in range(500)), return_exceptions=True)

    assert {type(outcome) for outcome in asyncio.run(flood())} == {pv.UnknownKey}
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("cache_control", "fresh_for"),
    [
        (None, HOUR),
        ("public, max-age=600", 600),
        ("MAX-AGE = 600", 600),
        ("max-age=86400", HOUR),
        ("max-age=0", 60),
        ("no-store", 60),
        ("s-maxage=600", HOUR),
        ("max-age=soon", HOUR),
    ],
)
def test_keys_are_fresh_for_as_long_as_the_issuer_says_within_bounds(
    server, remote, issuer, stranger, monotonic, cache_control, fresh_for
):
    server.cache_control = cache_control
    keys = remote()
    keys.find(issuer.kid)
    server.jwks = stranger.jwks()

    monotonic.advance(fresh_for * 0.8 - 0.1)
    keys.find(issuer.kid)
    assert len(server.requests) == 1

    monotonic.advance(fresh_for * 0.2 + 0.1)
    with pytest.raises(pv.UnknownKey):
        keys.find(issuer.kid)


def test_keys_are_renewed_before_they_are_stale_while_nobody_waits(
    server, remote, issuer, monotonic, eventually
):
    keys = remote()
    keys.find(issuer.kid)
    go = threading.Event()
    server.answer = lambda request: (go.wait(5), server.send_jwks(request))

    monotonic.advance(HOUR * 0.8)
    for _ in range(20):
        keys.find(issuer.kid)  # would hang for as long as the server does, were it not behind the scenes
    eventually(lambda: len(server.requests) == 2)
    go.set()
    eventually(lambda: keys._running is None)
    monotonic.advance(HOUR * 0.7)
    keys.find(issuer.kid)
    assert len(server.requests) == 2


def test_stale_keys_bridge_an_outage_for_a_day_and_no_longer(server, remote, issuer, monotonic):
    keys = remote()
    keys.find(issuer.kid)
    server.is_down()

    monotonic.advance(HOUR + 24 * HOUR - 0.1)
    keys.find(issuer.kid)
    monotonic.advance(60.1)
    with pytest.raises(pv.KeysUnavailable, match="503"):
        keys.find(issuer.kid)
    with pytest.raises(pv.KeysUnavailable):
        asyncio.run(keys.afind(issuer.kid))

    server.is_up()
    monotonic.advance(60)
    keys.find(issuer.kid)


def test_how_long_stale_keys_may_be_used_is_a_setting(server, remote, issuer, monotonic):
    keys = remote(stale_for=timedelta(0))
    keys.find(issuer.kid)
    server.is_down()
    monotonic.advance(HOUR)
    with pytest.raises(pv.KeysUnavailable):
        keys.find(issuer.kid)


def test_an_unreachable_issuer_is_asked_less_and_less_often(server, remote, issuer, monotonic):
    keys = remote()
    server.is_down()
    pauses = []
    for _ in range(8):
        with pytest.raises(pv.KeysUnavailable):
            keys.find(issuer.kid)
        asked, waited = len(server.requests), 0.0
        while len(server.requests) == asked:
            monotonic.advance(0.5)
            waited += 0.5
            with pytest.raises(pv.KeysUnavailable):
                keys.find(issuer.kid)
        pauses.append(waited)
    # each pause is measured from the failure before: the loop's own first look costs nothing
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]

    server.is_up()
    monotonic.advance(60)
    keys.find(issuer.kid)


def test_in_an_outage_stale_keys_are_used_without_waiting(server, remote, issuer, monotonic, eventually):
    keys = remote()
    keys.find(issuer.kid)
    server.is_down()
    monotonic.advance(HOUR)
    keys.find(issuer.kid)  # the first one waits for the failure

    go = threading.Event()
    server.answer = lambda request: (go.wait(5), server.send_jwks(request))
    monotonic.advance(1)
    keys.find(issuer.kid)
    assert keys._running is not None  # and yet the key was there
    go.set()
    eventually(lambda: keys._running is None)


def test_in_an_outage_an_unknown_kid_is_nobodys_fault(server, remote, issuer):
    """It may be a new key: 503, not 401."""
    keys = remote()
    keys.find(issuer.kid)
    server.is_down()
    with pytest.raises(pv.KeysUnavailable):
        keys.find("new")
    keys.find(issuer.kid)


def test_callers_at_once_share_one_fetch(server, remote, issuer):
    keys = remote()
    go, all_here = threading.Event(), threading.Barrier(17)
    server.answer = lambda request: (go.wait(5), server.send_jwks(request))

    def ask():
        all_here.wait(5)
        return keys.find(issuer.kid)

    with ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(ask) for _ in range(16)]
        all_here.wait(5)
        go.set()
    assert all(future.result() == issuer.private_key.public_key() for future in futures)
    assert len(server.requests) == 1


def test_tasks_at_once_share_one_fetch_and_the_loop_goes_on(server, remote, issuer):
    keys = remote()
    go = threading.Event()
    server.answer = lambda request: (go.wait(5), server.send_jwks(request))

    async def scene():
        tasks = [asyncio.create_task(keys.afind(issuer.kid)) for _ in range(100)]
        await asyncio.sleep(0)
        tasks[0].cancel()  # one that leaves takes nothing from the others
        await asyncio.sleep(0)
        assert not any(task.done() for task in tasks[1:])
        go.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    outcomes = asyncio.run(scene())
    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert len(outcomes) == 100
    assert all(outcome == issuer.private_key.public_key() for outcome in outcomes[1:])
    assert len(server.requests) == 1


def test_a_transport_that_hangs_holds_nobody_for_longer_than_the_timeout(issuer, monotonic):
    go = threading.Event()
    calls = []

    def hanging(uri):
        calls.append(uri)
        go.wait(10)
        return pv.Fetched(json.dumps(issuer.jwks()).encode())

    keys = pv.RemoteKeys("any", fetch=hanging, timeout=timedelta(milliseconds=50), monotonic=monotonic)
    with pytest.raises(pv.KeysUnavailable, match="no answer in time"):
        keys.find(issuer.kid)
    monotonic.advance(1)
    with pytest.raises(pv.KeysUnavailable, match="no answer in time"):
        asyncio.run(keys.afind(issuer.kid))
    assert calls == ["any", "any"]
    go.set()


def test_a_transport_of_ones_own_is_asked_and_may_fail_in_its_own_way(issuer, monotonic, caplog):
    class Broken(Exception):
        pass

    answers = [Broken("no route"), pv.Fetched(b"<html>"), pv.Fetched(json.dumps(issuer.jwks()).encode(), 120)]

    def transport(uri):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    keys = pv.RemoteKeys("any", fetch=transport, monotonic=monotonic)
    with (
        caplog.at_level(logging.WARNING, "poolhouse_verify"),
        pytest.raises(pv.KeysUnavailable, match="no route"),
    ):
        keys.find(issuer.kid)
    assert "no route" in caplog.text
    monotonic.advance(1)
    with pytest.raises(pv.KeysUnavailable, match="is not JSON"):
        keys.find(issuer.kid)
    monotonic.advance(2)
    keys.find(issuer.kid)


def redirect(request):
    request.send_response(302)
    request.send_header("Location", "/elsewhere")
    request.end_headers()


def fifty_megabytes(request):
    request.send_response(200)
    request.end_headers()
    for _ in range(800):
        request.wfile.write(b" " * 65536)


def no_end(request):
    request.send_response(200)
    request.send_header("Content-Length", "1000000")
    request.end_headers()
    for _ in range(200):
        request.wfile.write(b" ")
        request.wfile.flush()
        if request.server.stopping.wait(0.02):
            return


def hangs(request):
    request.server.stopping.wait(5)


def an_empty_set(request):
    request.send_response(200)
    request.end_headers()
    request.wfile.write(b'{"keys": []}')


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (redirect, "302 Found, and redirects are not followed"),
        (fifty_megabytes, "larger than 1048576 bytes"),
        (no_end, "in time"),
        (hangs, "in time"),
        (an_empty_set, "no usable key"),
        (lambda request: request.send_error(404), "404"),
        (lambda request: request.wfile.write(b"nonsense\r\n\r\n"), "nonsense"),
        (lambda request: None, "without response"),
    ],
)
def test_an_answer_that_cannot_be_used_is_an_outage_and_old_keys_stay(
    server, remote, issuer, monotonic, answer, words
):
    server.http.stopping = threading.Event()
    keys = remote(timeout=timedelta(seconds=0.3) if answer in (no_end, hangs) else timedelta(seconds=5))
    keys.find(issuer.kid)
    server.answer = answer
    with pytest.raises(pv.KeysUnavailable, match=words):
        keys.find("new")
    monotonic.advance(HOUR)
    keys.find(issuer.kid)
    server.http.stopping.set()
    assert "/elsewhere" not in server.requests


def test_a_server_that_is_gone_is_an_outage(server, issuer):
    keys = pv.RemoteKeys(server.jwks_uri)
    server.http.server_close()
    with pytest.raises(pv.KeysUnavailable):
        keys.find(issuer.kid)


def test_a_drop_now_and_then_does_not_keep_a_fetch_alive(server):
    server.http.stopping = threading.Event()
    server.answer = no_end
    with pytest.raises(TimeoutError):
        fetch(server.jwks_uri, timeout_s=0.3)
    server.http.stopping.set()


@pytest.mark.parametrize(
    "address", ["file:///etc/hosts", "http://issuer.example/keys", "data:application/json,{}"]
)
def test_keys_from_elsewhere_are_refused_when_the_verifier_is_made(address):
    with pytest.raises(ValueError, match=r"."):
        pv.RemoteKeys(address)
    with pytest.raises(ValueError, match=r"."):
        fetch(address)


def test_loopback_is_reached_past_a_proxy(server, issuer, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    server.jwks = issuer.jwks()
    pv.RemoteKeys(server.jwks_uri).find(issuer.kid)


def test_other_hosts_are_reached_through_the_systems_proxy(server, issuer, monkeypatch):
    monkeypatch.setenv("http_proxy", server.address)
    server.jwks = issuer.jwks()
    pv.RemoteKeys("http://issuer.invalid/keys", allow_http=True).find(issuer.kid)
    assert server.requests == ["http://issuer.invalid/keys"]
