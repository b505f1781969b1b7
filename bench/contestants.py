"""The servers that are measured, each with clients that may get a token for `transactions/post`."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3  # type: ignore[import-untyped]  # it has no types

from bench.driver import SCOPE, Client, Target, get_request, target
from bench.processes import Server, free_port, serving, wait_for

HERE = Path(__file__).parent
PEER = HERE / "peers" / "oidc-provider"
REGION = "us-east-1"
ACCESS_KEY_ID = "AKIABENCHBENCHBENCHB"
SECRET_ACCESS_KEY = secrets.token_hex(20)
LIMITS = ("rate-per-address", "token-rate-per-client", "rate-per-person")
INSTALL_LIMIT = 180
"""Seconds for `npm ci`."""


@contextmanager
def bare(folder: Path) -> Iterator[Target]:
    """The bare ASGI handler on uvicorn, uvloop and httptools."""
    client = _new_client("/token")
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "bench.bare_asgi:app",
        "--host",
        "127.0.0.1",
        f"--port={port}",
    ]
    command += ["--loop=uvloop", "--http=httptools", "--no-access-log", "--log-level=warning"]
    with serving(command, port, folder / "bare.log", _environment(client)) as server:
        wait_for(server, get_request(port, "/jwks.json").encode())
        yield target("bare", server, [client], folder, lambda _: "/jwks.json")


def why_no_peer() -> str | None:
    """Why oidc-provider can't be measured here; None where it can."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        return f"{' and '.join(missing)} not installed"
    installed, lock = PEER / "node_modules" / ".package-lock.json", PEER / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return None
    try:
        subprocess.run(["npm", "ci"], cwd=PEER, check=True, capture_output=True, timeout=INSTALL_LIMIT)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failed:
        return f"npm ci failed: {failed}"
    return None


@contextmanager
def oidc_provider(folder: Path) -> Iterator[Target]:
    client = _new_client("/token")
    port = free_port()
    environment = {**_environment(client), "PORT": str(port), "NODE_ENV": "production"}
    with serving(["node", "server.mjs"], port, folder / "oidc-provider.log", environment, PEER) as server:
        wait_for(server, get_request(port, "/jwks").encode())
        yield target("oidc-provider", server, [client], folder, lambda _: "/jwks")


@contextmanager
def poolhouse(folder: Path, name: str, workers: int = 1) -> Iterator[Target]:
    """Poolhouse as it comes, on a database of its own, with one pool and one client."""
    with serving_poolhouse(folder / name, workers) as server:
        wait_until_ready(server)
        yield target(name, server, [make_client(administrator(server))], folder, jwks_path)


@contextmanager
def serving_poolhouse(
    data: Path, workers: int = 1, settings: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """`poolhouse serve`, with all that production has on: log (to a file), metrics, limits. `settings` are
    variables of its environment."""
    data.mkdir(mode=0o700, exist_ok=True)
    port = free_port()
    environment = {
        **_clean_environment(),
        "POOLHOUSE_ROOT_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "POOLHOUSE_ROOT_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        **(settings or {}),
    }
    command = [str(Path(sys.executable).with_name("poolhouse")), "serve", f"--port={port}"]
    command += [f"--workers={workers}", f"--data-dir={data}", "--log-format=json"]
    # The limits are on, but high: all callers here have one address, and most one client.
    command += [f"--{limit}=1000000" for limit in LIMITS]
    with serving(command, port, data.with_suffix(".log"), environment) as server:
        yield server


def wait_until_ready(server: Server) -> None:
    wait_for(server, get_request(server.port, "/readyz").encode())


def administrator(server: Server) -> Any:
    """A boto3 client with the root's keys."""
    return boto3.client(
        "cognito-idp",
        endpoint_url=f"http://127.0.0.1:{server.port}",
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
    )


def make_client(cognito: Any) -> Client:
    """A pool, a resource server, a client and a domain, made as an administrator makes them."""
    pool_id = cognito.create_user_pool(PoolName="bench")["UserPool"]["Id"]
    scope = {"ScopeName": "post", "ScopeDescription": "post_tx"}
    cognito.create_resource_server(
        UserPoolId=pool_id, Identifier="transactions", Name="transactions", Scopes=[scope]
    )
    client = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="bench",
        GenerateSecret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=[SCOPE],
        AllowedOAuthFlowsUserPoolClient=True,
    )["UserPoolClient"]
    cognito.create_user_pool_domain(UserPoolId=pool_id, Domain="bench")
    return Client(client["ClientId"], client["ClientSecret"], "/domains/bench/oauth2/token")


def jwks_path(claims: Mapping[str, Any]) -> str:
    """The path of the issuer, whose public URL is this server's."""
    issuer: str = claims["iss"]
    return urlsplit(issuer).path + "/.well-known/jwks.json"


def _new_client(path: str) -> Client:
    """As long as Cognito's ids and secrets are."""
    return Client(secrets.token_hex(13), secrets.token_hex(26)[:51], path)


def _environment(client: Client) -> dict[str, str]:
    return {**_clean_environment(), "BENCH_CLIENT_ID": client.id, "BENCH_CLIENT_SECRET": client.secret}


def _clean_environment() -> dict[str, str]:
    """Without settings that happen to be exported in this shell: ours, and the one that lets Python compile every
    module anew at each start."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("POOLHOUSE_") and name != "PYTHONDONTWRITEBYTECODE"
    }
