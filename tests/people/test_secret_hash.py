"""SECRET_HASH."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycognito.aws_srp import AWSSRP

from poolhouse.core import secret_hash as module
from poolhouse.core.errors import NotAuthorizedException
from poolhouse.core.secret import Secret
from poolhouse.core.secret_hash import check_secret_hash, secret_hash

CLIENT = "6npouauc8jt1fioujvblmvpise"
SECRET, SECOND = Secret("first-secret-of-the-tests"), Secret("second-secret-of-the-tests")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)


def refusal(secrets: list[Secret], names: list[str], presented: str | None) -> str:
    with pytest.raises(NotAuthorizedException) as caught:
        check_secret_hash(secrets, CLIENT, names, presented)
    return caught.value.message


@given(TEXT)
def test_a_hash_is_what_cognitos_clients_compute(name: str) -> None:
    theirs = AWSSRP.get_secret_hash(name, CLIENT, SECRET.reveal())
    assert secret_hash(SECRET, CLIENT, name) == theirs
    check_secret_hash([SECRET], CLIENT, [name], theirs)


def test_each_secret_and_each_name_will_do() -> None:
    for secret in (SECRET, SECOND):
        for name in ("ada", "ada@example.com"):
            check_secret_hash(
                [SECRET, SECOND], CLIENT, ["ada@example.com", "ada"], secret_hash(secret, CLIENT, name)
            )


def test_a_client_with_a_secret_must_prove_it() -> None:
    expected = f"Client {CLIENT} is configured for secret but secret was not received"
    assert refusal([SECRET], ["ada"], None) == expected


def test_a_client_without_a_secret_proves_nothing() -> None:
    check_secret_hash([], CLIENT, ["ada"], None)
    wrong = f"Unable to verify secret hash for client {CLIENT}"
    assert refusal([], ["ada"], "AAAA") == wrong
    assert refusal([], ["ada"], "") == wrong


@pytest.mark.parametrize(
    "presented",
    [
        "", "AAAA", "é", "\ud800", SECRET.reveal(), secret_hash(SECRET, CLIENT, "bob"),
        secret_hash(SECRET, "another-client", "ada"), secret_hash(Secret("deleted"), CLIENT, "ada"),
        secret_hash(SECRET, CLIENT, "ada").rstrip("="), secret_hash(SECRET, CLIENT, "ada") + "\n",
    ],
)  # fmt: skip
def test_what_proves_something_else_is_refused(presented: str) -> None:
    wrong = f"Unable to verify secret hash for client {CLIENT}"
    assert refusal([SECRET, SECOND], ["ada"], presented) == wrong


def test_no_name_proves_nothing() -> None:
    refusal([SECRET], [], secret_hash(SECRET, CLIENT, ""))


def test_every_secret_is_compared_with_every_name_also_after_one_was_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = []
    right = secret_hash(SECRET, CLIENT, "ada")

    class Counting:
        @staticmethod
        def compare_digest(a: bytes, b: bytes) -> bool:
            compared.append(a)
            return a == b

        digest = staticmethod(module.hmac.digest)

    monkeypatch.setattr(module, "hmac", Counting)
    check_secret_hash([SECRET, SECOND], CLIENT, ["ada", "bob"], right)
    assert len(compared) == 4
