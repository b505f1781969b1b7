"""Pools with a function that shapes tokens, for the tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import a_person, an_app, refusal, sign_in
from tests.people.tokens import claims_of
from tests.triggers.functions import Answer, Function, a_function

ROLE = "arn:aws:iam::123456789012:role/reader"
OTHER_ROLE = "arn:aws:iam::123456789012:role/writer"
V1, V2, V3 = "V1_0", "V2_0", "V3_0"


def configured(arn: str, version: str = V2) -> dict[str, Any]:
    return {"PreTokenGenerationConfig": {"LambdaVersion": version, "LambdaArn": arn}}


def details(version: str, **details: Any) -> dict[str, Any]:
    name = "claimsOverrideDetails" if version == V1 else "claimsAndScopeOverrideDetails"
    return {name: details}


def access(**access: Any) -> Mapping[str, Any]:
    return details(V2, accessTokenGeneration=access)


def id_token(**id_token: Any) -> Mapping[str, Any]:
    return details(V2, idTokenGeneration=id_token)


class House:
    """A pool with a function that shapes tokens, an app client, and Ada in it."""

    def __init__(
        self,
        server: RunningServer,
        cognito: Any,
        answer: Answer = lambda event: None,
        version: str = V2,
        **client: Any,
    ) -> None:
        self.cognito = cognito
        self.function: Function = a_function(server, answer)
        self.pool_id = a_pool(cognito, LambdaConfig=configured(self.function.arn, version))
        self.client_id = an_app(cognito, self.pool_id, **client)["ClientId"]
        self.sub = a_person(cognito, self.pool_id, email="ada@example.com", email_verified="true")

    def sign_in(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The claims of the access token and of the ID token."""
        tokens = sign_in(self.cognito, self.client_id)
        return claims_of(tokens["AccessToken"]), claims_of(tokens["IdToken"])

    def refused(self) -> tuple[str, str]:
        return refusal(sign_in, self.cognito, self.client_id)

    def join(self, group: str, **options: Any) -> None:
        self.cognito.create_group(UserPoolId=self.pool_id, GroupName=group, **options)
        self.cognito.admin_add_user_to_group(UserPoolId=self.pool_id, GroupName=group, Username="ada")

    def change_email(self, email: str) -> None:
        self.cognito.admin_update_user_attributes(
            UserPoolId=self.pool_id, Username="ada", UserAttributes=[{"Name": "email", "Value": email}]
        )
