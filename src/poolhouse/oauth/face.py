"""The two places where OAuth is spoken: a pool's issuer, and a domain."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from poolhouse.core.domains import Domain
from poolhouse.core.errors import OAuthError, StoreUnavailable, TemporarilyUnavailable
from poolhouse.core.snapshots import PoolSnapshot
from poolhouse.http import Request, Response
from poolhouse.oauth.answers import CORS, error_answer, json_answer
from poolhouse.oauth.authorization import authorize
from poolhouse.oauth.documents import Documents
from poolhouse.oauth.idp_response import idp_response
from poolhouse.oauth.registration import register
from poolhouse.oauth.revoke import revocation_refused, revoke
from poolhouse.oauth.saml import saml_answer, saml_logout
from poolhouse.oauth.token import token
from poolhouse.oauth.token_audit import token_and_tell
from poolhouse.oauth.user_info import answer_user_info
from poolhouse.operation import Parts

WELL_KNOWN = "/.well-known/"
PREFLIGHT = "OPTIONS"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a domain answers at one address."""

    methods: tuple[str, ...]
    answer: Callable[[Parts, Request, str], Awaitable[Response]]
    """Raises OAuthError, which `refuse` renders."""
    is_open: bool = False
    """Whether scripts of every origin may ask (CORS). Cognito opens token, userInfo and revoke alone."""
    refuse: Callable[[OAuthError], Response] = error_answer


ENDPOINTS: Mapping[str, Endpoint] = {
    "/oauth2/authorize": Endpoint(("GET", "POST"), authorize),
    "/oauth2/token": Endpoint(("POST",), token, is_open=True),
    "/oauth2/idpresponse": Endpoint(("GET", "POST"), idp_response),
    "/oauth2/userInfo": Endpoint(("GET", "POST"), answer_user_info, is_open=True),
    "/oauth2/revoke": Endpoint(("POST",), revoke, is_open=True, refuse=revocation_refused),
    "/oauth2/register": Endpoint(("POST",), register, is_open=True),
    "/saml2/idpresponse": Endpoint(("GET", "POST"), saml_answer),
    "/saml2/logout": Endpoint(("POST",), saml_logout),
}
TELLING_OF_TOKENS = {
    **ENDPOINTS,
    "/oauth2/token": replace(ENDPOINTS["/oauth2/token"], answer=token_and_tell),
}


class OAuthFace:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._endpoints = ENDPOINTS if parts.token_records is None else TELLING_OF_TOKENS
        self._documents = Documents(parts)

    async def of_pool(self, request: Request, pool_id: str, path: str) -> Response:
        """An address below a pool's issuer: `/.well-known/jwks.json`, and what the pool says of itself."""
        name = path.removeprefix(WELL_KNOWN)
        if not path.startswith(WELL_KNOWN) or name not in self._documents.names:
            return not_found()
        if request.method == PREFLIGHT:
            return preflight("GET, HEAD")
        if request.method not in ("GET", "HEAD"):
            return method_not_allowed("GET, HEAD, OPTIONS")
        try:
            pool = await self._parts.cache.get("pool", pool_id)
        except StoreUnavailable:
            return error_answer(TemporarilyUnavailable())
        if not isinstance(pool, PoolSnapshot):
            return not_found()
        return self._documents.answer(request, pool, name)

    async def of_domain(self, request: Request, domain: str, path: str) -> Response:
        """An address below a domain."""
        try:
            endpoint = self._endpoints.get(path)
            if endpoint is not None:
                return await self._answer(endpoint, request, domain, path)
            found = await self._parts.cache.get("domain", domain)
        except StoreUnavailable:
            return error_answer(TemporarilyUnavailable())
        if isinstance(found, Domain):
            return await self.of_pool(request, found.pool_id, path)
        return not_found()

    async def _answer(self, endpoint: Endpoint, request: Request, domain: str, path: str) -> Response:
        if request.method == PREFLIGHT and endpoint.is_open:
            return preflight(", ".join(endpoint.methods))
        if request.method not in endpoint.methods:
            options = (PREFLIGHT,) if endpoint.is_open else ()
            return method_not_allowed(", ".join((*endpoint.methods, *options)))
        try:
            answer = await endpoint.answer(self._parts, request, domain)
        except OAuthError as refused:
            answer = endpoint.refuse(refused)
        # Looked up only now: whom a good answer is for says already that the domain is its pool's.
        is_refused = answer.status >= 300
        if not is_refused:
            return answer
        if await self._parts.cache.get("domain", domain) is None:
            return not_found()
        if not any(name == "operation" for name, _ in answer.labels):
            answer.labels += (("operation", path.rpartition("/")[2]),)
        return answer


def not_found() -> Response:
    return json_answer({"error": "not_found"}, 404)


def method_not_allowed(allowed: str) -> Response:
    answer = json_answer({"error": "invalid_request", "error_description": "method not allowed"}, 405)
    answer.headers.append((b"allow", allowed.encode()))
    return answer


def preflight(methods: str) -> Response:
    """The answer to a browser's CORS preflight (Fetch §3.3). No credentials are ever allowed with it."""
    return Response(
        200,
        b"",
        [
            CORS,
            (b"access-control-allow-methods", methods.encode()),
            (
                b"access-control-allow-headers",
                b"authorization, content-type, cache-control, x-amz-user-agent",
            ),
            (b"access-control-max-age", b"86400"),
            (b"vary", b"origin"),
        ],
    )
