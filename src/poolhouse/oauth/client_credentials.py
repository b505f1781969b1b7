"""The client_credentials grant (RFC 6749 §4.4): the client acts for itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from poolhouse.core.errors import CognitoError, InvalidRequest
from poolhouse.core.scopes import parse_scope
from poolhouse.core.snapshots import ClientSnapshot
from poolhouse.http import Request
from poolhouse.oauth.grants import Grant
from poolhouse.operation import Parts
from poolhouse.userpools.machine_tokens import issue_machine_token
from poolhouse.userpools.triggers.token_generation import is_of_function


async def authorize(
    parts: Parts, request: Request, client: ClientSnapshot, form: Mapping[str, str]
) -> Mapping[str, Any]:
    """No scope asked for means all that the client is allowed.

    Raises:
        InvalidScope: a scope that the client lacks.
        InvalidRequest: `aws_client_metadata` is no JSON object of texts; or the pool's function refuses, whose words
            the answer has.
    """
    metadata = client_metadata(form.get("aws_client_metadata"))
    asked = parse_scope(form["scope"]) if "scope" in form else ()
    try:
        issued = await issue_machine_token(parts, client, asked, metadata, request.user_agent)
    except CognitoError as refused:
        if not is_of_function(refused):
            raise
        raise InvalidRequest(refused.message) from refused
    return {"access_token": issued.access_token, "expires_in": issued.expires_in, "token_type": "Bearer"}


def client_metadata(text: str | None) -> dict[str, str] | None:
    """What the function that shapes tokens gets, and nobody else."""
    if text is None:
        return None
    try:
        metadata = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidRequest(detail="aws_client_metadata is no JSON") from None
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise InvalidRequest(detail="aws_client_metadata is no object of texts")
    return metadata


CLIENT_CREDENTIALS = Grant(
    name="client_credentials", flow="client_credentials", authorize=authorize, is_for_public=False
)
