"""The two places where OAuth is spoken: a pool's issuer, and a domain."""

from __future__ import annotations

from poolhouse.core.domains import Domain
from poolhouse.core.errors import OAuthError, StoreUnavailable, TemporarilyUnavailable
from poolhouse.core.snapshots import PoolSnapshot
from poolhouse.http import Request, Response
from poolhouse.oauth.answers import CORS, error_answer, json_answer
from poolhouse.oauth.documents import Documents
from poolhouse.oauth.token import token
from poolhouse.operation import Parts

WELL_KNOWN = "/.well-known/"
TOKEN = "/oauth2/token"
PREFLIGHT = "OPTIONS"


class OAuthFace:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._documents = Documents(parts)

    async def of_pool(self, request: Request, pool_id: str, path: str) -> Response:
        """An address below a pool's issuer: `/.well-known/jwks.json`, `/.well-known/openid-configuration`."""
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
            if path == TOKEN:
                return await self._token(request, domain)
            found = await self._parts.cache.get("domain", domain)
        except StoreUnavailable:
            return error_answer(TemporarilyUnavailable())
        if isinstance(found, Domain):
            return await self.of_pool(request, found.pool_id, path)
        return not_found()

    async def _token(self, request: Request, domain: str) -> Response:
        if request.method == PREFLIGHT:
            return preflight("POST")
        if request.method != "POST":
            return method_not_allowed("POST, OPTIONS")
        try:
            return await token(self._parts, request, domain)
        except OAuthError as refused:
            # Looked up only now: a client that is found already says that the domain is its pool's.
            if await self._parts.cache.get("domain", domain) is None:
                return not_found()
            answer = error_answer(refused)
            answer.labels += (("operation", "token"),)
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
