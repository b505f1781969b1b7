"""The client_credentials grant (RFC 6749 §4.4): the client acts for itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from poolhouse.core.errors import InvalidRequest
from poolhouse.core.scopes import parse_scope
from poolhouse.core.snapshots import ClientSnapshot
from poolhouse.http import Request
from poolhouse.oauth.grants import Grant
from poolhouse.operation import Parts
from poolhouse.userpools.machine_tokens import issue_machine_token


async def authorize(
    parts: Parts, request: Request, client: ClientSnapshot, form: Mapping[str, str]
) -> Mapping[str, Any]:
    """No scope asked for means all that the client is allowed.

    Raises:
        InvalidScope: a scope that the client lacks.
        InvalidRequest: `aws_client_metadata` is no JSON object of texts.
    """
    check_client_metadata(form.get("aws_client_metadata"))
    asked = parse_scope(form["scope"]) if "scope" in form else ()
    issued = await issue_machine_token(parts, client, asked)
    return {"access_token": issued.access_token, "expires_in": issued.expires_in, "token_type": "Bearer"}


def check_client_metadata(text: str | None) -> None:
    """Cognito hands this to the PreTokenGeneration trigger, and to nobody else."""
    if text is None:
        return
    try:
        metadata = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidRequest(detail="aws_client_metadata is no JSON") from None
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise InvalidRequest(detail="aws_client_metadata is no object of texts")


CLIENT_CREDENTIALS = Grant(
    name="client_credentials", flow="client_credentials", authorize=authorize, is_for_public=False
)
