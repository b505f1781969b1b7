"""Signature Version 4, verified: that the holder of a secret access key made this very request, just now.

Pure: the caller looks the key up, between `read_signature` and `verify`.

Source: AWS, "Signature Version 4 signing process"; texts of errors as AWS's services send them.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

from poolhouse.aws.canonical import canonical_requests
from poolhouse.aws.signature import ALGORITHM, TERMINATOR, TIMESTAMP, Signature, is_signed, read_signature
from poolhouse.core.errors import InvalidSignatureException
from poolhouse.core.secret import Secret
from poolhouse.http import Request

__all__ = ["Signature", "is_signed", "read_signature", "verify"]

_ADDED_ON_THE_WAY = frozenset({b"x-amz-cf-id"})
"""Put in by CloudFront after the client signed; read by nothing here."""


def verify(
    signature: Signature,
    request: Request,
    secret: Secret,
    *,
    service: str,
    now: datetime,
    skew: timedelta,
    public_hosts: Iterable[str] = (),
) -> None:
    """Refuse `request` unless the holder of `secret` signed it for `service` within `skew` of `now`.

    The signature covers method, path, query, body, host, date and every `x-amz-*` header: with
    X-Amz-Target left out, one captured request could be replayed as another operation.

    Raises:
        InvalidSignatureException: it does not; the message says why, as AWS's does.
    """
    if signature.service != service:
        raise InvalidSignatureException(f"Credential should be scoped to correct service: '{service}'. ")
    _check_time(signature, now, skew)
    _check_signed_headers(signature, request)
    payload_hash = _payload_hash(request)
    key = signing_key(secret, signature)
    matched = False
    for canonical in canonical_requests(request, signature.signed_headers, payload_hash, public_hosts):
        matched |= hmac.compare_digest(_sign(key, signature, canonical), signature.value)
    if not matched:
        raise InvalidSignatureException(detail="the signature does not match")


def signing_key(secret: Secret, signature: Signature) -> bytes:
    """The key of one day, region and service."""
    key = b"AWS4" + secret.reveal().encode()
    for part in (signature.scope_date, signature.region, signature.service, TERMINATOR):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    return key


def _sign(key: bytes, signature: Signature, canonical: bytes) -> str:
    digest = hashlib.sha256(canonical).hexdigest()
    text = "\n".join((ALGORITHM, signature.timestamp, signature.scope, digest))
    return hmac.digest(key, text.encode(), hashlib.sha256).hex()


def _check_time(signature: Signature, now: datetime, skew: timedelta) -> None:
    lifetime = timedelta(seconds=signature.lifetime) if signature.lifetime is not None else skew
    stamp, current = signature.timestamp, now.strftime(TIMESTAMP)
    # As the header writes it, to the second: what differs by a fraction would differ by clock alone.
    now = now.replace(microsecond=0)
    earliest, latest = now - lifetime, now + skew
    if signature.signed_at < earliest:
        raise InvalidSignatureException(
            f"Signature expired: {stamp} is now earlier than {earliest.strftime(TIMESTAMP)}"
            f" ({current} - {_minutes(lifetime)})"
        )
    if signature.signed_at > latest:
        raise InvalidSignatureException(
            f"Signature not yet current: {stamp} is still later than {latest.strftime(TIMESTAMP)}"
            f" ({current} + {_minutes(skew)})"
        )


def _minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:g} min."


def _check_signed_headers(signature: Signature, request: Request) -> None:
    signed = {name.encode() for name in signature.signed_headers}
    present = {name for name, _ in request.headers}
    wanted = {name for name in present if name.startswith(b"x-amz-")} - _ADDED_ON_THE_WAY
    if signature.date_header:
        wanted.add(signature.date_header.encode())
    if b"host" not in signed:
        raise InvalidSignatureException(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        )
    for name in sorted(wanted - signed):
        raise InvalidSignatureException(
            f"'{name.decode('latin-1')}' must be a 'SignedHeader' in the AWS Authorization."
        )
    if not signed <= present:
        raise InvalidSignatureException(detail="a signed header is absent")


def _payload_hash(request: Request) -> str:
    """The hash of the bytes that arrived. Where the client states one, it must be that one: a request that
    leaves its body unsigned (`UNSIGNED-PAYLOAD`, `STREAMING-…`) could be given another body."""
    actual = hashlib.sha256(request.body).hexdigest()
    stated = request.header(b"x-amz-content-sha256")
    if stated is None or hmac.compare_digest(stated.encode("latin-1"), actual.encode()):
        return actual
    if stated.startswith(("UNSIGNED-", "STREAMING-")):
        raise InvalidSignatureException(
            f"The payload hash '{stated[:64]}' is not accepted here: the body must be signed."
        )
    raise InvalidSignatureException(detail="X-Amz-Content-SHA256 is not the hash of the body")
