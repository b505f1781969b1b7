"""GetSigningCertificate, and which key signs for whom."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.conftest import a_pool
from tests.people.people import refusal

from poolhouse.core.provider_keys import ProviderKeyUse, generate_provider_key, newest, signs_for

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def test_a_pools_certificate_is_for_ten_years_and_stays_the_same(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    text = cognito.get_signing_certificate(UserPoolId=pool_id)["Certificate"]
    certificate = x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 2048
    years = (certificate.not_valid_after_utc - datetime.now(UTC)) / timedelta(days=365.25)
    assert 9.9 < years < 10.1
    assert cognito.get_signing_certificate(UserPoolId=pool_id)["Certificate"] == text
    assert cognito.get_signing_certificate(UserPoolId=a_pool(cognito))["Certificate"] != text


def test_no_pool_has_no_certificate(cognito: Any) -> None:
    code, _ = refusal(cognito.get_signing_certificate, UserPoolId="us-east-1_nobodys99")
    assert code == "ResourceNotFoundException"


def test_those_who_ask_at_once_get_one_certificate(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(cognito.get_signing_certificate, UserPoolId=pool_id) for _ in range(8)]
    assert len({one.result()["Certificate"] for one in asked}) == 1


def test_a_new_certificate_comes_each_year(own_server: Any) -> None:
    server = own_server(clock_skew=timedelta(days=500))
    cognito = server.client("cognito-idp")
    pool_id = a_pool(cognito)
    first = cognito.get_signing_certificate(UserPoolId=pool_id)["Certificate"]
    server.clock.advance(days=364)
    assert cognito.get_signing_certificate(UserPoolId=pool_id)["Certificate"] == first
    server.clock.advance(days=2)
    assert cognito.get_signing_certificate(UserPoolId=pool_id)["Certificate"] != first


def test_a_provider_keeps_the_key_that_it_was_configured_with() -> None:
    keys = [
        generate_provider_key("p", ProviderKeyUse.SIGNING, NOW + timedelta(days=days))
        for days in (0, 366, 732)
    ]
    assert signs_for(keys, NOW - timedelta(days=1)) is keys[0]
    assert signs_for(keys, NOW + timedelta(days=100)) is keys[0]
    assert signs_for(keys, NOW + timedelta(days=400)) is keys[1]
    assert signs_for(keys, NOW + timedelta(days=4000)) is keys[2]
    assert newest(keys, NOW + timedelta(days=733)) is keys[2]
    assert newest(keys, NOW + timedelta(days=1200)) is None
    assert newest([], NOW) is None


def test_a_key_shows_nothing_of_itself() -> None:
    key = generate_provider_key("p", ProviderKeyUse.ENCRYPTION, NOW, "Okta")
    assert key.private.reveal() not in repr(key)
