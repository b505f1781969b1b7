"""The example of signing in without a password, run as whoever copies it runs it: in processes of the server's own."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.mail_server import MailServer, a_mail_server, text_of
from tests.people.people import a_person, an_app, refusal
from tests.triggers.signing_in import INVALID, REFUSED

EXAMPLE = Path(__file__).parents[2] / "examples/passwordless"
NAMES = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")


@dataclass
class House:
    server: RunningServer
    mail: MailServer
    cognito: Any
    client_id: str

    def begin(self, name: str = "ada") -> Any:
        return self.cognito.initiate_auth(
            ClientId=self.client_id, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": name}
        )

    def answer(self, asked: Any, answer: str, name: str = "ada") -> Any:
        return self.cognito.respond_to_auth_challenge(
            ClientId=self.client_id,
            ChallengeName="CUSTOM_CHALLENGE",
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": name, "ANSWER": answer},
        )

    def code(self, mails: int = 1) -> str:
        found = re.search(r"\b\d{6}\b", text_of(self.mail.wait_for(mails)[-1]))
        assert found
        return found[0]


@pytest.fixture
def house(own_server: Callable[..., RunningServer], tmp_path: Path) -> Iterator[House]:
    folder = tmp_path / "passwordless"
    shutil.copytree(EXAMPLE, folder)
    with a_mail_server() as mail:
        file = folder / "functions.toml"
        file.write_text(
            f"{file.read_text()}\n[function.create-auth-challenge.environment]\n"
            f'MAIL_HOST = "127.0.0.1"\nMAIL_PORT = "{mail.port}"\n'
        )
        file.chmod(0o600)
        server = own_server(functions_file=file)
        cognito = server.client("cognito-idp")
        account = server.settings.account_id
        config = {
            name: f"arn:aws:lambda:us-east-1:{account}:function:{re.sub(r'(?<!^)(?=[A-Z])', '-', name).lower()}"
            for name in NAMES
        }
        pool_id = a_pool(cognito, LambdaConfig=config)
        client_id = an_app(
            cognito,
            pool_id,
            "ALLOW_CUSTOM_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH",
            PreventUserExistenceErrors="ENABLED",
        )["ClientId"]
        a_person(cognito, pool_id, email="ada@example.com", email_verified="true")
        yield House(server, mail, cognito, client_id)


def test_who_reads_the_mail_gets_in(house: House) -> None:
    asked = house.begin()
    assert asked["ChallengeParameters"] == {"medium": "EMAIL", "USERNAME": "ada"}
    code = house.code()
    assert house.mail.envelopes[0][1] == ["ada@example.com"]
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    asked = house.answer(asked, wrong)
    assert house.answer(asked, code)["AuthenticationResult"]["AccessToken"]
    assert len(house.mail.mails) == 1, "a mistake costs no second mail"


def test_three_wrong_codes_end_it(house: House) -> None:
    asked = house.begin()
    code = house.code()
    for _ in range(2):
        asked = house.answer(asked, "no code")
    assert refusal(house.answer, asked, "no code") == REFUSED
    assert refusal(house.answer, asked, code) == INVALID


def test_nobody_is_asked_likewise_is_sent_nothing_and_never_gets_in(house: House) -> None:
    asked = house.begin("nobody")
    assert asked["ChallengeParameters"] == {"medium": "EMAIL", "USERNAME": "nobody"}
    for _ in range(2):
        asked = house.answer(asked, "123456", "nobody")
    assert refusal(house.answer, asked, "123456", "nobody") == REFUSED
    assert house.mail.mails == []
