"""Who makes a signed request: the root, or the holder of an access key."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from poolhouse.aws.sigv4 import is_signed, read_signature, verify
from poolhouse.core.access_keys import AccessKey
from poolhouse.core.errors import InvalidSignatureException, UnrecognizedClientException
from poolhouse.core.secret import Secret
from poolhouse.http import Request
from poolhouse.operation import Caller, Parts

_KEY_ID = re.compile(r"[A-Za-z0-9_]{16,128}")
_REGION = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
"""Any name of that form: a region is a namespace. It becomes a part of ids and ARNs, so no other characters."""


class Authenticated(NamedTuple):
    caller: Caller
    account_id: str
    region: str


async def authenticate(parts: Parts, request: Request, service: str, skew: timedelta) -> Authenticated:
    """The caller that signed `request` for `service`, and the region that it was signed for.

    Where everybody may administer, no web page may: the browser of somebody on this machine can reach it too,
    whatever site the page is from, and says so by `Origin` (Fetch standard, "Origin header").

    Raises:
        MissingAuthenticationTokenException: nobody signed it.
        IncompleteSignatureException, InvalidSignatureException: the signature is none, or not right.
        UnrecognizedClientException: no such key, or one that is not active.
        StoreUnavailable: the key can't be looked up.
    """
    settings = parts.settings
    if settings.anonymous_admin and not is_signed(request) and not request.count(b"origin"):
        return Authenticated(root(settings.account_id), settings.account_id, settings.region)
    signature = read_signature(request)
    caller, account_id, secret = await _holder(parts, signature.access_key_id)
    request.actor = caller.arn
    public_host = urlsplit(settings.public_url).netloc
    verify(
        signature,
        request,
        secret,
        service=service,
        now=parts.clock.now(),
        skew=skew,
        public_hosts=(public_host,),
    )
    if not _REGION.fullmatch(signature.region):
        raise InvalidSignatureException("Credential should be scoped to a valid region. ")
    return Authenticated(caller, account_id, signature.region)


def root(account_id: str, access_key_id: str | None = None) -> Caller:
    return Caller(arn=f"arn:aws:iam::{account_id}:root", access_key_id=access_key_id, is_root=True)


async def _holder(parts: Parts, access_key_id: str) -> tuple[Caller, str, Secret]:
    settings = parts.settings
    if settings.root_secret_access_key is not None and access_key_id == settings.root_access_key_id:
        return root(settings.account_id, access_key_id), settings.account_id, settings.root_secret_access_key
    key: AccessKey | None = None
    if _KEY_ID.fullmatch(access_key_id):
        key = await parts.cache.get("access_key", access_key_id)
    if key is None:
        raise UnrecognizedClientException(detail="no such access key")
    if not key.is_active:
        raise UnrecognizedClientException(detail="the access key is not active")
    return (
        Caller(arn=key.arn, access_key_id=key.id, policies=key.policies),
        key.account_id,
        key.secret,
    )
