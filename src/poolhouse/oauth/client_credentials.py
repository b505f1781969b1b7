"""The client_credentials grant (RFC 6749 §4.4): the client acts for itself."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from poolhouse.core.errors import InvalidRequest
from poolhouse.core.scopes import parse_scope
from poolhouse.core.snapshots import ClientSnapshot
from poolhouse.oauth.grants import Grant
from poolhouse.operation import Parts
from poolhouse.userpools.machine_tokens import IssuedToken, issue_machine_token


async def authorize(parts: Parts, client: ClientSnapshot, form: Mapping[str, str]) -> IssuedToken:
    """No scope asked for means all that the client is allowed.

    Raises:
        InvalidScope: a scope that the client lacks.
        InvalidRequest: `aws_client_metadata` is no JSON object of texts.
    """
    _check_client_metadata(form.get("aws_client_metadata"))
    asked = parse_scope(form["scope"]) if "scope" in form else ()
    return await issue_machine_token(parts, client, asked)


def _check_client_metadata(text: str | None) -> None:
    """Cognito hands this to the PreTokenGeneration trigger, and to nobody else."""
    if text is None:
        return
    try:
        metadata = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidRequest(detail="aws_client_metadata is no JSON") from None
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise InvalidRequest(detail="aws_client_metadata is no object of texts")


CLIENT_CREDENTIALS = Grant(name="client_credentials", flow="client_credentials", authorize=authorize)
