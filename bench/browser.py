"""`python -m bench.browser`: what a browser costs. A code flow of somebody who is signed in, and the page of who is not.

By some callers at once, for CPU and the rate; by one, for time where nobody else waits; and the page in a real
Chromium, until it is loaded with all that belongs to it.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import http.client
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from bench import browser_report
from bench.browser_report import BrowserResults, Loads
from bench.contestants import administrator, serving_poolhouse, wait_until_ready
from bench.load import Outcome
from bench.machine import Neighbours, machine
from bench.processes import Server, cpu_seconds, memory
from bench.results import Figures, Turn, figures
from bench.signature import signature_seconds

CALLBACK = "https://app.example/callback"
NAME, PASSWORD = "ada", "Correct-horse-7"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
CALLERS = 4
"""Threads of this process, which takes the CPU of one core at most."""
FORM = {"content-type": "application/x-www-form-urlencoded"}


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

    def login_address(self, port: int) -> str:
        return f"http://127.0.0.1:{port}{self._base}/login?{self._asked}"

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {**({"cookie": cookies} if cookies else {}), **(FORM if body is not None else {})}
        self._connection.request(method, self._base + path, body, headers)
        answer = self._connection.getresponse()
        for header in answer.headers.get_all("set-cookie") or ():
            name, _, value = header.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, answer.read(), answer.headers.get("location", "")


def browsers(server: Server, count: int) -> list[Browser]:
    """Browsers of one application, of which nobody is signed in."""
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
    return [Browser(server.port, "bench", client["ClientId"]) for _ in range(count)]


def drive(server: Server, actions: Sequence[Callable[[], None]], count: int) -> Outcome:
    """Do each action again and again, all at once, `count` times together."""
    times: list[float] = []

    def repeat(action: Callable[[], None]) -> None:
        for _ in range(count // len(actions)):
            began = time.perf_counter()
            action()
            times.append(time.perf_counter() - began)

    before = {pid: cpu_seconds(pid) for pid in server.family}
    own, began = time.process_time(), time.perf_counter()
    with ThreadPoolExecutor(len(actions)) as callers:
        list(callers.map(repeat, actions))
    seconds = time.perf_counter() - began
    times.sort()
    return Outcome(
        requests=len(times),
        seconds=seconds,
        p50=times[len(times) // 2],
        p99=times[len(times) * 99 // 100],
        cpu={pid: cpu_seconds(pid) - at_first for pid, at_first in before.items()},
        own_cpu=time.process_time() - own,
        samples=[],
    )


def measure(
    name: str,
    server: Server,
    actions: Sequence[Callable[[], None]],
    *,
    rounds: int,
    count: int,
    signatures: list[float],
) -> Figures:
    """The medians of some rounds, the unit measured before and after each."""
    drive(server, actions, count // 5)
    turns = []
    before = signature_seconds(300)
    for _ in range(rounds):
        outcome = drive(server, actions, count)
        after = signature_seconds(300)
        turns.append(Turn((before + after) / 2, outcome))
        signatures.append(after)
        before = after
    return figures(name, turns, [memory(pid) for pid in server.family])


def page_loads(address: str, count: int) -> Loads:
    """How long Chromium takes until a page is loaded: one that was never here, and one that has been."""
    from tests.browser.browser import a_browser

    loaded = "performance.getEntriesByType('navigation')[0].loadEventEnd"
    first: list[float] = []
    again: list[float] = []
    with a_browser() as chromium:
        for number in range(count + 1):
            context = chromium.new_context()
            page = context.new_page()
            for times in (first, again):
                page.goto(address)
                page.wait_for_function(f"{loaded} > 0")
                if number:  # the first of all starts Chromium's own processes
                    times.append(page.evaluate(loaded))
            context.close()
    return Loads(sorted(first), sorted(again))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.browser", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="half a minute, with larger errors")
    parser.add_argument("--write-docs", action="store_true", help="put the results in docs/performance.md")
    arguments = parser.parse_args()
    rounds, count, loads = (3, 200, 10) if arguments.quick else (11, 1_000, 60)
    neighbours = Neighbours()
    results = BrowserResults(machine(), rounds, CALLERS)
    with (
        tempfile.TemporaryDirectory(prefix="poolhouse-bench-") as folder,
        serving_poolhouse(Path(folder) / "data") as server,
    ):
        wait_until_ready(server)
        people = browsers(server, CALLERS)

        def both(name: str, actions: Sequence[Callable[[], None]]) -> None:
            for into, some in ((results.together, actions), (results.alone, actions[:1])):
                into[name] = measure(
                    name, server, some, rounds=rounds, count=count, signatures=results.signatures
                )

        both(browser_report.PAGE, [one.page for one in people])
        results.loads = page_loads(people[0].login_address(server.port), loads)
        for one in people:
            one.sign_in()
        both(browser_report.FLOW, [one.code_flow for one in people])
    results.neighbours = neighbours.share()
    print(browser_report.as_text(results))
    if arguments.write_docs:
        browser_report.write_docs(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
