"""Forms of the token endpoint, broken in every way: refused in RFC 6749's words, and never a token by luck."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.conftest import examples
from tests.fuzz.house import House
from tests.fuzz.wire import FORM, check_harmless

NAMES = [
    "grant_type",
    "client_id",
    "client_secret",
    "scope",
    "aws_client_metadata",
    "code",
    "refresh_token",
    "",
    "a[]",
]
VALUES = [
    "", "client_credentials", "CLIENT_CREDENTIALS", "client_credentials ", "authorization_code", "refresh_token", "password", "orders/read",
    "orders/read orders/read", "orders/read  orders/write", "*", "openid", "a " * 3_000, "\x00", "\x7f", "é", "😀", "{}", "[" * 5_000, '{"a":' * 500, "null",
    '{"a":"b"}', '{"a":"\\ud800"}', "a" * 20_000,
]  # fmt: skip


@pytest.mark.parametrize("body", [
    b"&" * 60, b"&" * 10_000, b"=" * 10_000, b"a&" * 5_000, b"%", b"%%%", b"%zz=%zz", b"%ff=%ff", b"%00=%00", b"\xff=\xff", b"\x00", "é=é".encode(), b"{}", b"<a/>",
    b"grant_type=client_credentials;client_id=a", b"grant_type=client_credentials\n", b"grant_type=client_credentials#", b"+=+", b"a=%C0%80", b"a=%ED%A0%80",
    b"grant_type[]=client_credentials", b"grant_type=client_credentials&grant%5Ftype=client_credentials", b"a" * 65_000, b"a=" + b"%41" * 20_000,
])  # fmt: skip
def test_what_is_no_form_is_refused(house: House, body: bytes) -> None:
    before = house.database.rows()
    for content_type in (
        FORM,
        f"{FORM}; charset=utf-16",
        f"{FORM};",
        "multipart/form-data; boundary=a",
        "",
        "\xff",
    ):
        reply = house.wire.send(
            "POST",
            f"/domains/{house.machine.domain}/oauth2/token",
            {"Content-Type": content_type.encode("latin-1")},
            body,
        )
        check_harmless(reply)
        assert reply.error in ("invalid_request", "invalid_client"), reply.body
    assert house.database.rows() == before


@examples(150)
@given(
    pairs=st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES) | st.text(max_size=40)), max_size=5
    ),
    has_secret=st.booleans(),
    is_mine=st.booleans(),
)
def test_any_form_gets_a_token_only_with_the_secret(
    house: House, pairs: list[tuple[str, str]], has_secret: bool, is_mine: bool
) -> None:
    m = house.machine
    if is_mine:
        pairs = [*pairs, ("client_id", m.client_id)]
    if has_secret:
        pairs = [*pairs, ("client_secret", m.client_secret)]
    body = urlencode(pairs, errors="surrogatepass").encode()
    reply = house.wire.send("POST", f"/domains/{m.domain}/oauth2/token", {"Content-Type": FORM}, body)
    check_harmless(reply)
    assert reply.headers["Cache-Control"].count("no-store") == 1
    if reply.status == 200:
        assert has_secret
        assert is_mine
        assert ("grant_type", "client_credentials") in pairs
        assert set(reply.document) == {"access_token", "expires_in", "token_type"}
