"""Devices: keys given out with a sign-in, confirmed, remembered, forgotten, and what they prove."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from botocore.exceptions import ClientError
from pycognito.aws_srp import AWSSRP
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.authenticator_app import a_pool_with_mfa, enrol, the_clock_goes_back
from tests.people.people import PASSWORD, a_person, an_app, refusal, sign_in

from poolhouse.core import srp
from poolhouse.store.tables import audit, user_device
from poolhouse.userpools import devices

ALWAYS = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
ASKS = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True}
MISSING = ("ResourceNotFoundException", "Device does not exist.")
SECRET = "ESd8HfgD6UhUccZTvGCVX4WZxZ+vj1OzUQi1SksZX5MoD3SOpSRs1g=="  # of a device that exists in tests alone


def encoded(number: int) -> str:
    return base64.b64encode(srp.pad(number)).decode()


def verifier_of(
    group_key: str, key: str, salt: int = 0xFEDC_BA98_7654_3210_0123_4567_89AB_CDEF
) -> dict[str, str]:
    """What a device sends to ConfirmDevice, as Cognito's clients make it."""
    x = srp.private_key(srp.Identity.of_device(group_key, key), SECRET, salt)
    return {"PasswordVerifier": encoded(pow(srp.g, x, srp.N)), "Salt": encoded(salt)}


@dataclass
class House:
    """A pool that tracks devices, an app client, and Ada in it."""

    server: RunningServer
    cognito: Any
    pool_id: str
    client_id: str
    sub: str

    def signed_in(self) -> dict[str, Any]:
        return sign_in(self.cognito, self.client_id)

    def confirm(self, tokens: dict[str, Any], **options: Any) -> dict[str, Any]:
        device = tokens["NewDeviceMetadata"]
        config = verifier_of(device["DeviceGroupKey"], device["DeviceKey"])
        answer: dict[str, Any] = self.cognito.confirm_device(
            AccessToken=tokens["AccessToken"],
            DeviceKey=device["DeviceKey"],
            DeviceSecretVerifierConfig=config,
            **options,
        )
        return answer

    def confirmed(self, **options: Any) -> dict[str, Any]:
        """The tokens of a sign-in whose device is confirmed."""
        tokens = self.signed_in()
        self.confirm(tokens, **options)
        return tokens

    def begin(self, **parameters: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.cognito.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD, **parameters},
        )
        return answer

    def by_device(self, tokens: dict[str, Any], secret: str = SECRET) -> dict[str, Any]:
        """Sign in by SRP from a confirmed device, as pycognito does it."""
        device = tokens["NewDeviceMetadata"]
        answer: dict[str, Any] = AWSSRP(
            username="ada",
            password=PASSWORD,
            pool_id=self.pool_id,
            client_id=self.client_id,
            client=self.cognito,
            device_key=device["DeviceKey"],
            device_group_key=device["DeviceGroupKey"],
            device_password=secret,
        ).authenticate_user()
        return answer


def a_house(server: RunningServer, cognito: Any, configuration: Any = ALWAYS) -> House:
    options = {} if configuration is None else {"DeviceConfiguration": configuration}
    pool_id = a_pool_with_mfa(cognito, **options)
    client_id = an_app(cognito, pool_id)["ClientId"]
    return House(server, cognito, pool_id, client_id, a_person(cognito, pool_id))


@pytest.fixture(autouse=True)
def clock(server: RunningServer) -> Iterator[None]:
    with the_clock_goes_back(server):
        yield


@pytest.fixture
def house(server: RunningServer, cognito: Any) -> House:
    return a_house(server, cognito)


def attributes(device: dict[str, Any]) -> dict[str, str]:
    return {attribute["Name"]: attribute["Value"] for attribute in device["DeviceAttributes"]}


def test_a_sign_in_from_an_unknown_device_gives_out_a_key_and_confirming_keeps_the_device(
    house: House,
) -> None:
    tokens = house.signed_in()
    metadata = tokens["NewDeviceMetadata"]
    assert re.fullmatch(r"us-east-1_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", metadata["DeviceKey"])
    assert re.fullmatch(r"-[A-Za-z0-9]{8}", metadata["DeviceGroupKey"])
    assert house.cognito.list_devices(AccessToken=tokens["AccessToken"])["Devices"] == []

    answer = house.confirm(tokens, DeviceName="Ada's laptop")
    assert answer["UserConfirmationNecessary"] is False
    key = metadata["DeviceKey"]
    device = house.cognito.get_device(AccessToken=tokens["AccessToken"], DeviceKey=key)["Device"]
    account = house.server.settings.account_id
    owner = f"ada.{house.pool_id}"
    assert device["DeviceKey"] == key
    assert attributes(device) == {
        "device_status": "valid",
        "device_name": "Ada's laptop",
        "dev:device_arn": f"arn:aws:cognito-idp:us-east-1:{account}:owner/{owner}/device/{key}",
        "dev:device_owner": owner,
        "last_ip_used": "127.0.0.1",
        "dev:device_remembered_status": "remembered",
        "dev:device_sdk": "aws-sdk",
    }
    assert device["DeviceCreateDate"] == device["DeviceLastAuthenticatedDate"]
    by_admin = house.cognito.admin_get_device(UserPoolId=house.pool_id, Username="ada", DeviceKey=key)
    assert by_admin["Device"] == device


def test_a_confirmed_device_proves_itself_at_the_next_sign_in(house: House) -> None:
    tokens = house.confirmed()
    result = house.by_device(tokens)["AuthenticationResult"]
    assert "NewDeviceMetadata" not in result
    assert house.cognito.list_devices(AccessToken=result["AccessToken"])["Devices"][0]["DeviceKey"]


def test_a_remembered_device_stands_for_the_second_factor_only_by_its_secret(house: House) -> None:
    tokens = house.confirmed()
    app = enrol(house.server, house.cognito, tokens["AccessToken"])
    assert "AuthenticationResult" in house.by_device(tokens)
    with pytest.raises(ClientError, match="NotAuthorized"):
        house.by_device(tokens, secret=base64.b64encode(b"x" * 40).decode())

    # The key alone is no proof: it leads to the question for the secret, and past nothing.
    key = tokens["NewDeviceMetadata"]["DeviceKey"]
    assert house.begin(DEVICE_KEY=key)["ChallengeName"] == "DEVICE_SRP_AUTH"
    assert house.begin()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert app.seed


def test_a_device_that_is_not_remembered_does_not_stand_for_the_second_factor(
    server: RunningServer, cognito: Any
) -> None:
    house = a_house(server, cognito, ASKS)
    tokens = house.signed_in()
    assert house.confirm(tokens)["UserConfirmationNecessary"] is True
    token, key = tokens["AccessToken"], tokens["NewDeviceMetadata"]["DeviceKey"]
    enrol(server, cognito, token)

    def status() -> str:
        device = cognito.get_device(AccessToken=token, DeviceKey=key)["Device"]
        return attributes(device)["dev:device_remembered_status"]

    assert status() == "not_remembered"
    assert house.begin(DEVICE_KEY=key)["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    cognito.update_device_status(AccessToken=token, DeviceKey=key, DeviceRememberedStatus="remembered")
    assert status() == "remembered"
    assert house.begin(DEVICE_KEY=key)["ChallengeName"] == "DEVICE_SRP_AUTH"
    cognito.admin_update_device_status(
        UserPoolId=house.pool_id, Username="ada", DeviceKey=key, DeviceRememberedStatus="not_remembered"
    )
    assert house.begin(DEVICE_KEY=key)["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    cognito.update_device_status(AccessToken=token, DeviceKey=key)
    assert status() == "not_remembered"


def test_a_forgotten_device_is_asked_for_a_factor_again(house: House) -> None:
    tokens = house.confirmed()
    token, key = tokens["AccessToken"], tokens["NewDeviceMetadata"]["DeviceKey"]
    enrol(house.server, house.cognito, token)
    house.cognito.forget_device(AccessToken=token, DeviceKey=key)
    assert refusal(house.cognito.get_device, AccessToken=token, DeviceKey=key) == MISSING
    assert refusal(house.cognito.forget_device, AccessToken=token, DeviceKey=key) == MISSING
    assert refusal(house.cognito.update_device_status, AccessToken=token, DeviceKey=key) == MISSING
    assert house.begin(DEVICE_KEY=key)["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_only_the_sign_in_that_a_key_was_given_out_in_can_confirm_it(house: House) -> None:
    mine, other = house.signed_in(), house.signed_in()
    stolen = {**other, "NewDeviceMetadata": mine["NewDeviceMetadata"]}
    assert refusal(house.confirm, stolen) == MISSING
    made_up = "us-east-1_00000000-0000-4000-8000-000000000000"
    stolen["NewDeviceMetadata"] = {**mine["NewDeviceMetadata"], "DeviceKey": made_up}
    assert refusal(house.confirm, stolen) == MISSING
    house.confirm(mine)


def test_a_device_is_confirmed_once(house: House) -> None:
    tokens = house.signed_in()

    def attempt(_: int) -> str:
        try:
            house.confirm(tokens)
        except ClientError as refused:
            return str(refused.response["Error"]["Code"])
        return "confirmed"

    with ThreadPoolExecutor(6) as threads:
        outcomes = Counter(threads.map(attempt, range(6)))
    assert outcomes == {"confirmed": 1, "DeviceKeyExistsException": 5}


def test_a_verifier_that_anybody_could_prove_is_refused(house: House) -> None:
    tokens = house.signed_in()
    token, device = tokens["AccessToken"], tokens["NewDeviceMetadata"]
    good = verifier_of(device["DeviceGroupKey"], device["DeviceKey"])
    bad = [{**good, "PasswordVerifier": encoded(number)} for number in (0, 1, srp.N - 1, srp.N, srp.N + 2)]
    bad += [{**good, "PasswordVerifier": text} for text in ("", "%%%", "é", "A" * 10_000)]
    bad += [{**good, "Salt": text} for text in ("", "%", base64.b64encode(b"x" * 65).decode())]
    bad += [{"Salt": good["Salt"]}, {"PasswordVerifier": good["PasswordVerifier"]}]
    for config in bad:
        refused = refusal(
            house.cognito.confirm_device,
            AccessToken=token,
            DeviceKey=device["DeviceKey"],
            DeviceSecretVerifierConfig=config,
        )
        assert refused[0] == "InvalidParameterException", config
    assert house.cognito.list_devices(AccessToken=token)["Devices"] == []
    house.confirm(tokens)


def test_a_device_without_a_verifier_is_kept_but_never_asked_to_prove_itself(house: House) -> None:
    tokens = house.signed_in()
    key = tokens["NewDeviceMetadata"]["DeviceKey"]
    house.cognito.confirm_device(AccessToken=tokens["AccessToken"], DeviceKey=key)
    enrol(house.server, house.cognito, tokens["AccessToken"])
    assert house.begin(DEVICE_KEY=key)["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_a_pool_that_tracks_no_devices_gives_out_no_keys(server: RunningServer, cognito: Any) -> None:
    house = a_house(server, cognito, None)
    tokens = house.signed_in()
    assert "NewDeviceMetadata" not in tokens
    refused = refusal(
        cognito.confirm_device,
        AccessToken=tokens["AccessToken"],
        DeviceKey="us-east-1_00000000-0000-4000-8000-000000000000",
    )
    assert refused[0] == "InvalidUserPoolConfigurationException"


def test_another_person_knows_nothing_of_a_device(house: House) -> None:
    tokens = house.confirmed()
    key = tokens["NewDeviceMetadata"]["DeviceKey"]
    a_person(house.cognito, house.pool_id, "bob")
    bobs = sign_in(house.cognito, house.client_id, "bob")
    assert bobs["NewDeviceMetadata"]["DeviceGroupKey"] != tokens["NewDeviceMetadata"]["DeviceGroupKey"]
    for call in (house.cognito.get_device, house.cognito.forget_device, house.cognito.update_device_status):
        assert refusal(call, AccessToken=bobs["AccessToken"], DeviceKey=key) == MISSING
    assert house.cognito.list_devices(AccessToken=bobs["AccessToken"])["Devices"] == []
    by_admin = refusal(
        house.cognito.admin_get_device, UserPoolId=house.pool_id, Username="bob", DeviceKey=key
    )
    assert by_admin == MISSING
    assert len(house.cognito.list_devices(AccessToken=tokens["AccessToken"])["Devices"]) == 1


def test_a_device_of_one_pool_is_nothing_in_another(house: House) -> None:
    tokens = house.confirmed()
    key = tokens["NewDeviceMetadata"]["DeviceKey"]
    other = a_pool(house.cognito, DeviceConfiguration=ALWAYS)
    a_person(house.cognito, other)
    assert refusal(house.cognito.admin_get_device, UserPoolId=other, Username="ada", DeviceKey=key) == MISSING


def test_devices_are_listed_page_by_page(house: House) -> None:
    last = [house.confirmed() for _ in range(5)][-1]
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = house.cognito.list_devices(AccessToken=last["AccessToken"], Limit=2, **token)
        assert len(page["Devices"]) <= 2
        seen += [device["DeviceKey"] for device in page["Devices"]]
        if "PaginationToken" not in page:
            break
        token = {"PaginationToken": page["PaginationToken"]}
    assert len(seen) == len(set(seen)) == 5
    whole = house.cognito.admin_list_devices(UserPoolId=house.pool_id, Username="ada")["Devices"]
    assert [device["DeviceKey"] for device in whole] == seen
    forged = refusal(house.cognito.list_devices, AccessToken=last["AccessToken"], PaginationToken="forged")
    assert forged[0] == "InvalidParameterException"


def test_beyond_the_limit_the_device_not_seen_for_longest_is_forgotten(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "MAX_DEVICES", 3)
    confirmed = []
    for _ in range(5):
        confirmed.append(house.confirmed()["NewDeviceMetadata"]["DeviceKey"])
        house.server.clock.advance(seconds=1)
    kept = house.cognito.admin_list_devices(UserPoolId=house.pool_id, Username="ada")["Devices"]
    assert {device["DeviceKey"] for device in kept} == set(confirmed[-3:])


def test_an_administrator_forgets_a_device(house: House) -> None:
    tokens = house.confirmed()
    key = tokens["NewDeviceMetadata"]["DeviceKey"]
    house.cognito.admin_forget_device(UserPoolId=house.pool_id, Username="ada", DeviceKey=key)
    assert refusal(house.cognito.get_device, AccessToken=tokens["AccessToken"], DeviceKey=key) == MISSING
    missing = ("UserNotFoundException", "User does not exist.")
    named = {"UserPoolId": house.pool_id, "Username": "nobody"}
    assert refusal(house.cognito.admin_forget_device, DeviceKey=key, **named) == missing
    assert refusal(house.cognito.admin_update_device_status, DeviceKey=key, **named) == missing
    # These two declare no UserNotFoundException.
    nobody = ("ResourceNotFoundException", "User does not exist.")
    assert refusal(house.cognito.admin_get_device, DeviceKey=key, **named) == nobody
    assert refusal(house.cognito.admin_list_devices, **named) == nobody


def test_a_device_goes_with_its_owner(house: House) -> None:
    house.confirmed()
    house.cognito.admin_delete_user(UserPoolId=house.pool_id, Username="ada")

    def count(tx: Any) -> int:
        mine = user_device.c.pool_id == house.pool_id
        return int(tx.connection.scalar(sa.select(sa.func.count()).select_from(user_device).where(mine)))

    assert house.server.run(house.server.server.parts.store.read(count)) == 0


def test_a_device_is_asked_for_by_a_token(house: House) -> None:
    key = "us-east-1_00000000-0000-4000-8000-000000000000"
    for call in (house.cognito.get_device, house.cognito.forget_device):
        assert refusal(call, DeviceKey=key) == (
            "InvalidParameterException",
            "Missing required parameter AccessToken",
        )
        assert refusal(call, DeviceKey=key, AccessToken="forged")[0] == "NotAuthorizedException"


def test_verifiers_are_sealed_and_named_in_no_audit_record(house: House) -> None:
    tokens = house.confirmed()
    device = tokens["NewDeviceMetadata"]
    config = verifier_of(device["DeviceGroupKey"], device["DeviceKey"])
    hexadecimal = base64.b64decode(config["PasswordVerifier"]).hex().lstrip("0")

    def read(tx: Any) -> tuple[Any, list[str]]:
        mine = user_device.c.pool_id == house.pool_id
        kept = tx.connection.execute(sa.select(user_device).where(mine)).one()
        return kept, list(tx.connection.scalars(sa.select(audit.c.document)))

    # All records of all tests: a busy machine may take its time for them.
    kept, documents = house.server.run(house.server.server.parts.store.read(read, patience=60))
    assert hexadecimal.encode() not in kept.sealed
    assert config["PasswordVerifier"] not in kept.document
    confirmations = [document for document in documents if "ConfirmDevice" in document]
    assert confirmations
    assert not any(config["PasswordVerifier"] in document for document in documents)
