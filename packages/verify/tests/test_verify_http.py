"""FastAPI, Starlette and Flask: who gets through, and what the others are told (RFC 6750)."""

import asyncio
import json
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import fastapi
import flask
import pytest
import starlette.applications
import starlette.responses
import starlette.routing

import poolhouse_verify as pv
from poolhouse_verify.bearer import bearer_token, refusal
from poolhouse_verify.fastapi import RequireToken
from poolhouse_verify.flask import current_token
from poolhouse_verify.flask import require_token as flask_require_token
from poolhouse_verify.starlette import require_token


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: Any


Get = Callable[..., Answer]


def asgi_get(app: Any, path: str, *authorization: str) -> Answer:
    """One request as an ASGI server would hand it over."""
    headers = [(b"authorization", value.encode("latin-1")) for value in authorization]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent[1:])
    sent_headers = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], sent_headers, json.loads(body))


def fastapi_app(verifier: pv.TokenVerifier) -> fastapi.FastAPI:
    app = fastapi.FastAPI()
    post = RequireToken(verifier, scopes=["transactions/post"])

    @app.get("/post")
    def read(token: Annotated[pv.VerifiedToken, fastapi.Depends(post)]) -> dict[str, str]:
        return {"caller": token.client_id}

    @app.get("/async")
    async def read_async(
        token: Annotated[
            pv.VerifiedToken, fastapi.Security(RequireToken(verifier), scopes=["transactions/post"])
        ],
    ) -> dict[str, str]:
        return {"caller": token.client_id}

    return app


def starlette_app(verifier: pv.TokenVerifier) -> starlette.applications.Starlette:
    @require_token(verifier, scopes=["transactions/post"])
    def read(request):
        return starlette.responses.JSONResponse({"caller": request.state.token.client_id})

    @require_token(verifier, scopes="transactions/post")
    async def read_async(request):
        return starlette.responses.JSONResponse({"caller": request.state.token.client_id})

    routes = [starlette.routing.Route("/post", read), starlette.routing.Route("/async", read_async)]
    return starlette.applications.Starlette(routes=routes)


def flask_app(verifier: pv.TokenVerifier) -> flask.Flask:
    app = flask.Flask("test")

    @app.get("/post")
    @flask_require_token(verifier, scopes=["transactions/post"])
    def read():
        return {"caller": current_token().client_id}

    @app.get("/open")
    def open_view():
        return {"caller": current_token().client_id}

    return app


def wsgi_get(app: flask.Flask, path: str, *authorization: str) -> Answer:
    # A WSGI server joins repeated headers with a comma.
    headers = {"Authorization": ",".join(authorization)} if authorization else {}
    with app.test_client() as client:
        answer = client.get(path, headers=headers)
        return Answer(answer.status_code, {k.lower(): v for k, v in answer.headers}, answer.json)


@pytest.fixture(params=["fastapi", "fastapi async", "starlette", "starlette async", "flask"])
def get(request) -> Callable[[pv.TokenVerifier], Get]:
    """Requests to one endpoint of an application that the verifier guards."""
    framework, _, kind = request.param.partition(" ")
    path = "/async" if kind else "/post"

    def guarded_by(verifier: pv.TokenVerifier) -> Get:
        if framework == "flask":
            app = flask_app(verifier)
            return lambda *authorization: wsgi_get(app, path, *authorization)
        asgi = (fastapi_app if framework == "fastapi" else starlette_app)(verifier)
        return lambda *authorization: asgi_get(asgi, path, *authorization)

    return guarded_by


def test_a_good_token_gets_through(get, issuer, clock):
    token = issuer.access_token(client_id="abc", scopes=["transactions/post"])
    for authorization in (f"Bearer {token}", f"bearer {token}", f"BEARER   {token} "):
        answer = get(issuer.verifier(clock=clock))(authorization)
        assert (answer.status, answer.body) == (200, {"caller": "abc"})


@pytest.mark.parametrize("authorization", [(), ("Basic YTpi",), ("Bearer2 x",), ("",)])
def test_no_token_is_answered_by_a_bare_challenge(get, issuer, clock, authorization):
    answer = get(issuer.verifier(clock=clock))(*authorization)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_a_bad_token_is_answered_401_with_a_reason_that_quotes_nothing_of_it(get, issuer, clock):
    guarded = get(issuer.verifier(clock=clock))
    expired = issuer.access_token(scopes=["transactions/post"], claims={"exp": clock.now - 100})
    answer = guarded(f"Bearer {expired}")
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == (
        'Bearer error="invalid_token", error_description="The token has expired."'
    )
    evil = issuer.access_token(claims={"iss": 'x", error="\r\nSet-Cookie: a=b'})
    answer = guarded(f"Bearer {evil}")
    assert answer.headers["www-authenticate"] == (
        'Bearer error="invalid_token", error_description="The token is from another issuer."'
    )


@pytest.mark.parametrize("authorization", ["Bearer", "Bearer ", "Bearer a b", "Bearer a.b.c", "Bearer é.é.é"])
def test_a_header_that_is_no_token_is_answered_401(get, issuer, clock, authorization):
    answer = get(issuer.verifier(clock=clock))(authorization)
    assert answer.status == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_two_authorization_headers_are_refused(get, issuer, clock):
    token = issuer.access_token(scopes=["transactions/post"])
    answer = get(issuer.verifier(clock=clock))(f"Bearer {token}", f"Bearer {token}")
    assert answer.status == 401


def test_too_little_scope_is_answered_403_and_says_what_is_needed(get, issuer, clock):
    verifier = issuer.verifier(scopes=["base"], clock=clock)
    answer = get(verifier)(f"Bearer {issuer.access_token(scopes=['transactions/get'])}")
    assert answer.status == 403
    assert answer.headers["www-authenticate"] == (
        'Bearer error="insufficient_scope", error_description="The token lacks a scope that is needed here.", '
        'scope="base transactions/post"'
    )


def test_a_forged_token_is_not_told_which_scope_it_lacks(get, issuer, stranger, clock):
    token = stranger.sign(
        dict(issuer.verifier(clock=clock).verify(issuer.access_token())), {"kid": issuer.kid}
    )
    assert get(issuer.verifier(clock=clock))(f"Bearer {token}").status == 401


def test_keys_that_cannot_be_had_are_answered_503(get, issuer, server, clock):
    server.is_down()
    verifier = issuer.verifier(keys=pv.RemoteKeys(server.jwks_uri), clock=clock)
    answer = get(verifier)(f"Bearer {issuer.access_token()}")
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert "www-authenticate" not in answer.headers
    assert server.address not in json.dumps(answer.body)


def test_the_answer_of_starlette_and_flask_is_oauths_json(issuer, clock):
    verifier = issuer.verifier(clock=clock)
    for answer in (asgi_get(starlette_app(verifier), "/post"), wsgi_get(flask_app(verifier), "/post")):
        assert answer.body == {"error": "missing_token", "error_description": "A bearer token is needed."}


def test_fastapis_document_says_that_a_bearer_token_is_needed(issuer):
    document = fastapi_app(issuer.verifier()).openapi()
    assert document["components"]["securitySchemes"] == {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }
    assert document["paths"]["/post"]["get"]["security"] == [{"bearer": []}]


def test_flask_gives_no_token_to_a_view_that_requires_none(issuer, clock):
    token = issuer.access_token(scopes=["transactions/post"])
    app = flask_app(issuer.verifier(clock=clock))
    app.testing = True
    with app.test_client() as client, pytest.raises(LookupError):
        client.get("/open", headers={"Authorization": f"Bearer {token}"})


def test_the_decorators_keep_the_views_name(issuer):
    def view():
        """Doc."""

    for guarded in (require_token(issuer.verifier())(view), flask_require_token(issuer.verifier())(view)):
        assert (guarded.__name__, guarded.__doc__) == ("view", "Doc.")


def test_a_scope_that_would_break_the_header_cannot_be_required(issuer):
    for require in (require_token, flask_require_token, RequireToken):
        with pytest.raises(ValueError, match="not a scope"):
            require(issuer.verifier(), scopes=['a"\r\nX: y'])


def test_every_cause_has_an_answer():
    statuses = {
        name: refusal(getattr(pv, name)()).status for name in pv.__all__ if is_cause(getattr(pv, name))
    }
    special = {"MissingScope": 403, "KeysUnavailable": 503}
    assert statuses == {name: special.get(name, 401) for name in statuses}
    assert len(statuses) == 14


def is_cause(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, pv.TokenError) and value is not pv.TokenError


def test_the_token_is_found_behind_the_scheme_alone():
    assert bearer_token(["Bearer a.b.c"]) == "a.b.c"
    with pytest.raises(pv.MissingToken):
        bearer_token(["Token a.b.c"])
