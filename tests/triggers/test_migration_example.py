"""The example that brings people from an old application, run as whoever copies it runs it."""

from __future__ import annotations

import importlib.util
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.harness import RunningServer
from tests.people.people import refusal, sign_in, wait_for_message
from tests.people.signing_up import a_sign_up_app, attributes_of, status_of

EXAMPLE = Path(__file__).parents[2] / "examples/migration"
OLD = "their old password"
WRONG = ("NotAuthorizedException", "Incorrect username or password.")


def old_table(file: Path) -> None:
    spec = importlib.util.spec_from_file_location("migration", EXAMPLE / "migration.py")
    assert spec is not None
    assert spec.loader is not None
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    salt = b"0123456789abcdef"
    with sqlite3.connect(file) as database:
        database.execute(
            "CREATE TABLE person (name TEXT PRIMARY KEY, email, given_name, salt BLOB, hash BLOB)"
        )
        for name in ("ada", "bob"):
            row = (name, f"{name}@example.com", name.title(), salt, migration.hash_of(OLD, salt))
            database.execute("INSERT INTO person VALUES (?, ?, ?, ?, ?)", row)
    database.close()


@pytest.fixture
def house(own_server: Callable[..., RunningServer], tmp_path: Path) -> tuple[RunningServer, Any, str, str]:
    folder = tmp_path / "migration"
    shutil.copytree(EXAMPLE, folder)
    old_table(folder / "old.sqlite")
    file = folder / "functions.toml"
    environment = f'[function.user-migration.environment]\nOLD_DATABASE = "{folder / "old.sqlite"}"\n'
    file.write_text(f"{file.read_text()}\n{environment}")
    file.chmod(0o600)
    server = own_server(functions_file=file)
    cognito = server.client("cognito-idp")
    arn = f"arn:aws:lambda:us-east-1:{server.settings.account_id}:function:user-migration"
    hiding = {"PreventUserExistenceErrors": "ENABLED"}
    pool_id, client_id = a_sign_up_app(cognito, client=hiding, LambdaConfig={"UserMigration": arn})
    return server, cognito, pool_id, client_id


def test_people_of_the_old_table_sign_in_and_others_do_not(
    house: tuple[RunningServer, Any, str, str],
) -> None:
    _, cognito, pool_id, client_id = house
    assert refusal(sign_in, cognito, client_id, "ada", "another password") == WRONG
    assert refusal(sign_in, cognito, client_id, "nobody", OLD) == WRONG
    assert sign_in(cognito, client_id, "ada", OLD)
    assert status_of(cognito, pool_id, "ada") == "CONFIRMED"
    assert attributes_of(cognito, pool_id, "ada")["given_name"] == "Ada"
    assert sign_in(cognito, client_id, "ada", OLD)
    assert len(cognito.list_users(UserPoolId=pool_id)["Users"]) == 1


def test_who_forgot_their_password_sets_a_new_one(house: tuple[RunningServer, Any, str, str]) -> None:
    server, cognito, pool_id, client_id = house
    cognito.forgot_password(ClientId=client_id, Username="bob")
    code = wait_for_message(server, "bob@example.com")["Code"]
    cognito.confirm_forgot_password(
        ClientId=client_id, Username="bob", ConfirmationCode=code, Password="A-new-Pass-1"
    )
    assert sign_in(cognito, client_id, "bob", "A-new-Pass-1")
    assert status_of(cognito, pool_id, "bob") == "CONFIRMED"
