"""What OpenID Connect, OAuth 2.0 and social providers answer: a code, exchanged here for who somebody is.

Source: RFC 6749 §4.1; OIDC Core §3.1.3, §5.3; RFC 9207; Cognito developer guide, "Using OIDC identity providers with
a user pool".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from poolhouse.core.attribute_mapping import claims_of
from poolhouse.core.base64url import base64url
from poolhouse.core.federation import FederationFailed, Identity
from poolhouse.core.identity_providers import IdentityProvider, ProviderType
from poolhouse.core.oidc_tokens import (
    TokenRefused,
    algorithm_of,
    check_at_hash,
    check_claims,
    header_of,
    is_meant,
)
from poolhouse.core.provider_claims import apple_name, flattened, people_value
from poolhouse.core.provider_details import SOCIAL_KEY_SETS, subject_claim
from poolhouse.operation import Call
from poolhouse.ports.guarded import OutboundFailed, OutboundTimeout
from poolhouse.userpools.federation.apple import apple_secret
from poolhouse.userpools.federation.begin import Begun

FORM = "application/x-www-form-urlencoded"
OF_TOKENS = ("access_token", "id_token", "refresh_token")
"""What of a token answer may be mapped to attributes. Source: the guide, "Mapping IdP attributes to profiles and
tokens"."""
MAX_CODE = 4_096


async def read_answer(
    call: Call,
    provider: IdentityProvider,
    begun: Begun,
    parameters: Mapping[str, str],
    redirect_uri: str,
) -> Identity:
    """Who signed in at the provider, by what the browser brought back.

    Raises:
        FederationFailed: nobody did; or something of it proves nothing.
    """
    _check_issuer(provider, parameters)
    if "error" in parameters:
        described = parameters.get("error_description", "")
        raise FederationFailed(
            f"{described} error={parameters['error']}".strip(), detail="the provider refused"
        )
    code = parameters.get("code")
    if not code or len(code) > MAX_CODE:
        raise FederationFailed("Bad id provider response: no code")
    tokens = await _exchange(call, provider, code, begun.verifier, redirect_uri)
    access_token = tokens.get("access_token")
    if not isinstance(access_token, str) or not access_token.isascii() or not access_token.isprintable():
        raise FederationFailed("Bad token response: no access_token")
    claims: Mapping[str, Any] = {}
    if has_id_token(provider):
        claims = await _claims(call, provider, begun, tokens.get("id_token"), access_token)
    told = await _user_info(call, provider, access_token, claims)
    said = {**told, **claims}  # the ID token's win
    attributes = claims_of(said)
    attributes |= {name: str(tokens[name]) for name in OF_TOKENS if isinstance(tokens.get(name), str)}
    if provider.type is ProviderType.APPLE:
        told = apple_name(parameters.get("user"))
        attributes = {**told, **attributes}
    subject = said.get(subject_claim(provider.type, provider.details))
    # Not what only becomes a text here: whoever is `true` or NaN is somebody else each time.
    if not isinstance(subject, str | int) or isinstance(subject, bool) or subject == "":
        raise FederationFailed("The identity provider names no user")
    acr = claims.get("acr")
    return Identity(
        str(subject),
        attributes,
        acr if isinstance(acr, str) else None,
        said={"tokens": tokens, "id_token": claims, "user": told},
    )


def has_id_token(provider: IdentityProvider) -> bool:
    return not provider.is_oauth2 and "oidc_issuer" in provider.details


def _check_issuer(provider: IdentityProvider, parameters: Mapping[str, str]) -> None:
    """Source: RFC 9207 §2.4."""
    told, expected = parameters.get("iss"), provider.details.get("oidc_issuer")
    if told is not None and expected is not None and told != expected:
        raise FederationFailed("Bad id provider response: another issuer")
    if told is None and provider.facts.get("says_issuer"):
        raise FederationFailed("Bad id provider response: no issuer")


async def _exchange(
    call: Call, provider: IdentityProvider, code: str, verifier: str, redirect_uri: str
) -> Mapping[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "client_id": provider.client_id,
        "code_verifier": verifier,
    }
    secret = apple_secret(provider, call.now) if provider.type is ProviderType.APPLE else provider.secret()
    if secret is not None:
        form["client_secret"] = secret
    url, body = provider.details["token_url"], urlencode(form)
    headers = {"accept": "application/json"}
    try:
        if provider.details.get("token_request_method") == "GET":
            reply = await call.ports.outbound.get(f"{url}?{body}", headers, redirects=0)
        else:
            reply = await call.ports.outbound.post(url, body.encode(), {**headers, "content-type": FORM})
    except OutboundTimeout:
        raise FederationFailed("Timeout occurred in calling IdP token endpoint") from None
    except OutboundFailed as failed:
        raise FederationFailed(f"{provider.name} Error - error getting token", detail=str(failed)) from None
    if reply.status != 200:
        raise FederationFailed(f"{provider.name} Error - {reply.status} error getting token")
    tokens = reply.json_object()
    if tokens is None:
        raise FederationFailed("Bad token response: no JSON object")
    if "error" in tokens:  # GitHub's way of refusing, with 200
        raise FederationFailed(f"{provider.name} Error - {reply.status} error getting token")
    if str(tokens.get("token_type", "bearer")).lower() != "bearer":
        raise FederationFailed("Bad token response: another token_type than Bearer")
    return tokens


async def _claims(
    call: Call, provider: IdentityProvider, begun: Begun, token: object, access_token: str
) -> Mapping[str, Any]:
    """The claims of the ID token, proved."""
    if not isinstance(token, str):
        raise FederationFailed("Bad token response: no id_token")
    try:
        header = header_of(token)
        algorithm = algorithm_of(header, provider.facts.get("algorithms", ()))
        claims = _verified(token, algorithm, await _keys(call, provider, algorithm, header.get("kid")))
        check_claims(
            claims,
            issuer=provider.details["oidc_issuer"],
            client_id=provider.client_id,
            nonce=begun.nonce,
            now=call.now,
            max_age=begun.max_age if provider.type is ProviderType.OIDC else None,
        )
        check_at_hash(claims, algorithm, access_token)
    except TokenRefused as refused:
        raise FederationFailed("Invalid ID token received", detail=f"ID token: {refused}") from None
    return claims


async def _keys(
    call: Call, provider: IdentityProvider, algorithm: str, kid: object
) -> list[Mapping[str, Any]]:
    """The keys that may have signed."""
    if algorithm.startswith("HS"):
        secret = provider.secret() or ""
        return [{"kty": "oct", "k": base64url(secret.encode())}] if secret else []
    url = provider.details.get("jwks_uri") or SOCIAL_KEY_SETS.get(provider.type)
    if url is None:
        raise TokenRefused("the provider publishes no keys")
    try:
        return list(await call.ports.key_sets.find(url, lambda key: is_meant(key, algorithm, kid)))
    except OutboundTimeout:
        raise FederationFailed("Timeout in calling jwks uri") from None
    except OutboundFailed as failed:
        raise FederationFailed(f"{provider.name} Error - error getting keys", detail=str(failed)) from None


def _verified(token: str, algorithm: str, keys: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Raises TokenRefused: no key of these has signed."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry

    from poolhouse.core.token_headers import LenientHeaders

    headers = LenientHeaders(algorithms=[algorithm])
    for key in keys[:10]:
        try:
            claims = jwt.decode(token, JWKRegistry.import_key(dict(key)), registry=headers).claims
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            continue
        if isinstance(claims, dict):
            return claims
    raise TokenRefused("none of the provider's keys has signed it")


async def _user_info(
    call: Call, provider: IdentityProvider, access_token: str, claims: Mapping[str, Any]
) -> Mapping[str, Any]:
    """What the provider's address for attributes says. Its subject is the ID token's, or it is not believed (OIDC
    Core §5.3.2)."""
    url = provider.details.get("attributes_url")
    fields = sorted(set(provider.mapping.values()) - set(claims) - set(OF_TOKENS))
    if url is None or (provider.type is ProviderType.GOOGLE and not fields):
        return {}
    if provider.is_on("attributes_url_add_attributes"):
        url += quote(",".join(fields), safe=",")
    headers = {"accept": "application/json", "authorization": f"Bearer {access_token}"}
    try:
        if provider.details.get("attributes_request_method") == "POST":
            reply = await call.ports.outbound.post(url, b"", {**headers, "content-type": FORM})
        else:
            reply = await call.ports.outbound.get(url, headers, redirects=0)
    except OutboundTimeout:
        raise FederationFailed("Read timed out") from None
    except OutboundFailed as failed:
        raise FederationFailed(f"{provider.name} Error - error getting user", detail=str(failed)) from None
    told = reply.json_object() if reply.status == 200 else None
    if provider.type is ProviderType.GOOGLE:
        return {name: value for name in fields if (value := people_value((told or {}).get(name))) is not None}
    if told is None:
        raise FederationFailed(f"{provider.name} Error - {reply.status} error getting user")
    if provider.is_oauth2:
        return flattened(told)
    if claims and told.get("sub") != claims["sub"]:
        raise FederationFailed("Bad userInfo response: another user")
    return told
