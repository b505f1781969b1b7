"""What an application asks of a browser at `/oauth2/authorize`, and the address that it is answered at.

Source: RFC 6749 §4.1.1, §4.2.1; OIDC Core §3.1.2.1; RFC 7636 §4.3; RFC 8707 §2; RFC 9207.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from poolhouse.core.clients import UserPoolClient
from poolhouse.core.errors import (
    InvalidRequest,
    InvalidScope,
    InvalidTarget,
    OAuthError,
    RequestNotSupported,
    RequestUriNotSupported,
    UnauthorizedClient,
    UnsupportedResponseType,
)
from poolhouse.core.loopback import is_near
from poolhouse.core.scopes import parse_scope

CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
"""BASE64URL(SHA256(verifier)) (RFC 7636 §4.2)."""
URI = re.compile(r"[\x21-\x7e]+")
"""The characters of RFC 3986, and some that no address has; `urlsplit` would leave out a line feed unseen."""
SECONDS = re.compile(r"[0-9]{1,10}", re.ASCII)
CLAIMS_SCOPES = frozenset({"profile", "email", "phone"})
STANDARD_SCOPES = CLAIMS_SCOPES | {"openid", "aws.cognito.signin.user.admin"}
FLOWS = {"code": "code", "token": "implicit"}
"""response_type -> what AllowedOAuthFlows calls it."""


class CannotRedirect(Exception):
    """Nobody may be sent anywhere: the person is shown an error, and the application learns nothing."""

    def __init__(self, error: str, detail: str, *, client_id: str | None = None) -> None:
        self.error = error
        """A code: `invalid_request`, `redirect_mismatch`, `unknown_client`."""
        self.detail = detail
        """For the log."""
        self.client_id = client_id
        super().__init__(error)


class AuthorizeError(Exception):
    """What goes back to the application as its answer."""

    def __init__(self, redirect_to: str, error: str, detail: str = "") -> None:
        self.redirect_to = redirect_to
        self.error = error
        self.detail = detail
        super().__init__(error)


@dataclass(frozen=True, slots=True)
class AuthorizeRequest:
    client_id: str
    response_type: str
    """`code` or `token`."""
    redirect_uri: str
    scopes: tuple[str, ...]
    """What is asked for and allowed: all that the client has, where nothing is named."""
    state: str | None = None
    nonce: str | None = None
    code_challenge: str | None = None
    identity_provider: str | None = None
    idp_identifier: str | None = None
    login_hint: str | None = None
    prompt: frozenset[str] = frozenset()
    lang: str | None = None
    resource: str | None = None
    acr_values: tuple[str, ...] = ()
    max_age: int | None = None
    """Seconds since the person signed in."""
    id_token_hint: str | None = None
    in_fragment: bool = False
    """Whether the answer stands behind `#`."""
    query: str = ""
    """The whole request as a query string, to be carried from page to page."""

    @property
    def digest(self) -> str:
        """Tells this request from every other, in few characters."""
        return hashlib.sha256(self.query.encode()).hexdigest()

    def answer(self, issuer: str, **members: str) -> str:
        """The address that sends the browser back, with `members`, the state and who answers (RFC 9207)."""
        return redirect_address(
            self.redirect_uri, {**members, **_state(self.state), "iss": issuer}, in_fragment=self.in_fragment
        )

    def refusal(self, issuer: str, error: OAuthError) -> AuthorizeError:
        """The same with an error (RFC 6749 §4.1.2.1)."""
        described = {} if error.description is None else {"error_description": error.description}
        address = self.answer(issuer, error=error.error, **described)
        return AuthorizeError(address, error.error, error.detail)


def redirect_address(redirect_uri: str, members: Mapping[str, str], *, in_fragment: bool) -> str:
    """A registered address with parameters added. It has no fragment of its own, and may have a query."""
    text = urlencode(members, quote_via=quote, safe="")
    if in_fragment:
        return f"{redirect_uri}#{text}"
    head, question, query = redirect_uri.partition("?")
    return f"{head}?{query}&{text}" if question and query else f"{head}?{text}"


def answer_is_in_fragment(parameters: Mapping[str, str]) -> bool:
    """Where the application looks for its answer, an error too, as far as that can be told."""
    mode = parameters.get("response_mode")
    return mode == "fragment" or parameters.get("response_type") == "token"


def parse_authorize_request(
    parameters: Mapping[str, str], client: UserPoolClient, declared: Collection[str]
) -> AuthorizeRequest:
    """The request, whose client is known and whose redirect address is registered. `declared` are the scopes that
    the pool's resource servers have now.

    Raises:
        OAuthError: what is wrong with it, for the application to hear.
    """
    for name, refused in (("request", RequestNotSupported), ("request_uri", RequestUriNotSupported)):
        if name in parameters:
            raise refused(detail=f"{name} is there")
    response_type = _response_type(parameters, client)
    return AuthorizeRequest(
        client_id=client.id,
        response_type=response_type,
        redirect_uri=parameters["redirect_uri"],
        scopes=_scopes(parameters.get("scope"), client, declared),
        state=parameters.get("state"),
        nonce=parameters.get("nonce"),
        code_challenge=_challenge(
            parameters, is_needed=client.extensions.requires_pkce and response_type == "code"
        ),
        identity_provider=parameters.get("identity_provider"),
        idp_identifier=parameters.get("idp_identifier"),
        login_hint=parameters.get("login_hint"),
        prompt=_prompt(parameters.get("prompt", "")),
        lang=parameters.get("lang"),
        resource=_resource(parameters.get("resource")),
        acr_values=tuple(parameters.get("acr_values", "").split()),
        max_age=_seconds(parameters.get("max_age")),
        id_token_hint=parameters.get("id_token_hint"),
        in_fragment=answer_is_in_fragment(parameters),
        query=render_query(parameters.items()),
    )


def render_query(parameters: Iterable[tuple[str, str]]) -> str:
    """Parameters as a query string that may stand in any address: ASCII, each reserved character encoded."""
    return urlencode(list(parameters), quote_via=quote, safe="")


def _response_type(parameters: Mapping[str, str], client: UserPoolClient) -> str:
    response_type = parameters.get("response_type")
    if response_type is None:
        raise InvalidRequest(detail="no response_type")
    flow = FLOWS.get(response_type)
    if flow is None:
        raise UnsupportedResponseType(detail="response_type")
    if not client.may_use_oauth or flow not in client.oauth_flows:
        raise UnauthorizedClient(detail="the client has not this flow")
    mode = parameters.get("response_mode")
    if mode is not None and (mode not in ("query", "fragment") or (flow == "implicit" and mode == "query")):
        raise InvalidRequest(detail="response_mode")
    return response_type


def _scopes(text: str | None, client: UserPoolClient, declared: Collection[str]) -> tuple[str, ...]:
    asked = parse_scope(text) if text is not None else client.oauth_scopes
    for scope in asked:
        if scope not in client.oauth_scopes:
            raise InvalidScope(detail="a scope that the client is not allowed")
    if text is not None and CLAIMS_SCOPES & set(asked) and "openid" not in asked:
        raise InvalidScope(detail="a scope of claims without openid")
    # One whose resource server was deleted is left out silently, as in a machine's token.
    scopes = tuple(scope for scope in asked if scope in STANDARD_SCOPES or scope in declared)
    if not scopes:
        raise InvalidScope(detail="no scope is left to grant")
    return scopes


def _challenge(parameters: Mapping[str, str], *, is_needed: bool) -> str | None:
    challenge = parameters.get("code_challenge")
    method = parameters.get("code_challenge_method")
    if challenge is None and method is None:
        if is_needed:
            raise InvalidRequest("code challenge required", detail="without PKCE")  # RFC 7636 §4.4.1
        return None
    if challenge is None or method != "S256":
        raise InvalidRequest(detail="code_challenge without its method, or one other than S256")
    if not CHALLENGE.fullmatch(challenge):
        raise InvalidRequest(detail="code_challenge is no SHA-256 in base64url")
    return challenge


def _prompt(text: str) -> frozenset[str]:
    prompt = frozenset(text.split())
    if "none" in prompt and len(prompt) > 1:
        raise InvalidRequest(detail="prompt=none with another")  # OIDC Core §3.1.2.1
    return prompt


def _resource(text: str | None) -> str | None:
    """Source: Cognito developer guide, "Authorize endpoint" (resource): https, http on this machine, or an app's
    scheme; RFC 8707 §2: absolute, without a fragment."""
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        raise InvalidTarget(detail="resource is no address") from None
    is_good = bool(URI.fullmatch(text) and parts.scheme and (parts.netloc or parts.path)) and "#" not in text
    if parts.scheme in ("http", "https"):
        is_good = is_good and bool(host) and (parts.scheme == "https" or is_near(host))
    if not is_good:
        raise InvalidTarget(detail="resource is no absolute address of https, or has a fragment")
    return text


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    if not SECONDS.fullmatch(text):
        raise InvalidRequest(detail="max_age is no number of seconds")
    return int(text)


def _state(state: str | None) -> dict[str, str]:
    return {} if state is None else {"state": state}
