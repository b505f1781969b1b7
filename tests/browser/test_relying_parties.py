"""Other people's clients, unchanged, sign people in: Authlib in Flask and in Starlette, openid-client, and two that run in
the browser."""

from __future__ import annotations

import asyncio
import json
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import flask
import httpx
import pytest
from authlib.integrations.flask_client import OAuth
from playwright.sync_api import Page, Route
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route as StarletteRoute
from tests.browser.application import Application, an_application
from tests.browser.browser import NODE, Complaints, node, node_environment, node_modules
from tests.browser.houses import CALLBACK, House, a_house
from tests.clients.conftest import NodeScript
from tests.clients.conftest import node as node_script
from tests.harness import RunningServer, running_server
from tests.people.people import PASSWORD

__all__ = ["node_script"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("data"), rate_per_person=0) as server:
        yield server


@pytest.fixture
def application() -> Iterator[Application]:
    with an_application() as application:
        yield application


def home_of(house: House) -> str:
    return f"{house.server.settings.public_url}/{house.pool_id}"


def test_authlib_in_flask(server: RunningServer) -> None:
    house = a_house(server, client={"GenerateSecret": True})
    house.sign_in()
    app = flask.Flask("relying party")
    app.secret_key = "of the test"
    oauth = OAuth(app)
    pool = oauth.register(
        "pool",
        server_metadata_url=f"{home_of(house)}/.well-known/openid-configuration",
        client_id=house.client_id,
        client_secret=house.client["ClientSecret"],
        client_kwargs={"scope": "openid email", "code_challenge_method": "S256"},
    )

    @app.get("/login")
    def login() -> Any:
        return pool.authorize_redirect(CALLBACK)

    @app.get("/callback")
    def callback() -> Any:
        token = pool.authorize_access_token()
        return {"claims": token["userinfo"], "info": pool.userinfo(token=token)}

    with app.test_client() as browser:
        there = house.browser.get(browser.get("/login").headers["location"])
        back = urlsplit(there.headers["location"])
        told = browser.get(f"/callback?{back.query}").get_json()
    assert told["claims"]["sub"] == told["info"]["sub"] == house.sub
    assert told["claims"]["nonce"]
    assert told["info"]["email"] == "ada@example.com"


def test_authlib_in_starlette(server: RunningServer) -> None:
    house = a_house(server, client={"GenerateSecret": True})
    house.sign_in()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Authlib would rather have another httpx
        from authlib.integrations.starlette_client import OAuth as StarletteOAuth
    oauth = StarletteOAuth()
    pool = oauth.register(
        "pool",
        server_metadata_url=f"{home_of(house)}/.well-known/openid-configuration",
        client_id=house.client_id,
        client_secret=house.client["ClientSecret"],
        client_kwargs={"scope": "openid email", "code_challenge_method": "S256"},
    )

    async def login(request: Request) -> Any:
        return await pool.authorize_redirect(request, CALLBACK)

    async def callback(request: Request) -> Any:
        token = await pool.authorize_access_token(request)
        return JSONResponse({"claims": token["userinfo"], "info": await pool.userinfo(token=token)})

    app = Starlette(
        routes=[StarletteRoute("/login", login), StarletteRoute("/callback", callback)],
        middleware=[Middleware(SessionMiddleware, secret_key="of the test")],
    )

    async def go_there_and_back() -> Any:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app.example") as browser:
            there = house.browser.get((await browser.get("/login")).headers["location"])
            back = urlsplit(there.headers["location"])
            return (await browser.get(f"/callback?{back.query}")).json()

    told = asyncio.run(go_there_and_back())
    assert told["claims"]["sub"] == told["info"]["sub"] == house.sub
    assert told["claims"]["nonce"]
    assert told["info"]["email"] == "ada@example.com"


def test_openid_client(server: RunningServer, node_script: NodeScript) -> None:
    house = a_house(server, client={"GenerateSecret": True})
    cookie = house.sign_in()
    told = node_script(
        "openid-client-code",
        issuer=home_of(house),
        clientId=house.client_id,
        clientSecret=house.client["ClientSecret"],
        redirectUri=CALLBACK,
        cookie=f"cognito={cookie}",
    )
    assert told["claims"]["sub"] == told["info"]["sub"] == house.sub
    assert told["fresh"] is True
    assert "/logout?id_token_hint=" in told["logout"]


OIDC_PAGE = """<!doctype html><html lang=en><title>{title}</title><script src="/oidc.js"></script><script>
const manager = new oidc.UserManager({{
  authority: {authority}, client_id: {client_id}, redirect_uri: location.origin + "/callback",
  scope: "openid email", post_logout_redirect_uri: location.origin + "/goodbye",
}})
{script}
</script>"""


def test_oidc_client_ts_in_the_browser(page: Page, server: RunningServer, application: Application) -> None:
    client = {"CallbackURLs": [application.callback], "LogoutURLs": [f"{application.address}/goodbye"]}
    house = a_house(server, client=client)
    named = {"authority": json.dumps(home_of(house)), "client_id": json.dumps(house.client_id)}
    bundle = node_modules() / "oidc-client-ts" / "dist" / "browser" / "oidc-client-ts.min.js"
    html = "text/html; charset=utf-8"
    callback = "manager.signinRedirectCallback().then(user => { document.title = 'In'; window.user = user })"
    application.pages |= {
        "/oidc.js": ("text/javascript", bundle.read_bytes()),
        "/": (html, OIDC_PAGE.format(title="Start", script="", **named).encode()),
        "/callback": (html, OIDC_PAGE.format(title="Back", script=callback, **named).encode()),
    }
    page.goto(f"{application.address}/")
    page.evaluate("() => { manager.signinRedirect() }")
    page.locator("#username").fill("ada")
    page.locator("#password").fill(PASSWORD)
    page.locator("button.primary").click()
    page.wait_for_url(f"{application.callback}**")
    page.wait_for_function("document.title === 'In'")
    user = page.evaluate("window.user")
    assert user["profile"]["sub"] == house.sub
    assert user["profile"]["email"] == "ada@example.com"
    renewed = page.evaluate("manager.signinSilent().then(user => user.access_token)")
    assert renewed != user["access_token"]
    page.evaluate("() => { manager.signoutRedirect() }")
    page.wait_for_url(f"{application.address}/goodbye**")


AMPLIFY = """
import { Amplify } from 'aws-amplify';
import 'aws-amplify/auth/enable-oauth-listener';
import { fetchAuthSession, fetchUserAttributes, signInWithRedirect, signOut } from 'aws-amplify/auth';
import { Hub } from 'aws-amplify/utils';
Hub.listen('auth', ({ payload }) => { window.heard = [...(window.heard || []), payload.event]; });
window.begin = (pool, endpoint, client, domain) => Amplify.configure({ Auth: { Cognito: {
  userPoolId: pool, userPoolEndpoint: endpoint, userPoolClientId: client,
  loginWith: { oauth: {
    domain, scopes: ['openid', 'email', 'aws.cognito.signin.user.admin'], responseType: 'code',
    redirectSignIn: [location.origin + '/callback'], redirectSignOut: [location.origin + '/goodbye'],
  } },
} } });
window.auth = { fetchAuthSession, fetchUserAttributes, signInWithRedirect, signOut };
"""
AMPLIFY_PAGE = """<!doctype html><html lang=en><title>Amplify</title><script src="/amplify.js"></script>
<script>begin({pool}, {endpoint}, {client}, {domain})</script>"""


def amplify_bundle(folder: Path) -> bytes:
    """Amplify, as esbuild packs it for a browser."""
    bundled = folder / "amplify.js"
    command = [
        node(),
        str(node_modules() / "esbuild" / "bin" / "esbuild"),
        "--bundle",
        "--format=iife",
        "--log-level=error",
        f"--outfile={bundled}",
        "--loader=js",
    ]
    subprocess.run(
        command, cwd=NODE, env=node_environment(), input=AMPLIFY, text=True, check=True, timeout=120
    )
    return bundled.read_bytes()


def over_tls(page: Page, house: House) -> str:
    """Amplify speaks https with domains and nothing else. What it sends there is taken to where the domain is; so
    stands in for a certificate. Gives the domain's address without scheme."""
    domain = f"localhost:{house.server.port}/domains/{house.domain}"

    def take_there(route: Route) -> None:
        address = "http" + route.request.url.removeprefix("https")
        if route.request.is_navigation_request():
            route.fulfill(status=302, headers={"location": address})
        else:
            route.fulfill(response=route.fetch(url=address))

    page.route(f"https://{domain}/**", take_there)
    return domain


def test_amplify_signs_in_with_redirect(
    page: Page,
    server: RunningServer,
    application: Application,
    complaints: Complaints,
    tmp_path: Path,
) -> None:
    complaints.expected.append("custom Amazon Amazon Cognito User Pool endpoint")
    client = {"CallbackURLs": [application.callback], "LogoutURLs": [f"{application.address}/goodbye"]}
    house = a_house(server, client=client)
    values = {
        "pool": house.pool_id,
        "endpoint": server.base_url,
        "client": house.client_id,
        "domain": over_tls(page, house),
    }
    html = AMPLIFY_PAGE.format(**{name: json.dumps(value) for name, value in values.items()})
    application.pages["/amplify.js"] = ("text/javascript", amplify_bundle(tmp_path))
    for path in ("/", "/callback"):
        application.pages[path] = ("text/html; charset=utf-8", html.encode())
    page.goto(f"{application.address}/")
    page.evaluate("() => { auth.signInWithRedirect() }")
    page.locator("#username").fill("ada")
    page.locator("#password").fill(PASSWORD)
    page.locator("button.primary").click()
    page.wait_for_url(f"{application.callback}**")
    page.wait_for_function("(window.heard || []).includes('signInWithRedirect')")
    claims = page.evaluate("auth.fetchAuthSession().then(session => session.tokens.idToken.payload)")
    assert claims["sub"] == house.sub
    assert page.evaluate("auth.fetchUserAttributes()")["email"] == "ada@example.com"
    page.evaluate("() => { auth.signOut() }")
    page.wait_for_url(f"{application.address}/goodbye**")
