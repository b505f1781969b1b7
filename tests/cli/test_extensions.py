"""`poolhouse extensions` and `poolhouse status` against a running server."""

from __future__ import annotations

import json

from tests.cli.conftest import Served
from tests.cli.test_with_a_server import cognito


def test_extensions_are_shown_set_and_taken_back(served: Served) -> None:
    api = cognito(served.exports())
    pool_id = api.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    client = api.create_user_pool_client(UserPoolId=pool_id, ClientName="c", GenerateSecret=True)
    client_id = client["UserPoolClient"]["ClientId"]

    def extensions(*arguments: str) -> dict[str, object]:
        done = served.command("extensions", *arguments, "--json")
        assert done.returncode == 0, done.stderr
        answer: dict[str, dict[str, object]] = json.loads(done.stdout)
        return answer["Extensions"]

    amazons = f"https://cognito-idp.us-east-1.amazonaws.com/{pool_id}"
    assert extensions("pool", pool_id)["EffectiveIssuer"] == f"{served.url}/{pool_id}"
    assert extensions("pool", pool_id, "--issuer", "AWS")["Issuer"] == amazons
    assert amazons in served.command("extensions", "pool", pool_id).stdout
    assert "Issuer" not in extensions("pool", pool_id, "--default-issuer")
    assert extensions("client", pool_id, client_id, "--audience", "api")["Audience"] == "api"
    assert extensions("client", pool_id, client_id, "--require-pkce")["RequirePkce"] is True
    both = extensions("client", pool_id, client_id)
    assert (both["Audience"], both["RequirePkce"]) == ("api", True)
    assert "Audience" not in extensions("client", pool_id, client_id, "--no-audience")
    assert extensions("client", pool_id, client_id, "--no-require-pkce")["RequirePkce"] is False
    assert (
        extensions("client", pool_id, client_id, "--claims", '{"tier": "gold"}')["TokenClaims"]
        == '{"tier":"gold"}'
    )
    assert "TokenClaims" not in extensions("client", pool_id, client_id, "--no-claims")
    refused = served.command("extensions", "pool", pool_id, "--issuer", "ftp://x")
    assert refused.returncode == 1
    assert "issuer" in refused.stderr


def test_status_names_the_versions(served: Served) -> None:
    done = served.command("status", "--json")
    status = json.loads(done.stdout)["Status"]
    assert status["DatabaseEngine"] == "SQLite"
    assert status["PublicUrl"] == served.url
    assert "MasterKeyId" in served.command("status").stdout
