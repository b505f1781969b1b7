"""SECRET_HASH: what an app client that has a secret sends to show that it knows it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence

from poolhouse.core.errors import NotAuthorizedException
from poolhouse.core.secret import Secret


def secret_hash(secret: Secret, client_id: str, name: str) -> str:
    """Source: Cognito developer guide, "Computing secret hash values"."""
    message = (name + client_id).encode("utf-8", "surrogatepass")
    return base64.b64encode(hmac.digest(secret.reveal().encode(), message, hashlib.sha256)).decode()


def check_secret_hash(
    app_secrets: Sequence[Secret], client_id: str, names: Iterable[str], presented: str | None
) -> None:
    """Let pass who proves to know one of the client's secrets, over one of `names`: the name that the same request
    carries, and where the request has none the person's own.

    A client without a secret proves nothing, and must not try to.

    Raises:
        NotAuthorizedException: the proof is missing, wrong, or given where there is nothing to prove.

    Source: Cognito developer guide, "Computing secret hash values".
    """
    if presented is None:
        if app_secrets:
            raise NotAuthorizedException(
                f"Client {client_id} is configured for secret but secret was not received"
            )
        return
    given = presented.encode("utf-8", "surrogatepass")
    # Every secret with every name, also after one was right: the time says nothing of which.
    right = [
        hmac.compare_digest(secret_hash(secret, client_id, name).encode(), given)
        for name in names
        for secret in app_secrets
    ]
    if not any(right):
        raise NotAuthorizedException(f"Unable to verify secret hash for client {client_id}")
