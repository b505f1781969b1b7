"""The example that says in tokens what somebody may do, run by AWS's runtime for Node."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.browser.browser import node_environment
from tests.conftest import Machine, a_machine
from tests.harness import RunningServer
from tests.oauth.test_token import Answer, ask, basic
from tests.people.people import a_person, an_app, refusal, sign_in
from tests.people.tokens import claims_of
from tests.triggers.node_runtime import STAND_IN, node_runtime
from tests.triggers.shaping import V3, configured

EXAMPLE = Path(__file__).parents[2] / "examples/claims"


@dataclass
class House:
    cognito: Any
    machine: Machine

    def a_person(self, *groups: str, company: str | None = "engines") -> None:
        attributes = {} if company is None else {"custom:company": company}
        a_person(self.cognito, self.machine.pool_id, phone_number="+15550100", **attributes)
        for group in groups:
            named = {"UserPoolId": self.machine.pool_id, "GroupName": group}
            self.cognito.create_group(**named)
            self.cognito.admin_add_user_to_group(**named, Username="ada")

    def sign_in(self) -> dict[str, Any]:
        client_id = an_app(self.cognito, self.machine.pool_id)["ClientId"]
        return sign_in(self.cognito, client_id)

    def ask(self, **metadata: str) -> Answer:
        credentials = basic(self.machine.client_id, self.machine.client_secret)
        return ask(self.machine, credentials, aws_client_metadata=json.dumps(metadata))


@pytest.fixture
def house(own_server: Callable[..., RunningServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A server with the example, and a machine that works for two companies."""
    monkeypatch.setenv("PATH", node_environment()["PATH"])
    folder = tmp_path / "claims"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("node_modules"))
    runtime = node_runtime()
    shutil.copytree(runtime.folder / "node_modules", folder / "node_modules")
    file = folder / "functions.toml"
    if not runtime.is_whole:
        shutil.copy(STAND_IN, folder)
        options = f'[function.claims.environment]\nNODE_OPTIONS = "--require ./{STAND_IN.name}"\n'
        file.write_text(f"{file.read_text()}\n{options}")
    file.chmod(0o600)
    server = own_server(functions_file=file)
    cognito = server.client("cognito-idp")
    arn = f"arn:aws:lambda:us-east-1:{server.settings.account_id}:function:claims"
    company = {"Name": "company", "AttributeDataType": "String", "Mutable": True}
    machine = a_machine(server, cognito, LambdaConfig=configured(arn, V3), Schema=[company])
    (folder / "machines.json").write_text(json.dumps({machine.client_id: ["engines", "looms"]}))
    return House(cognito, machine)


def test_a_person_s_tokens_say_what_their_groups_may_do(house: House) -> None:
    house.a_person("readers", "editors", "constructor")
    tokens = house.sign_in()
    access, id_token = claims_of(tokens["AccessToken"]), claims_of(tokens["IdToken"])
    for claims in (access, id_token):
        assert claims["company"] == "engines"
        assert claims["permissions"] == ["article:read", "article:write"]
    assert "phone_number" not in id_token
    assert house.cognito.get_user(AccessToken=tokens["AccessToken"])["Username"] == "ada"


def test_who_has_no_company_gets_no_tokens(house: House) -> None:
    house.a_person(company=None)
    assert refusal(house.sign_in) == (
        "UserLambdaValidationException",
        "PreTokenGeneration failed with error no company.",
    )


def test_a_machine_chooses_among_its_own_companies(house: House) -> None:
    assert claims_of(house.ask().document["access_token"])["company"] == "engines"
    assert claims_of(house.ask(company="looms").document["access_token"])["company"] == "looms"
    refused = house.ask(company="mills")
    assert refused.error == (400, "invalid_request")
    assert refused.document["error_description"] == "PreTokenGeneration failed with error no company."
