"""SRP, held against fixed vectors and against the client code that Cognito's users run."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycognito.aws_srp import AWSSRP, generate_hash_device

from poolhouse.core import srp
from poolhouse.core.errors import InvalidParameterException, TooManyRequestsException
from poolhouse.core.secret import Secret
from poolhouse.ports import powers as ports
from poolhouse.ports.powers import AT_ONCE, GmpPowers, OpenSslPowers, Powers

VECTORS = json.loads((Path(__file__).parent / "srp_vectors.json").read_text())
POOL = "us-east-1_AbCdEf123"
TUESDAY = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)


class SystemRandom:
    def token_bytes(self, size: int, /) -> bytes:
        return secrets.token_bytes(size)


RANDOM = SystemRandom()


@pytest.fixture(scope="module", params=["OpenSSL", "GMP"])
def powers(request: pytest.FixtureRequest) -> Iterator[Powers]:
    by_openssl = request.param == "OpenSSL"
    powers: Powers = OpenSslPowers(waiting=10) if by_openssl else GmpPowers(threads=1, waiting=10)
    yield powers
    powers.close()


def of(vector: dict[str, str]) -> tuple[srp.Identity, Any]:
    """Whose the vector is, and its numbers."""
    numbers = {name: int(vector[name], 16) for name in ("a", "b", "A", "B", "x", "v", "u", "S", "salt")}
    if "pool_id" in vector:
        return srp.Identity.of_user(vector["pool_id"], vector["user_id"]), numbers
    return srp.Identity.of_device(vector["device_group_key"], vector["device_key"]), numbers


@pytest.mark.parametrize("kind", ["user", "device"])
def test_every_value_of_the_vectors_is_reproduced(powers: Powers, kind: str) -> None:
    vector = VECTORS[kind]
    identity, number = of(vector)
    x = srp.private_key(identity, vector["password"], number["salt"])
    assert x == number["x"]
    assert asyncio.run(powers.verifier(x)) == number["v"]
    assert asyncio.run(powers.public(number["v"], number["b"])) == number["B"]
    assert srp.parse_public(vector["A"]) == number["A"]
    u, S = asyncio.run(powers.shared(number["A"], number["B"], number["v"], number["b"]))
    assert (u, S) == (number["u"], number["S"])
    key = srp.session_key(u, S)
    assert key.hex() == vector["key"]
    signature = srp.signature(key, identity, base64.b64decode(vector["secret_block"]), vector["timestamp"])
    assert base64.b64encode(signature).decode() == vector["signature"]
    assert srp.claim_is_right(
        key,
        identity,
        secret_block=vector["secret_block"],
        timestamp=vector["timestamp"],
        presented=vector["signature"],
    )


def test_the_group_is_the_one_of_rfc_3526_and_k_is_its_hash() -> None:
    assert srp.N.bit_length() == 3072
    assert pow(srp.g, (srp.N - 1) // 2, srp.N) in (1, srp.N - 1)
    assert f"{srp.k:x}" == "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6"


def a_client(password: str, **device: str) -> AWSSRP:
    return AWSSRP("ada", password, POOL, "some-client", client=object(), **device)


def signed(
    powers: Powers, client: AWSSRP, identity: srp.Identity, verifier: srp.Verifier, answer: Any
) -> bool:
    """Whether the server believes what the client answers."""
    b = srp.new_private(RANDOM)
    B = asyncio.run(powers.public(verifier.v, b))
    block = base64.b64encode(secrets.token_bytes(64)).decode()
    told = {
        "USERNAME": "ada",
        "USER_ID_FOR_SRP": identity.name,
        "SALT": srp.to_hex(verifier.salt),
        "SRP_B": srp.to_hex(B),
        "SECRET_BLOCK": block,
    }
    A = srp.parse_public(client.get_auth_params()["SRP_A"])
    given = answer(told)
    u, S = asyncio.run(powers.shared(A, B, verifier.v, b))
    assert srp.is_timely(given["TIMESTAMP"], datetime.now(UTC))
    return srp.claim_is_right(
        srp.session_key(u, S),
        identity,
        secret_block=given["PASSWORD_CLAIM_SECRET_BLOCK"],
        timestamp=given["TIMESTAMP"],
        presented=given["PASSWORD_CLAIM_SIGNATURE"],
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@settings(max_examples=15, deadline=None)
@given(
    password=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    username=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    salt=st.integers(1, 2**128 - 1),
)
def test_a_cognito_client_proves_any_password(
    powers: Powers, password: str, username: str, salt: int
) -> None:
    identity = srp.Identity.of_user(POOL, username)
    v = asyncio.run(powers.verifier(srp.private_key(identity, password, salt)))
    verifier = srp.Verifier.from_secret(srp.Verifier(salt, v).to_secret())
    client = a_client(password)
    process = lambda told: client.process_challenge(told, {"USERNAME": "ada"})  # noqa: E731
    assert signed(powers, client, identity, verifier, process)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_cognito_client_does_not_prove_another_password(powers: Powers) -> None:
    identity = srp.Identity.of_user(POOL, "ada")
    salt = srp.new_salt(RANDOM)
    v = asyncio.run(powers.verifier(srp.private_key(identity, "Correct-Horse-9", salt)))
    client = a_client("Correct-Horse-8")
    process = lambda told: client.process_challenge(told, {"USERNAME": "ada"})  # noqa: E731
    assert not signed(powers, client, identity, srp.Verifier(salt, v), process)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_cognito_client_proves_its_device(powers: Powers) -> None:
    for _ in range(8):  # salts and verifiers of several lengths
        group, key = "-AbC1dEf2", "us-east-1_11111111-2222-4333-8444-555555555555"
        password, config = generate_hash_device(group, key)
        verifier = srp.parse_device_verifier(config["PasswordVerifier"], config["Salt"])
        client = a_client("", device_key=key, device_group_key=group, device_password=password)
        identity = srp.Identity.of_device(group, key)
        assert signed(powers, client, identity, verifier, client.process_device_challenge)


@given(st.integers(0, 2**3200))
def test_a_padded_number_is_as_java_writes_it(number: int) -> None:
    padded = srp.pad(number)
    assert int.from_bytes(padded, signed=True) == number
    # The least: one byte less would not hold it, or would read as negative.
    assert len(padded) == 1 or padded[0] != 0 or padded[1] >= 0x80


@pytest.mark.parametrize("text", ["f" * 100_000, "0" * 10_000 + "1"], ids=["long", "long with zeros"])
def test_a_public_value_that_is_too_long_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameterException):
        srp.parse_public(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "000",
        f"{srp.N:x}",
        f"{srp.N + 2:x}",
        f"{2 * srp.N:x}",
        "-1",
        "0x10",
        " 12",
        "1_0",
        "xyz",
        "١",
    ],
)
def test_a_public_value_that_would_make_the_secret_known_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameterException):
        srp.parse_public(text)


@given(st.integers(1, srp.N - 1))
def test_any_number_of_the_group_is_taken(number: int) -> None:
    assert srp.parse_public(f"{number:x}") == number
    assert srp.parse_public(srp.pad(number).hex().upper()) == number


@pytest.mark.parametrize(
    ("v", "salt"),
    [
        (0, b"salt"), (1, b"salt"), (srp.N - 1, b"salt"), (srp.N, b"salt"), (srp.N + 1, b"salt"),
        (5, b""), (5, b"s" * 65),
    ],
)  # fmt: skip
def test_a_device_verifier_that_proves_nothing_is_refused(v: int, salt: bytes) -> None:
    with pytest.raises(InvalidParameterException):
        srp.parse_device_verifier(base64.b64encode(srp.pad(v)).decode(), base64.b64encode(salt).decode())


@pytest.mark.parametrize("text", ["?", "AAA", "A\ud800", "é"])
def test_a_device_verifier_that_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameterException):
        srp.parse_device_verifier(text, "c2FsdA==")
    with pytest.raises(InvalidParameterException):
        srp.parse_device_verifier("BQ==", text)


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31)))
def test_a_timestamp_is_read_as_it_is_written(at: datetime) -> None:
    at = at.replace(microsecond=0, tzinfo=UTC)
    assert srp.parse_timestamp(srp.format_timestamp(at)) == at


def test_a_timestamp_is_written_as_cognitos_clients_write_it() -> None:
    assert srp.format_timestamp(TUESDAY) == "Tue Mar 4 05:06:07 UTC 2025"
    assert AWSSRP.get_cognito_formatted_timestamp(TUESDAY) == srp.format_timestamp(TUESDAY)


@pytest.mark.parametrize("text", ["Tue Mar 04 05:06:07 UTC 2025", "Tue Mar  4 05:06:07 UTC 2025"])
def test_a_day_may_have_a_zero_or_a_blank_in_front(text: str) -> None:
    assert srp.parse_timestamp(text) == TUESDAY


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "Tue Mar 32 05:06:07 UTC 2025", "Tue Feb 30 05:06:07 UTC 2025", "Tue Mar 4 24:06:07 UTC 2025",
        "Tue Mar 4 05:06:07 CET 2025", "Tue Mar 4 05:06:07 UTC 0000", "Tue Mar 4 05:06:07 UTC 2025 ", "2025-03-04",
        "Tue Mar ٤ 05:06:07 UTC 2025", "Die Mär 4 05:06:07 UTC 2025", "Tue Mar 4 05:06:07 UTC 2025\n",
    ],
)  # fmt: skip
def test_what_is_no_timestamp_is_not_timely(text: str) -> None:
    assert srp.parse_timestamp(text) is None
    assert not srp.is_timely(text, TUESDAY)


@pytest.mark.parametrize(
    ("seconds", "is_timely"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)]
)
def test_a_claim_is_timely_within_five_minutes_either_side(seconds: int, is_timely: bool) -> None:
    text = srp.format_timestamp(TUESDAY + timedelta(seconds=seconds))
    assert srp.is_timely(text, TUESDAY) is is_timely


@pytest.mark.parametrize("name", ["presented", "secret_block", "timestamp"])
@pytest.mark.parametrize(
    "text", ["", "?", "AAAA", "XMmihMADYdTKo+fuSisPEfmIFqaQsD86hBWeAiQg0F", "\ud800", "\x00é"]
)
def test_a_claim_with_one_part_changed_is_wrong(name: str, text: str) -> None:
    vector = VECTORS["user"]
    identity, _ = of(vector)
    parts = {"secret_block": vector["secret_block"], "timestamp": vector["timestamp"]}
    parts |= {"presented": vector["signature"], name: text}
    assert not srp.claim_is_right(bytes.fromhex(vector["key"]), identity, **parts)


def test_a_verifier_shows_in_no_repr() -> None:
    verifier = srp.Verifier(4711, 4712)
    assert "471" not in repr(verifier) + str(verifier) + f"{verifier}"
    assert isinstance(verifier.to_secret(), Secret)
    assert srp.Verifier.from_secret(verifier.to_secret()) == verifier


NAMES = st.text(max_size=50)


@given(name=NAMES, other=NAMES, key=st.binary(min_size=32, max_size=32))
def test_nobody_is_the_same_for_ever_and_another_for_another_name_pool_or_key(
    name: str, other: str, key: bytes
) -> None:
    someone = srp.nobody(key, POOL, name, shows_names=False)
    assert someone == srp.nobody(key, POOL, name, shows_names=False)
    assert 1 < someone.verifier.v < srp.N
    assert someone.verifier.salt < 2**128
    for else_ in (
        srp.nobody(key, "us-east-1_Other1234", name, shows_names=False),
        srp.nobody(bytes(32) if any(key) else b"1" * 32, POOL, name, shows_names=False),
        *([srp.nobody(key, POOL, other, shows_names=False)] if other != name else []),
    ):
        assert else_.user_id != someone.user_id
        assert else_.verifier != someone.verifier


def test_nobody_looks_like_somebody() -> None:
    """A person's salt is drawn from 16 bytes, and so is nobody's: their lengths tell nothing."""
    made_up = [srp.nobody(b"k" * 32, POOL, f"user-{n}", shows_names=True) for n in range(400)]
    lengths = [len(srp.to_hex(one.verifier.salt)) for one in made_up]
    assert max(lengths) == 32
    assert 5 <= sum(length < 32 for length in lengths) <= 60  # 1 in 16
    assert all(one.user_id == f"user-{n}" for n, one in enumerate(made_up))
    as_uuid = srp.nobody(b"k" * 32, POOL, "ada@example.com", shows_names=False).user_id
    assert [len(part) for part in as_uuid.split("-")] == [8, 4, 4, 4, 12]
    assert as_uuid[14] == "4"
    assert as_uuid[19] in "89ab"


def test_powers_are_those_of_pythons_own_arithmetic(powers: Powers) -> None:
    for _ in range(5):
        x, b, A = (secrets.randbits(256) | 1 for _ in range(3))
        v = asyncio.run(powers.verifier(x))
        B = asyncio.run(powers.public(v, b))
        u, S = asyncio.run(powers.shared(A, B, v, b))
        assert v == pow(srp.g, x, srp.N)
        assert (srp.k * v + pow(srp.g, b, srp.N)) % srp.N == B
        assert pow(A * pow(v, u, srp.N), b, srp.N) == S


@pytest.mark.parametrize("A", [1, srp.N - 1])
def test_powers_of_what_is_no_key_are_taken_too(powers: Powers, A: int) -> None:
    """OpenSSL refuses 1 and N - 1; SRP_A may be either, and then is as wrong as any other."""
    u, S = asyncio.run(powers.shared(A, 5, 1, 2**255 + 1))
    assert u == srp.scrambler(A, 5)
    assert pow(A, 2**255 + 1, srp.N) == S


def test_powers_on_the_loop_leave_it_a_turn_and_too_many_are_refused() -> None:
    async def scenario() -> tuple[int, list[object]]:
        powers, turns = OpenSslPowers(waiting=3 * AT_ONCE - 1), 0
        tasks = [asyncio.create_task(powers.verifier(2**255)) for _ in range(3 * AT_ONCE + 2)]  # type: ignore[arg-type,var-annotated]
        while not all(task.done() for task in tasks):
            turns += 1
            await asyncio.sleep(0)
        return turns, await asyncio.gather(*tasks, return_exceptions=True)

    turns, results = asyncio.run(scenario())
    assert turns >= 3, "so many in a row, and no more"
    assert [isinstance(one, TooManyRequestsException) for one in results] == [False] * 3 * AT_ONCE + [
        True
    ] * 2


def test_gmp_takes_over_when_the_library_drops_finite_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise ImportError("dh")

    assert isinstance(ports.powers(1, 1), OpenSslPowers)
    monkeypatch.setattr(ports, "_openssl_power", gone)
    with contextlib.closing(ports.powers(1, 1)) as instead:
        assert isinstance(instead, GmpPowers)
