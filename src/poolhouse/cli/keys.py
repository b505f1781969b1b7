"""`poolhouse keys`: access keys, signing keys, the master key. A client of the service `poolhouse`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from poolhouse.cli.client import Client, add_server, connected, whereabouts_from
from poolhouse.cli.failures import CommandFailed
from poolhouse.cli.terminal import print_json, print_table
from poolhouse.config.kinds import DURATION

Action = Callable[[Client, argparse.Namespace], int]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True)

    def add(name: str, action: Action, help: str) -> argparse.ArgumentParser:
        command = actions.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
        command.set_defaults(action=action)
        command.add_argument("--json", action="store_true", help="print the server's answer as JSON")
        add_server(command)
        return command

    add("list", _list, "list the access keys beside the root's")
    create = add("create", _create, "make an access key; its secret is shown this once")
    create.add_argument("name", help="what to call it; the last part of its ARN")
    _add_policy(create)
    update = add("update", _update, "change a key's policy, or put it out of use")
    update.add_argument("access_key_id")
    _add_policy(update)
    status = update.add_mutually_exclusive_group()
    status.add_argument("--active", dest="status", action="store_const", const="ACTIVE", help="put in use")
    status.add_argument(
        "--inactive", dest="status", action="store_const", const="INACTIVE", help="put out of use"
    )
    add("delete", _delete, "delete an access key").add_argument("access_key_id")

    listed = add("list-signing", _list_signing, "list a user pool's signing keys")
    rotate = add(
        "rotate-signing", _rotate_signing, "make new signing keys; the old ones stay until all is expired"
    )
    for command in (listed, rotate):
        command.add_argument("pool_id")
    rotate.add_argument(
        "--use", choices=("access", "id", "both"), default="both", help="which keys (default: both)"
    )
    rotate.add_argument(
        "--lead",
        metavar="DURATION",
        help="how long the new key is published before it signs (default: the server's signing_key_lead); 0 after"
        " a leak of the old one",
    )
    rotate.add_argument(
        "--withdraw-now",
        action="store_true",
        help="after a leak, with --lead 0: take the old keys out of the JWKS at once, and every token with them",
    )
    add("rotate-master", _rotate_master, "seal everything anew with the first of the server's master keys")


def run(arguments: argparse.Namespace) -> int:
    pool_id = getattr(arguments, "pool_id", None)
    with connected("poolhouse", whereabouts_from(arguments, pool_id)) as client:
        action: Action = arguments.action
        return action(client, arguments)


def _list(client: Client, arguments: argparse.Namespace) -> int:
    keys = client.get_paginator("list_access_keys").paginate().build_full_result()["AccessKeys"]
    if arguments.json:
        print_json({"AccessKeys": keys})
    else:
        rows = [(key["AccessKeyId"], key["UserName"], key["Status"].lower(), _day(key)) for key in keys]
        print_table(("access key", "name", "status", "made"), rows)
    return 0


def _create(client: Client, arguments: argparse.Namespace) -> int:
    policy = _policy(arguments)
    if policy is None:
        raise CommandFailed("say what the key may do: --allow 'cognito-idp:Describe*', or --policy FILE.")
    key = client.create_access_key(UserName=arguments.name, Policy=policy)["AccessKey"]
    if arguments.json:
        print_json({"AccessKey": key})
    else:
        print(f"export AWS_ACCESS_KEY_ID={key['AccessKeyId']}")
        print(f"export AWS_SECRET_ACCESS_KEY={key['SecretAccessKey']}")
        print("Keep the secret now: it is not shown again.", file=sys.stderr)
    return 0


def _update(client: Client, arguments: argparse.Namespace) -> int:
    changes = {"Policy": _policy(arguments), "Status": arguments.status}
    given = {name: value for name, value in changes.items() if value is not None}
    if not given:
        raise CommandFailed("say what to change: --policy, --allow, --active or --inactive.")
    key = client.update_access_key(AccessKeyId=arguments.access_key_id, **given)["AccessKey"]
    _say(
        arguments, {"AccessKey": key}, f"{key['AccessKeyId']} ({key['UserName']}) is {key['Status'].lower()}."
    )
    return 0


def _delete(client: Client, arguments: argparse.Namespace) -> int:
    client.delete_access_key(AccessKeyId=arguments.access_key_id)
    _say(arguments, {}, f"{arguments.access_key_id} is deleted.")
    return 0


def _list_signing(client: Client, arguments: argparse.Namespace) -> int:
    _show_signing_keys(arguments, client.list_signing_keys(UserPoolId=arguments.pool_id)["SigningKeys"])
    return 0


def _rotate_signing(client: Client, arguments: argparse.Namespace) -> int:
    request: dict[str, Any] = {"UserPoolId": arguments.pool_id, "Use": arguments.use.upper()}
    if arguments.lead is not None:
        try:
            lead: timedelta = DURATION.read(arguments.lead)
        except ValueError as expected:
            raise CommandFailed(f"--lead {expected}.") from expected
        request["LeadSeconds"] = int(lead.total_seconds())
    if arguments.withdraw_now:
        request["WithdrawNow"] = True
    _show_signing_keys(arguments, client.rotate_signing_key(**request)["SigningKeys"])
    return 0


def _rotate_master(client: Client, arguments: argparse.Namespace) -> int:
    answer = client.rotate_master_key()
    answer.pop("ResponseMetadata", None)
    text = (
        f"{answer['RewrappedDataKeys']} data keys are sealed anew, with master key {answer['MasterKeyId']}."
    )
    _say(arguments, answer, text)
    return 0


def _show_signing_keys(arguments: argparse.Namespace, keys: list[dict[str, Any]]) -> None:
    if arguments.json:
        print_json({"SigningKeys": keys})
        return
    rows = [
        (
            key["KeyId"],
            key["Use"].lower(),
            key["Status"].lower(),
            _moment(key.get("SignsFrom")),
            _moment(key.get("WithdrawDate")),
        )
        for key in keys
    ]
    print_table(("kid", "use", "status", "signs from", "withdrawn"), rows)


def _say(arguments: argparse.Namespace, answer: dict[str, Any], text: str) -> None:
    if arguments.json:
        print_json(answer)
    else:
        print(text)


def _add_policy(parser: argparse.ArgumentParser) -> None:
    policy = parser.add_mutually_exclusive_group()
    policy.add_argument("--policy", metavar="FILE", help="IAM policy document as JSON; - is standard input")
    policy.add_argument(
        "--allow", metavar="ACTION", action="append", help="an action as cognito-idp:List*, again for each"
    )
    parser.add_argument(
        "--on", metavar="ARN", action="append", help="with --allow: on what, again for each (default: *)"
    )


def _policy(arguments: argparse.Namespace) -> str | None:
    if arguments.allow:
        statement = {"Effect": "Allow", "Action": arguments.allow, "Resource": arguments.on or ["*"]}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    if arguments.policy is None:
        return None
    if arguments.policy == "-":
        return sys.stdin.read()
    try:
        return Path(arguments.policy).read_text()
    except (OSError, UnicodeDecodeError) as unreadable:
        raise CommandFailed(f"{arguments.policy} can't be read: {unreadable}.") from unreadable


def _day(key: dict[str, Any]) -> str:
    return _moment(key.get("CreateDate"))[:10]


def _moment(at: datetime | None) -> str:
    return "-" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
