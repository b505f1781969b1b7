"""What the servers are asked, as raw requests, and the tokens of their answers verified."""

from __future__ import annotations

import json
import random
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jwt
from botocore.auth import SigV4Auth  # type: ignore[import-untyped]  # it has no types
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]  # it has no types
from botocore.credentials import Credentials  # type: ignore[import-untyped]  # it has no types

from bench.contestants import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, jwks_path
from bench.fill import ACCOUNT_ID
from bench.load import Outcome
from bench.people import dialogues
from bench.people.crowd import PASSWORD
from bench.people.dialogues import api_request
from bench.people.engines import House
from poolhouse.core.paging import seal_page

ASKED_FOR = 1_000
"""People who sign in, spread over all of them."""
PAGE = 60


def by_password(house: House, seed: int) -> list[bytes]:
    return [
        api_request(
            "InitiateAuth",
            {
                "AuthFlow": "USER_PASSWORD_AUTH",
                "ClientId": house.client_id,
                "AuthParameters": {"USERNAME": name, "PASSWORD": PASSWORD},
            },
        )
        for name in _names(house, seed)
    ]


def by_srp(house: House, seed: int) -> list[bytes]:
    """The first request; `dialogues.Srp` makes the second."""
    group = house.crowd.pool.id.partition("_")[2]
    return [
        api_request(
            "InitiateAuth",
            {
                "AuthFlow": "USER_SRP_AUTH",
                "ClientId": house.client_id,
                "AuthParameters": {"USERNAME": name, "SRP_A": f"{dialogues.A:x}"},
            },
            **{dialogues.GROUP: group},
        )
        for name in _names(house, seed)
    ]


def by_refresh_token(house: House) -> list[bytes]:
    return [
        api_request(
            "InitiateAuth",
            {
                "AuthFlow": "REFRESH_TOKEN_AUTH",
                "ClientId": house.client_id,
                "AuthParameters": {"REFRESH_TOKEN": token},
            },
        )
        for token in house.refresh_tokens
    ]


def by_rotation(house: House) -> list[bytes]:
    return [
        api_request(
            "GetTokensFromRefreshToken",
            {"ClientId": house.rotating_client_id, "RefreshToken": token},
        )
        for token in house.rotating_tokens
    ]


def searches(house: House, count: int, seed: int) -> list[bytes]:
    """ListUsers by the email address of somebody."""
    chosen = random.Random(seed)
    return [
        _signed(house, {"Filter": f'email = "{house.crowd.email(chosen.randrange(house.crowd.count))}"'})
        for _ in range(count)
    ]


def pages(house: House, count: int, seed: int) -> list[bytes]:
    """ListUsers without a filter, each a page somewhere: the token is one that the server would have given, for to
    walk there takes a while."""
    chosen = random.Random(seed)
    about = json.dumps([house.crowd.pool.id, ""])
    context = "|".join((ACCOUNT_ID, REGION, "ListUsers", about))
    found = []
    for _ in range(count):
        sub = house.crowd.sub(chosen.randrange(house.crowd.count - PAGE))
        token = seal_page(house.page_key, context, json.dumps([int(time.time()), sub, sub]))
        found.append(_signed(house, {"PaginationToken": token, "Limit": PAGE}))
    return found


def write(requests: Sequence[bytes], file: Path) -> Path:
    file.write_text(json.dumps([request.decode("latin-1") for request in requests]))
    return file


def verify(house: House, outcome: Outcome) -> None:
    """The tokens of the samples are signed by the pool's published keys, for one of its people.

    Raises:
        jwt.PyJWTError, ValueError: they are not.
    """
    keys: dict[str, Any] = {}
    for sample in outcome.samples:
        result = json.loads(sample.body)["AuthenticationResult"]
        for token, use in ((result["AccessToken"], "access"), (result["IdToken"], "id")):
            kid = jwt.get_unverified_header(token)["kid"]
            if kid not in keys:
                claims = jwt.decode(token, options={"verify_signature": False})
                url = f"http://127.0.0.1:{house.server.port}{jwks_path(claims)}"
                with urllib.request.urlopen(url, timeout=10) as answer:
                    keys.update({key["kid"]: jwt.PyJWK(key) for key in json.load(answer)["keys"]})
            claims = jwt.decode(token, keys[kid], algorithms=["RS256"], options={"verify_aud": False})
            if claims["token_use"] != use or not claims["sub"]:
                raise ValueError(f"another token than was asked for: {claims}")


def _names(house: House, seed: int) -> list[str]:
    count = house.crowd.count
    chosen = random.Random(seed).sample(range(count), min(ASKED_FOR, count))
    return [house.crowd.name(number) for number in chosen]


def _signed(house: House, question: dict[str, Any]) -> bytes:
    """Good for five minutes."""
    body = json.dumps({"UserPoolId": house.crowd.pool.id, **question}, separators=(",", ":"))
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AWSCognitoIdentityProviderService.ListUsers",
    }
    request = AWSRequest("POST", f"http://127.0.0.1:{house.server.port}/", headers, data=body)
    SigV4Auth(Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY), "cognito-idp", REGION).add_auth(request)
    signature = {name: request.headers[name] for name in ("Authorization", "X-Amz-Date")}
    host = {"Host": f"127.0.0.1:{house.server.port}"}
    return api_request("ListUsers", json.loads(body), **host, **signature)
