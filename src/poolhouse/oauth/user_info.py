"""`/oauth2/userInfo` (OIDC Core §5.3): who an access token stands for."""

from __future__ import annotations

from poolhouse.core.errors import CognitoError, InvalidRequest
from poolhouse.core.user_attributes import client_readable
from poolhouse.core.user_tokens import user_info
from poolhouse.http import FORM, Request, Response
from poolhouse.oauth.answers import NOT_KEPT, json_answer
from poolhouse.oauth.calls import call_of_nobody
from poolhouse.oauth.forms import parse_form
from poolhouse.operation import Parts
from poolhouse.userpools.person import authenticate_person

SCOPE = "openid"
BAD = (400, 'error="invalid_request", error_description="Bad OAuth2 request at UserInfo Endpoint"')
INVALID = (
    401,
    'error="invalid_token", error_description="Access token is expired, disabled, or deleted, or the user has '
    'globally signed out."',
)
"""Source: Cognito developer guide, "The userInfo endpoint"; the scheme before it is RFC 6750 §3's, which every client
needs and Cognito leaves out."""


async def answer_user_info(parts: Parts, request: Request, domain: str) -> Response:
    """The claims that the token's scopes and its client's read permissions show."""
    try:
        token = _bearer(request)
    except InvalidRequest as wrong:
        return _refused(*BAD, wrong.detail)
    try:
        person = await authenticate_person(call_of_nobody(parts, request, "UserInfo"), token, scope=SCOPE)
    except CognitoError as refused:
        return _refused(*INVALID, f"{refused.message} {refused.detail}".strip())
    app = person.app
    request.actor = app.client.id
    if not app.pool.has_domain(domain):
        return _refused(*INVALID, "a token of another pool")
    scopes = str(person.claims.get("scope", "")).split(" ")
    readable = client_readable(app.user_pool, app.client)
    answer = json_answer(user_info(person.user, scopes, readable))
    answer.labels = (("operation", "userInfo"), ("pool_id", app.pool.id))
    return answer


def _bearer(request: Request) -> str:
    """The token, which is in the header or, posted, in the form (RFC 6750 §2.1, §2.2), once.

    Raises:
        InvalidRequest
    """
    authorization = request.header(b"authorization")
    form = parse_form(request) if request.method == "POST" and request.media_type == FORM else {}
    posted = form.get("access_token")
    if authorization is None:
        if posted is None:
            raise InvalidRequest(detail="no token")
        return posted
    scheme, _, token = authorization.partition(" ")
    token = token.strip(" ")
    if request.count(b"authorization") > 1 or posted is not None or scheme.lower() != "bearer" or not token:
        raise InvalidRequest(detail="two tokens, or none that is Bearer")
    return token


def _refused(status: int, words: str, detail: str) -> Response:
    headers = [header for header in NOT_KEPT if header[0] != b"content-type"]
    answer = Response(status, b"", [*headers, (b"www-authenticate", f"Bearer {words}".encode())])
    answer.reason = detail
    answer.labels = (("operation", "userInfo"),)
    return answer
