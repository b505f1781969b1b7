"""The example that sends mail by a function, which opens its codes with AWS's Encryption SDK at the server's own KMS."""

from __future__ import annotations

import html
import json
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.people.mail_server import MailServer, a_mail_server, text_of
from tests.people.people import PASSWORD
from tests.people.signing_up import a_sign_up_app, confirm, sign_up, status_of
from tests.processes.serving import REGION, Node, admin_client_of, free_port, served

EXAMPLE = Path(__file__).parents[2] / "examples/email-sender"
KEY = "arn:aws:kms:us-east-1:000000000000:key/fabca258-95bc-5e03-8d9f-cde993f1af6f"


@dataclass
class House:
    node: Node
    mail: MailServer
    cognito: Any
    pool_id: str
    client_id: str

    def text(self, mails: int) -> str:
        return text_of(self.mail.wait_for(mails)[-1])


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    folder = tmp_path / "email-sender"
    shutil.copytree(EXAMPLE, folder)
    home, port = tmp_path / "home", free_port()
    with served(home, port=port) as node:
        allowed = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        key = admin_client_of(node).create_access_key(UserName="email-sender", Policy=policy)["AccessKey"]
    with a_mail_server() as mail:
        variables = {
            "KEY_ARN": KEY,
            "AWS_ENDPOINT_URL_KMS": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            "MAIL_HOST": "127.0.0.1",
            "MAIL_PORT": str(mail.port),
        }
        lines = [f'{name} = "{value}"' for name, value in variables.items()]
        file = folder / "functions.toml"
        text = [
            file.read_text(),
            f'python = "{sys.executable}"',
            "[function.email-sender.environment]",
            *lines,
        ]
        file.write_text("\n".join(text))
        file.chmod(0o600)
        with served(home, port=port, functions_file=file) as node:
            cognito = node.cognito()
            arn = f"arn:aws:lambda:{REGION}:000000000000:function:email-sender"
            sender = {"LambdaVersion": "V1_0", "LambdaArn": arn}
            lambdas = {"CustomEmailSender": sender, "KMSKeyID": KEY}
            yield House(node, mail, cognito, *a_sign_up_app(cognito, LambdaConfig=lambdas))


def test_what_the_function_sends_confirms_resets_and_invites(house: House) -> None:
    cognito, client_id = house.cognito, house.client_id
    sign_up(cognito, client_id, attributes={"email": "ada@example.com"})
    confirm(cognito, client_id, "ada", code_in(house.text(1)))
    assert house.mail.envelopes[0][1] == ["ada@example.com"]
    assert status_of(cognito, house.pool_id, "ada") == "CONFIRMED"

    cognito.forgot_password(ClientId=client_id, Username="ada")
    cognito.confirm_forgot_password(
        ClientId=client_id, Username="ada", ConfirmationCode=code_in(house.text(2)), Password=PASSWORD + "!"
    )

    temporary = "Tempor<ry&-7"
    cognito.admin_create_user(
        UserPoolId=house.pool_id,
        Username="bob",
        TemporaryPassword=temporary,
        UserAttributes=[{"Name": "email", "Value": "bob@example.com"}],
    )
    text = house.text(3)
    assert f"You are bob. Sign in with {temporary}," in text
    assert html.escape(temporary) not in text
    for secret in (temporary, PASSWORD):
        assert secret not in house.node.log


def code_in(text: str) -> str:
    found = re.search(r"\b\d{6}\b", text)
    assert found
    return found[0]
