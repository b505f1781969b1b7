"""Tokens for machines: the one place where a client's own access token is made, for the token endpoint and
for GetClientToken alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from poolhouse.core import tokens
from poolhouse.core.client_settings import CLIENT_TOKEN
from poolhouse.core.errors import (
    CognitoError,
    InvalidParameterException,
    InvalidScope,
    NotAuthorizedException,
    OperationNotEnabledException,
    ResourceNotFoundException,
    TooManyRequestsException,
)
from poolhouse.core.ids import new_jti
from poolhouse.core.scopes import granted, render_scope
from poolhouse.core.snapshots import ClientSnapshot
from poolhouse.core.token_overrides import access_with, with_configured
from poolhouse.operation import Call, Parts
from poolhouse.shapes.cognito_idp import GetClientTokenRequest, GetClientTokenResponse
from poolhouse.userpools.triggers.token_generation import is_of_function, machine_overrides


@dataclass(frozen=True, slots=True)
class IssuedToken:
    access_token: str
    expires_in: int
    """Seconds."""


async def issue_machine_token(
    parts: Parts,
    client: ClientSnapshot,
    asked: Sequence[str],
    client_metadata: Mapping[str, str] | None = None,
    user_agent: str = "",
) -> IssuedToken:
    """A signed access token for the client itself (RFC 6749 §4.4).

    Nothing here remembers an earlier answer: client, secrets, scopes and keys come from a snapshot that is
    dropped when any of them changes.

    Raises:
        InvalidScope: a scope asked for that the client lacks, or none is left to grant.
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException: the pool's
            function, which gets `client_metadata`, gives no answer that is one.
    """
    pool = client.pool
    scopes = granted(asked, client.scopes, pool.scopes)
    moment = parts.clock.now().timestamp()
    key = pool.access_key(moment)
    issuer = parts.issuer_of(pool)
    claims = tokens.machine_access_token(
        client, issuer, render_scope(scopes), int(moment), new_jti(parts.random)
    )
    if client.claims is not None:
        claims = with_configured(claims, client.claims)
    if pool.machine_function is not None:
        overrides = await machine_overrides(parts, client, scopes, client_metadata, user_agent)
        claims = access_with(claims, overrides, client.id)
    signed = tokens.signing_input(key.kid, claims)
    signature = await parts.ports.signer.sign(key.private, signed)
    return IssuedToken(tokens.token(signed, signature), client.access_token_lifetime)


async def get_client_token(call: Call, request: GetClientTokenRequest) -> GetClientTokenResponse:
    """A machine's access token through the JSON API. The client's secret decides; a signature is not needed.

    Raises:
        ResourceNotFoundException: no such client.
        NotAuthorizedException: the secret is none of the client's.
        TooManyRequestsException: the client asks too often; one rate for this and for the token endpoint.
        OperationNotEnabledException: the client has not ALLOW_CLIENT_TOKEN_AUTH.
        InvalidParameterException: a scope that the client lacks.
        NotAuthorizedException: also where the pool's function refuses, or gives no answer that is one: the model
            has no error of functions for this operation.

    Source: Cognito API reference, GetClientToken.
    """
    client: ClientSnapshot | None = await call.cache.get("client", request["ClientId"])
    if client is None:
        raise ResourceNotFoundException(f"User pool client {request['ClientId']} does not exist.")
    presented = request["Secret"]
    # Every secret is compared, so that the time says nothing of which one matched.
    if not any([secret.matches(presented) for secret in client.secrets]):
        raise NotAuthorizedException("Unable to verify the client secret for the client.")
    if not call.parts.limits.allows_token(client.id, client.pool.id):
        raise TooManyRequestsException(detail="token rate of the client")
    if CLIENT_TOKEN not in client.auth_flows:
        raise OperationNotEnabledException(f"{CLIENT_TOKEN} is not enabled for the client.")
    try:
        issued = await issue_machine_token(
            call.parts,
            client,
            tuple(dict.fromkeys(request.get("Scopes", ()))),
            request.get("ClientMetadata"),
            call.user_agent,
        )
    except InvalidScope as refused:
        raise InvalidParameterException("Invalid scope requested.", detail=refused.detail) from refused
    except CognitoError as refused:
        if not is_of_function(refused):
            raise
        raise NotAuthorizedException(refused.message) from refused
    return {
        "ClientAuthenticationResult": {
            "AccessToken": issued.access_token,
            "ExpiresIn": issued.expires_in,
            "TokenType": "Bearer",
        }
    }
