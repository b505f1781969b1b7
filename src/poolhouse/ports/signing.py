"""Requests to AWS, or to what speaks like it, signed with an access key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from poolhouse.core.secret import Secret


@dataclass(frozen=True, slots=True)
class AwsKeys:
    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None = None


def signed(
    keys: AwsKeys, service: str, region: str, url: str, body: bytes, headers: Mapping[str, str]
) -> dict[str, str]:
    """The headers of a POST, the signature among them (Signature Version 4)."""
    # Imported late: it takes a tenth of a second.
    from botocore.auth import SigV4Auth  # type: ignore[import-untyped]  # has no types
    from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]  # has no types
    from botocore.credentials import Credentials  # type: ignore[import-untyped]  # has no types

    token = keys.session_token
    credentials = Credentials(
        keys.access_key_id, keys.secret_access_key.reveal(), None if token is None else token.reveal()
    )
    request = AWSRequest("POST", url, headers=dict(headers), data=body)
    SigV4Auth(credentials, service, region).add_auth(request)
    return dict(request.headers.items())
