"""`poolhouse preview` against a running server."""

from __future__ import annotations

import json
import urllib.request

from tests.cli.conftest import Served
from tests.cli.test_with_a_server import cognito


def test_the_pages_of_a_client_can_be_looked_at(served: Served) -> None:
    api = cognito(served.exports())
    pool_id = api.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    client_id = api.create_user_pool_client(UserPoolId=pool_id, ClientName="Shop")["UserPoolClient"][
        "ClientId"
    ]
    refused = served.command("preview", pool_id, client_id)
    assert refused.returncode == 1
    assert "The user pool has no domain." in refused.stderr
    api.create_user_pool_domain(UserPoolId=pool_id, Domain="looked-at")
    done = served.command("preview", pool_id, client_id)
    address = done.stdout.strip()
    assert address.startswith(f"{served.url}/domains/looked-at/preview/{client_id}.")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=20) as page:
        assert "Preview of Shop" in page.read().decode()
    answer = json.loads(served.command("preview", pool_id, client_id, "--json").stdout)
    assert answer.keys() == {"Address", "ExpirationDate", "Pages"}


def test_the_browser_of_this_machine_is_opened_where_that_is_wanted(served: Served) -> None:
    api = cognito(served.exports())
    pool_id = api.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    client_id = api.create_user_pool_client(UserPoolId=pool_id, ClientName="c")["UserPoolClient"]["ClientId"]
    api.create_user_pool_domain(UserPoolId=pool_id, Domain="opened")
    done = served.command("preview", pool_id, client_id, "--open", BROWSER="echo opened %s")
    assert done.returncode == 0
    assert f"opened {done.stdout.splitlines()[0]}" in done.stdout
