"""`poolhouse extensions`: what Poolhouse adds to a pool and a client and Cognito has no field for."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from poolhouse.cli.client import Client, add_server, connected, whereabouts_from
from poolhouse.cli.terminal import print_json, print_table

Action = Callable[[Client, argparse.Namespace], dict[str, Any]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_subparsers(metavar="WHAT", required=True)

    pool = what.add_parser("pool", help="show or set a user pool's", description="Show or set a user pool's.")
    pool.add_argument("pool_id")
    issuer = pool.add_mutually_exclusive_group()
    issuer.add_argument(
        "--issuer", metavar="URL", help="the `iss` of its tokens; AWS for Amazon Cognito's own form"
    )
    issuer.add_argument("--default-issuer", action="store_true", help="go back to the server's own form")
    pool.set_defaults(action=_pool)

    client = what.add_parser("client", help="show or set a client's", description="Show or set a client's.")
    client.add_argument("pool_id")
    client.add_argument("client_id")
    audience = client.add_mutually_exclusive_group()
    audience.add_argument("--audience", help="the `aud` of its machine tokens")
    audience.add_argument("--no-audience", action="store_true", help="no `aud`, as with Cognito")
    pkce = client.add_mutually_exclusive_group()
    pkce.add_argument("--require-pkce", action="store_true", help="refuse to give a code without PKCE")
    pkce.add_argument("--no-require-pkce", action="store_true", help="give one all the same, as Cognito")
    claims = client.add_mutually_exclusive_group()
    claims.add_argument("--claims", metavar="JSON", help="claims of all its tokens, as a JSON object")
    claims.add_argument("--no-claims", action="store_true", help="none, as with Cognito")
    client.set_defaults(action=_client)

    for command in (pool, client):
        command.add_argument("--json", action="store_true", help="print the server's answer as JSON")
        add_server(command)


def run(arguments: argparse.Namespace) -> int:
    with connected("poolhouse", whereabouts_from(arguments, arguments.pool_id)) as client:
        action: Action = arguments.action
        extensions = action(client, arguments)["Extensions"]
    if arguments.json:
        print_json({"Extensions": extensions})
    else:
        print_table(("extension", "value"), list(extensions.items()))
    return 0


def _pool(client: Client, arguments: argparse.Namespace) -> dict[str, Any]:
    ids = {"UserPoolId": arguments.pool_id}
    answer: dict[str, Any]
    if arguments.issuer is not None:
        answer = client.update_user_pool_extensions(**ids, Issuer=arguments.issuer)
    elif arguments.default_issuer:
        answer = client.update_user_pool_extensions(**ids)
    else:
        answer = client.describe_user_pool_extensions(**ids)
    return answer


def _client(client: Client, arguments: argparse.Namespace) -> dict[str, Any]:
    ids = {"UserPoolId": arguments.pool_id, "ClientId": arguments.client_id}
    answer: dict[str, Any]
    answer = client.describe_user_pool_client_extensions(**ids)
    changes: dict[str, Any] = {}
    if arguments.audience is not None or arguments.no_audience:
        changes["Audience"] = arguments.audience
    if arguments.require_pkce or arguments.no_require_pkce:
        changes["RequirePkce"] = arguments.require_pkce
    if arguments.claims is not None or arguments.no_claims:
        changes["TokenClaims"] = arguments.claims
    if changes:
        # What an update leaves out returns to its default, so what is to stay goes with it.
        wanted = {**answer["Extensions"], **changes}
        kept = {name: value for name, value in wanted.items() if value is not None}
        answer = client.update_user_pool_client_extensions(**kept)
    return answer
