"""`python -m bench.browser`: what a browser costs. A code flow of somebody who is signed in, and the page of who is not.

One connection, one request after another: the figures are of CPU, and of time where nobody else waits.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import http.client
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from bench.contestants import administrator, serving_poolhouse, wait_until_ready
from bench.processes import Server, cpu_seconds
from bench.signature import signature_seconds

CALLBACK = "https://app.example/callback"
NAME, PASSWORD = "ada", "Correct-horse-7"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Figures:
    cpu: float
    """Seconds of the server's CPU, each time."""
    p50: float
    p99: float
    """Seconds until it is done."""


class Browser:
    """A connection that is kept, and cookies."""

    def __init__(self, port: int, domain: str, client_id: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._base = f"/domains/{domain}"
        self._client_id = client_id
        self._cookies: dict[str, str] = {}
        self._asked = urlencode(
            {
                "response_type": "code",
                "client_id": client_id,
                "redirect_uri": CALLBACK,
                "scope": "openid email",
                "state": "state",
                "nonce": "nonce",
                "code_challenge": CHALLENGE,
                "code_challenge_method": "S256",
            }
        )

    def sign_in(self) -> None:
        page = self._ask("GET", f"/login?{self._asked}")[1].decode()
        found = re.search(r'name="_csrf" value="([^"]*)"', page)
        assert found is not None, page
        form = {"_csrf": found[1], "username": NAME, "password": PASSWORD}
        status, body, _ = self._ask("POST", f"/login?{self._asked}", urlencode(form))
        assert status == 303, body

    def page(self) -> None:
        status, body, _ = self._ask("GET", f"/login?{self._asked}")
        assert status == 200, body

    def code_flow(self) -> None:
        status, body, location = self._ask("GET", f"/oauth2/authorize?{self._asked}")
        assert status == 302, body
        answer = dict(parse_qsl(urlsplit(location).query))
        form = {
            "grant_type": "authorization_code",
            "client_id": self._client_id,
            "redirect_uri": CALLBACK,
            "code": answer["code"],
            "code_verifier": VERIFIER,
        }
        status, body, _ = self._ask("POST", "/oauth2/token", urlencode(form))
        assert status == 200, body

    def forget(self) -> None:
        self._cookies.clear()

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {**({"cookie": cookies} if cookies else {}), **(FORM if body is not None else {})}
        self._connection.request(method, self._base + path, body, headers)
        answer = self._connection.getresponse()
        for header in answer.headers.get_all("set-cookie") or ():
            name, _, value = header.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, answer.read(), answer.headers.get("location", "")


def a_browser(server: Server) -> Browser:
    cognito = administrator(server)
    pool_id = cognito.create_user_pool(PoolName="bench")["UserPool"]["Id"]
    cognito.create_user_pool_domain(UserPoolId=pool_id, Domain="bench")
    client = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="web",
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid", "email"],
        CallbackURLs=[CALLBACK],
        SupportedIdentityProviders=["COGNITO"],
    )["UserPoolClient"]
    cognito.admin_create_user(
        UserPoolId=pool_id,
        Username=NAME,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": "ada@example.com"}],
    )
    cognito.admin_set_user_password(UserPoolId=pool_id, Username=NAME, Password=PASSWORD, Permanent=True)
    return Browser(server.port, "bench", client["ClientId"])


def measure(server: Server, count: int, action: Callable[[], None]) -> Figures:
    for _ in range(count // 10):
        action()
    times: list[float] = []
    before = _cpu(server)
    for _ in range(count):
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    cpu = (_cpu(server) - before) / count
    return Figures(cpu, statistics.median(times), statistics.quantiles(times, n=100)[98])


def _cpu(server: Server) -> float:
    return sum(map(cpu_seconds, server.family))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.browser", description=__doc__)
    parser.add_argument("--count", type=int, default=2_000, help="how often each thing is done")
    count = parser.parse_args().count
    signature = signature_seconds(1_000)
    with (
        tempfile.TemporaryDirectory(prefix="poolhouse-bench-") as folder,
        serving_poolhouse(Path(folder) / "data") as server,
    ):
        wait_until_ready(server)
        browser = a_browser(server)
        page = measure(server, count, browser.page)
        browser.forget()
        browser.sign_in()
        flow = measure(server, count, browser.code_flow)
    print(f"one RSA-2048 signature: {signature * 1e6:.0f} µs of CPU")
    for name, figures in (("the sign-in page", page), ("a code flow of a signed-in browser", flow)):
        print(
            f"{name}: {figures.cpu * 1e6:.0f} µs of CPU ({figures.cpu / signature:.1f} signatures), "
            f"p50 {figures.p50 * 1e3:.2f} ms, p99 {figures.p99 * 1e3:.2f} ms"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
