"""The walk that the demo shows: from a user pool to a token that another service has verified."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from poolhouse.cli.client import Client
from poolhouse.cli.demo_screen import Screen, shortened
from poolhouse.cli.failures import CommandFailed
from poolhouse.cli.fetching import fetch

SCOPE = "transactions/post"
STEPS = 8


class Walk:
    """Each step makes what the next ones need; `clean_up` removes it in the opposite order."""

    def __init__(self, cognito: Client, endpoint: str, screen: Screen) -> None:
        self._cognito = cognito
        self._endpoint = endpoint
        self._screen = screen
        self._domain = f"lobster-{secrets.token_hex(4)}"
        self._undo: list[tuple[str, Callable[[], object]]] = []
        self._number = 0

    def go(self) -> None:
        pool_id = self._pool()
        self._list()
        self._resource_server(pool_id)
        client_id, client_secret = self._client(pool_id)
        self._make_domain(pool_id)
        token = self._token(client_id, client_secret)
        issuer = self._keys(pool_id, token)
        self._verify(pool_id, client_id, issuer, token)

    def clean_up(self) -> None:
        while self._undo:
            _, remove = self._undo.pop()
            remove()
        self._screen.note("What the demo made is removed again; with --keep it stays.\n")

    def how_to_clean_up(self) -> str:
        commands = "\n".join(f"  {command}" for command, _ in reversed(self._undo))
        return f"It all stays. To remove it:\n{commands}\n"

    def _step(self, title: str, command: str, *, prompt: str = "$") -> None:
        self._number += 1
        self._screen.step(f"{self._number}/{STEPS}", title, command, prompt)

    def _pool(self) -> str:
        self._step(
            "A user pool, which has its own signing keys",
            "aws cognito-idp create-user-pool --pool-name myblog",
        )
        pool = self._cognito.create_user_pool(PoolName="myblog")["UserPool"]
        pool_id: str = pool["Id"]
        self._undo.append(
            (
                f"aws cognito-idp delete-user-pool --user-pool-id {pool_id}",
                lambda: self._cognito.delete_user_pool(UserPoolId=pool_id),
            )
        )
        self._screen.answer({"Id": pool_id, "Arn": pool["Arn"]})
        return pool_id

    def _list(self) -> None:
        self._step("It is listed", "aws cognito-idp list-user-pools --max-results 10")
        pools = self._cognito.list_user_pools(MaxResults=10)["UserPools"]
        self._screen.answer({pool["Id"]: pool["Name"] for pool in pools})

    def _resource_server(self, pool_id: str) -> None:
        self._step(
            "The API that is to be called, and its scopes",
            f"aws cognito-idp create-resource-server --user-pool-id {pool_id} \\\n"
            "    --name transactions --identifier transactions \\\n"
            "    --scopes ScopeName=get,ScopeDescription=get_tx ScopeName=post,ScopeDescription=post_tx",
        )
        server = self._cognito.create_resource_server(
            UserPoolId=pool_id,
            Name="transactions",
            Identifier="transactions",
            Scopes=[
                {"ScopeName": "get", "ScopeDescription": "get_tx"},
                {"ScopeName": "post", "ScopeDescription": "post_tx"},
            ],
        )["ResourceServer"]
        scopes = ", ".join(f"{server['Identifier']}/{scope['ScopeName']}" for scope in server["Scopes"])
        self._screen.answer({"Scopes": scopes})

    def _client(self, pool_id: str) -> tuple[str, str]:
        self._step(
            "The service that calls: a client with a secret",
            f"aws cognito-idp create-user-pool-client --user-pool-id {pool_id} \\\n"
            "    --client-name test --generate-secret --allowed-o-auth-flows client_credentials \\\n"
            f"    --allowed-o-auth-scopes {SCOPE} --allowed-o-auth-flows-user-pool-client",
        )
        client = self._cognito.create_user_pool_client(
            UserPoolId=pool_id,
            ClientName="test",
            GenerateSecret=True,
            AllowedOAuthFlows=["client_credentials"],
            AllowedOAuthScopes=[SCOPE],
            AllowedOAuthFlowsUserPoolClient=True,
        )["UserPoolClient"]
        client_id, client_secret = client["ClientId"], client["ClientSecret"]
        self._screen.answer({"ClientId": client_id, "ClientSecret": shortened(client_secret)})
        return client_id, client_secret

    def _make_domain(self, pool_id: str) -> None:
        arguments = f"--domain {self._domain} --user-pool-id {pool_id}"
        self._step(
            "A domain, where tokens are asked for", f"aws cognito-idp create-user-pool-domain {arguments}"
        )
        self._cognito.create_user_pool_domain(Domain=self._domain, UserPoolId=pool_id)
        self._undo.append(
            (
                f"aws cognito-idp delete-user-pool-domain {arguments}",
                lambda: self._cognito.delete_user_pool_domain(Domain=self._domain, UserPoolId=pool_id),
            )
        )
        self._screen.answer({"Token endpoint": self._token_endpoint})

    @property
    def _token_endpoint(self) -> str:
        return f"{self._endpoint}/domains/{self._domain}/oauth2/token"

    def _token(self, client_id: str, client_secret: str) -> str:
        self._step(
            "The client proves itself and gets a token",
            f"curl -X POST {self._token_endpoint} \\\n"
            f"    -u {client_id}:{shortened(client_secret)} \\\n"
            f"    -d 'grant_type=client_credentials&scope={quote_plus(SCOPE)}'",
        )
        basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        answer = fetch(
            self._token_endpoint,
            form={"grant_type": "client_credentials", "scope": SCOPE},
            headers={"authorization": f"Basic {basic}"},
        )
        document = answer.document()
        if answer.status != 200:
            raise CommandFailed(f"the token was refused: {document.get('error', answer.status)}.")
        token: str = document["access_token"]
        facts = {name: document[name] for name in ("expires_in", "token_type")}
        self._screen.answer({"access_token": shortened(token), **facts})
        return token

    def _keys(self, pool_id: str, token: str) -> str:
        """The pool's issuer, after a look at its keys."""
        address = f"{self._endpoint}/{pool_id}/.well-known"
        self._step("The pool publishes the keys that its tokens are signed with", f"curl {address}/jwks.json")
        issuer: str = fetch(f"{address}/openid-configuration").document()["issuer"]
        keys: list[dict[str, Any]] = fetch(f"{address}/jwks.json").document()["keys"]
        self._screen.answer({f"kid {key['kid']}": f"{key['kty']} {key['alg']}" for key in keys})
        return issuer

    def _verify(self, pool_id: str, client_id: str, issuer: str, token: str) -> None:
        """The last step runs what its command shows, as the called service would."""
        from poolhouse_verify import TokenError, TokenVerifier

        self._step(
            "The called service checks the token (pip install poolhouse-verify)",
            f'verifier = TokenVerifier("{issuer}",\n'
            f'    client_ids="{client_id}", scopes="{SCOPE}")\n'
            "verifier.verify(token)",
            prompt=">>>",
        )
        verifier = TokenVerifier(
            issuer,
            client_ids=client_id,
            scopes=SCOPE,
            jwks_uri=f"{self._endpoint}/{pool_id}/.well-known/jwks.json",
            allow_http=True,
        )
        try:
            verified = verifier.verify(token)
        except TokenError as wrong:
            raise CommandFailed(f"the token does not verify: {wrong}.") from wrong
        self._screen.good("Signature verified")
        self._screen.answer({name: _shown(name, value) for name, value in verified.items()})


def _shown(name: str, value: object) -> object:
    """Claims of time are seconds since 1970 (RFC 7519 §2, NumericDate)."""
    if name in ("auth_time", "exp", "iat") and isinstance(value, int):
        return f"{value}  ({datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC)"
    return value
