"""Houses with a front door, for the tests: a pool with a domain, an application, and somebody who lives there."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
from tests.harness import RunningServer
from tests.people.people import a_person
from tests.people.tokens import a_call

from poolhouse.userpools.browser_sessions import begin_browser_session

CALLBACK = "https://app.example/callback"
GOODBYE = "https://app.example/goodbye"
SCOPES = ["openid", "email", "profile", "phone", "aws.cognito.signin.user.admin"]


def new_browser() -> httpx.Client:
    """One that keeps no connection: houses are many, and stay as long as their server."""
    return httpx.Client(timeout=20, limits=httpx.Limits(max_keepalive_connections=0))


@dataclass
class House:
    """A pool at its domain's address by path, an app client of it, and the person `ada`."""

    server: RunningServer
    cognito: Any
    pool_id: str
    domain: str
    client: Mapping[str, Any]
    sub: str
    browser: httpx.Client = field(default_factory=new_browser)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    def __post_init__(self) -> None:
        self.server.clients.append(self.browser)  # closed with it

    @property
    def address(self) -> str:
        return f"{self.server.base_url}/domains/{self.domain}"

    @property
    def issuer(self) -> str:
        return f"{self.server.settings.public_url}/{self.pool_id}"

    @property
    def client_id(self) -> str:
        id: str = self.client["ClientId"]
        return id

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def asking(self, **changes: str | None) -> dict[str, str]:
        """The parameters of a good authorization request, with PKCE; None leaves one out."""
        asked: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": CALLBACK,
            "scope": "openid email",
            "state": "a state",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def authorize(self, **changes: str | None) -> httpx.Response:
        return self.browser.get(f"{self.address}/oauth2/authorize?{urlencode(self.asking(**changes))}")

    def sign_in(self, sub: str | None = None, **options: Any) -> str:
        """Sign the browser in without its pages; the cookie's text."""

        async def begin() -> str:
            app = await self.server.server.parts.cache.get("app", self.client_id)
            amr = options.pop("amr", ("pwd",))
            _, cookie = await begin_browser_session(
                a_call(self.server), app, sub or self.sub, amr=amr, **options
            )
            return cookie

        cookie: str = self.server.run(begin())
        self.browser.cookies.clear()
        self.browser.cookies.set("cognito", cookie, path=f"/domains/{self.domain}")
        return cookie

    def code(self, **changes: str | None) -> str:
        return answer_of(self.authorize(**changes))["code"]

    def token(self, **form: str | None) -> httpx.Response:
        """A token request; of a client with a secret, by Basic."""
        secret = self.client.get("ClientSecret")
        if secret is None:
            form.setdefault("client_id", self.client_id)
        return self.browser.post(
            f"{self.address}/oauth2/token",
            data={name: value for name, value in form.items() if value is not None},
            auth=None if secret is None else (self.client_id, secret),
        )

    def redeem(self, code: str, **changes: str | None) -> httpx.Response:
        return self.token(
            **{
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": CALLBACK,
                "code_verifier": self.verifier,
                **changes,
            }
        )

    def tokens(self, **changes: str | None) -> dict[str, Any]:
        """The tokens of a code flow of a browser that is signed in."""
        answer = self.redeem(self.code(**changes))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def user_info(self, access_token: str) -> httpx.Response:
        return self.browser.get(
            f"{self.address}/oauth2/userInfo", headers={"authorization": f"Bearer {access_token}"}
        )


def a_house(server: RunningServer, **options: Any) -> House:
    """`client` are members of CreateUserPoolClient, all others of CreateUserPool; `attributes` those of ada, who is called
    `username` where the pool's people are named by their addresses."""
    cognito = server.client("cognito-idp")
    client, username = options.pop("client", {}), options.pop("username", "ada")
    attributes = options.pop("attributes", {"email": "ada@example.com", "email_verified": "true"})
    pool = cognito.create_user_pool(PoolName="front door", **options)["UserPool"]
    domain = f"d{secrets.token_hex(8)}"
    cognito.create_user_pool_domain(Domain=domain, UserPoolId=pool["Id"])
    app = an_application(cognito, pool["Id"], **client)
    sub = a_person(cognito, pool["Id"], username, **attributes)
    return House(server, cognito, pool["Id"], domain, app, sub)


def an_application(cognito: Any, pool_id: str, **changes: Any) -> dict[str, Any]:
    answer = cognito.create_user_pool_client(
        **{
            "UserPoolId": pool_id,
            "ClientName": "web",
            "AllowedOAuthFlowsUserPoolClient": True,
            "AllowedOAuthFlows": ["code"],
            "AllowedOAuthScopes": SCOPES,
            "CallbackURLs": [CALLBACK],
            "LogoutURLs": [GOODBYE],
            "SupportedIdentityProviders": ["COGNITO"],
            "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            **changes,
        }
    )
    client: dict[str, Any] = answer["UserPoolClient"]
    return client


def answer_of(response: httpx.Response, at: str = CALLBACK) -> dict[str, str]:
    """What a redirect to the application says, in the query or behind `#`."""
    assert response.status_code in (302, 303), response.text
    location = response.headers["location"]
    assert location.startswith((f"{at}?", f"{at}#")), location
    parts = urlsplit(location)
    return dict(parse_qsl(parts.fragment or parts.query, strict_parsing=True))
