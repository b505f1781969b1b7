"""FastAPI: a dependency that gives an endpoint the verified token, and shows in the OpenAPI document.

@app.post("/transactions")
def post(token: Annotated[VerifiedToken, Depends(RequireToken(verifier, scopes=["transactions/post"]))]): ...
"""

# No "from __future__ import annotations": FastAPI reads these at run time, and not every version finds their names.

from collections.abc import Collection

from fastapi import HTTPException
from fastapi.openapi.models import HTTPBearer
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from poolhouse_verify.bearer import refusal
from poolhouse_verify.errors import TokenError
from poolhouse_verify.rules import scope_set
from poolhouse_verify.starlette import verify_request
from poolhouse_verify.verified import VerifiedToken
from poolhouse_verify.verifier import TokenVerifier


class RequireToken(SecurityBase):
    """For `Depends(RequireToken(verifier))`, or `Security(RequireToken(verifier), scopes=[...])`.

    Raises HTTPException: 401, 403 or 503, with the challenge of RFC 6750.
    """

    def __init__(self, verifier: TokenVerifier, *, scopes: str | Collection[str] = ()) -> None:
        self.model = HTTPBearer(bearerFormat="JWT")
        self.scheme_name = "bearer"
        self._verifier = verifier
        self._scopes = scope_set(scopes)

    async def __call__(self, connection: HTTPConnection, security_scopes: SecurityScopes) -> VerifiedToken:
        try:
            return await verify_request(
                connection, self._verifier, self._scopes.union(security_scopes.scopes)
            )
        except TokenError as error:
            refused = refusal(error)
            raise HTTPException(refused.status, refused.description, refused.headers) from error
