"""Secrets that bear a mark are used in every way; then the log, the figures, the error answers, and all that is in
the database and its files are searched for the marks, and for what they are when encoded."""

from __future__ import annotations

import base64
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.conftest import MASTER_KEY, a_server_on
from tests.fuzz.house import House, a_house
from tests.fuzz.wire import FORM
from tests.oauth.test_token import basic
from tests.security.secrets_of_people import use_secrets_of_people

from poolhouse.core.secret import Secret
from poolhouse.store.master_keys import KEY_FILE

ROOT_SECRET = "canaryRootSecretAccessKey0123456789abcdef"
CLIENT_SECRET = "canaryClientSecret0123456789abcdefghijkl"
WRONG_SECRET = "canaryWrongSecret0123456789abcdefghijklm"
MARKS = {"the root's secret": ROOT_SECRET, "a client's secret": CLIENT_SECRET, "a wrong secret": WRONG_SECRET}


@contextmanager
def standard_output() -> Iterator[Path]:
    """All that the process writes, its log above all, in a file."""
    with tempfile.NamedTemporaryFile() as file:
        kept = [os.dup(1), os.dup(2)]
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield Path(file.name)
        finally:
            for number, descriptor in enumerate(kept, 1):
                os.dup2(descriptor, number)
                os.close(descriptor)


def spellings(secret: str) -> set[bytes]:
    """How a text may stand in a file: as it is, form-encoded, in base64 at each of the three offsets, in hex."""
    text = secret.encode()
    found = {text, quote(secret, safe="").encode(), text.hex().encode(), text.hex().upper().encode()}
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + text)
        found.add(encoded[4 if offset else 0 : len(encoded) // 4 * 4 - 4])
    return found


def use_every_secret(house: House) -> tuple[dict[str, str], list[bytes]]:
    """What else became secret meanwhile, and the error answers that were given."""
    m = house.machine
    client = {"UserPoolId": m.pool_id, "ClientId": m.client_id}
    house.call("DeleteUserPoolClientSecret", {**client, "ClientSecretId": house.secret_id})
    assert house.call("AddUserPoolClientSecret", {**client, "ClientSecret": CLIENT_SECRET}).status == 200
    made = house.call(
        "CreateUserPoolClient", {**client, "ClientName": "a", "ClientSecret": CLIENT_SECRET[::-1]}
    )
    house.call("DescribeUserPoolClient", {**client, "ClientId": made.document["UserPoolClient"]["ClientId"]})
    key = house.call("CreateAccessKey").document["AccessKey"]
    issued = house.token(secret=CLIENT_SECRET)
    token = issued.document["access_token"]
    path = f"/domains/{m.domain}/oauth2/token"
    form = {"Content-Type": FORM}
    authorization = basic(m.client_id, WRONG_SECRET)
    replies = [
        house.token(secret=WRONG_SECRET),
        house.wire.send("POST", path, {**form, **authorization}, b"grant_type=client_credentials"),
        house.wire.send(
            "POST", f"{path}?client_secret={WRONG_SECRET}", form, b"grant_type=client_credentials"
        ),
        house.wire.send(
            "POST", path, {**form, "Authorization": f"Bearer {token}"}, b"grant_type=client_credentials"
        ),
        house.wire.send(
            "POST",
            path,
            {**form, **basic(m.client_id, CLIENT_SECRET)},
            b"client_secret=" + CLIENT_SECRET.encode(),
        ),
        house.wire.send(
            "POST", path, form, f"client_secret={WRONG_SECRET}&client_secret={WRONG_SECRET}".encode()
        ),
        house.wire.send(
            "GET",
            f"/{WRONG_SECRET}?x={WRONG_SECRET}",
            {"Cookie": WRONG_SECRET, "Host": "unknown.example.com"},
        ),
        house.call("ListUserPools", secret=WRONG_SECRET),
        house.call("AddUserPoolClientSecret", {**client, "ClientSecret": CLIENT_SECRET}),
        house.call("AddUserPoolClientSecret", {**client, "ClientSecret": WRONG_SECRET + "!"}),
        house.call("AddUserPoolClientSecret", {**client, "ClientSecret": [WRONG_SECRET]}),
        house.call("CreateUserPoolClient", {**client, "ClientName": "", "ClientSecret": WRONG_SECRET}),
        house.call("GetClientToken", {"ClientId": m.client_id, "Secret": WRONG_SECRET}, is_signed=False),
        house.call("GetClientToken", {"ClientId": m.client_id, "Secret": WRONG_SECRET * 9, "Scopes": [1]}),
        house.call("GetClientToken", b'{"Secret":"' + WRONG_SECRET.encode()),
        house.call("RotateSigningKey"),
        house.call("RotateMasterKey"),
    ]
    errors = [reply.body + str(reply.headers).encode() for reply in replies if reply.status >= 400]
    assert len(errors) == len(replies) - 2
    private = house.server.run(house.server.server.parts.store.read(lambda tx: tx.signing_keys.of(m.pool_id)))
    secrets = {
        "a generated client secret": m.client_secret,
        "an access key's secret": key["SecretAccessKey"],
        "a token's signature": token.rpartition(".")[2],
        "the secret of a client that was made with it": CLIENT_SECRET[::-1],
        **{f"signing key {key.kid}": key.private.reveal() for key in private},
    }
    return secrets, errors


def files_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != KEY_FILE:
            yield path.name, path.read_bytes()


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_no_secret_leaves_the_house_by_a_side_door(
    request: pytest.FixtureRequest, tmp_path: Path, engine: str
) -> None:
    folder = tmp_path / "data"
    settings = {"log_level": "debug", "root_secret_access_key": Secret(ROOT_SECRET)}
    with standard_output() as output:
        with a_server_on(engine, folder, request, rate_per_person=0, **settings) as server:
            server.secret_access_key = ROOT_SECRET
            with a_house(server) as house:
                used = use_secrets_of_people(house)
                made, errors = use_every_secret(house)
                made |= used.secrets
                places = [("an error answer", error) for error in errors]
                places += [(f"an error answer of {operation}", answer) for operation, answer in used.answers]
                places.append(("the figures", house.wire.send("GET", "/metrics").body))
                places.append(("the database", repr(house.database.rows()).encode()))
                places += files_of(folder)
        log = output.read_bytes()
    places += [("the log", log), *files_of(folder)]
    assert log.count(b'"event":"request"') > 20
    made |= {"the master key": master_key_of(folder) if engine == "sqlite" else MASTER_KEY}
    found = [
        (what, place)
        for what, secret in {**MARKS, **made}.items()
        for place, content in places
        if any(spelling in content for spelling in spellings(secret))
    ]
    assert found == []
    told = [
        (what, place)
        for what, code in used.codes.items()
        for place, content in places
        if re.search(rb"(?<![0-9a-zA-Z])%s(?![0-9a-zA-Z])" % code.encode(), content)
    ]
    assert told == []


def master_key_of(folder: Path) -> str:
    return (folder / KEY_FILE).read_text().strip()


def test_a_mark_would_be_found() -> None:
    """The search itself: in each of its spellings a secret is found in what surrounds it."""
    for before in ("", "a", "ab", "abc"):
        encoded = base64.b64encode(f"{before}{CLIENT_SECRET} and more".encode())
        assert any(spelling in encoded for spelling in spellings(CLIENT_SECRET))
    assert any(spelling in json.dumps({"a": CLIENT_SECRET}).encode() for spelling in spellings(CLIENT_SECRET))


def test_a_record_of_the_audit_holds_no_secret(house: House) -> None:
    m = house.machine
    secret = "auditCanary0123456789abcdefghij"
    client = {"UserPoolId": m.pool_id, "ClientName": "a", "ClientSecret": secret}
    assert house.call("CreateUserPoolClient", client).status == 200
    assert (
        house.call("CreateUserPoolClient", {**client, "ClientSecret": "b" * 24, "ClientName": secret}).status
        == 200
    )
    records = [str(row) for row in house.database.rows()["audit"]]
    # The name is there, so the secret would be.
    assert sum(bool(re.search(secret, record)) for record in records) == 1
