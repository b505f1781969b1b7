"""Passkeys, with an authenticator in software before the real server."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest
import sqlalchemy as sa
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from tests.conftest import a_pool
from tests.harness import MovableClock, RunningServer
from tests.people.authenticator import AT, UP, UV, Authenticator, b64, unb64
from tests.people.people import a_person, an_app
from webauthn import verify_authentication_response, verify_registration_response

from poolhouse.core.errors import NotAuthorizedException
from poolhouse.core.passkeys import Passkey
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.users import User, UserStatus
from poolhouse.operation import Call, Caller
from poolhouse.store.tables import audit
from poolhouse.userpools import passkeys
from poolhouse.userpools.user_tokens import issue_user_tokens

RP = "example.com"
EVENT = "CompleteWebAuthnRegistration"
ALLOWED = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}


@dataclass
class House:
    """A pool for passkeys, an app, and a person in it who is signed in."""

    server: RunningServer
    cognito: Any
    pool_id: str
    client_id: str
    sub: str = ""
    token: str = ""

    def a_sub(self) -> str:
        """Somebody more in the pool, as a sign-up leaves them. No password: to hash one takes most of the time."""
        user = User(
            pool_id=self.pool_id,
            sub=(sub := str(uuid.uuid4())),
            username=f"u-{sub}",
            status=UserStatus.CONFIRMED,
            created_at=self.call().now,
            modified_at=self.call().now,
        )
        pool = self.app().user_pool
        self.server.run(self.call().store.write(lambda tx: tx.users.add(pool, user)))
        return sub

    def another(self) -> str:
        """The access token of somebody else."""
        return self.tokens(self.a_sub())

    def call(self) -> Call:
        parts = self.server.server.parts
        return Call(
            parts=parts,
            caller=Caller(),
            account_id=parts.settings.account_id,
            region=self.server.region,
            now=parts.clock.now(),
            request_id="r",
            address="127.0.0.1",
            operation="RespondToAuthChallenge",
            service="cognito-idp",
        )

    def app(self, client_id: str | None = None) -> AppSnapshot:
        app = self.server.run(self.server.server.parts.cache.get("app", client_id or self.client_id))
        assert isinstance(app, AppSnapshot)
        return app

    def user(self, sub: str | None = None) -> User:
        found = self.server.run(
            self.server.server.parts.store.read(lambda tx: tx.users.by_sub(self.pool_id, sub or self.sub))
        )
        assert isinstance(found, User)
        return found

    def tokens(self, sub: str, client_id: str | None = None) -> str:
        """An access token, as the end of any sign-in gives it."""
        result = self.server.run(issue_user_tokens(self.call(), self.app(client_id), sub))
        token: str = result["AccessToken"]
        return token

    def start(self, token: str | None = None) -> dict[str, Any]:
        answer = self.cognito.start_web_authn_registration(AccessToken=token or self.token)
        options: dict[str, Any] = answer["CredentialCreationOptions"]
        return options

    def complete(self, credential: Any, token: str | None = None) -> None:
        self.cognito.complete_web_authn_registration(AccessToken=token or self.token, Credential=credential)

    def register(self, authenticator: Authenticator, token: str | None = None) -> Authenticator:
        self.complete(authenticator.create(self.start(token)), token)
        return authenticator

    def listed(self, token: str | None = None) -> list[dict[str, Any]]:
        answer = self.cognito.list_web_authn_credentials(AccessToken=token or self.token)
        credentials: list[dict[str, Any]] = answer["Credentials"]
        return credentials

    def ask(self, user: User | None = None, name: str = "ada") -> tuple[dict[str, Any], dict[str, Any]]:
        text, state = self.server.run(passkeys.assertion_options(self.call(), self.app(), user, name=name))
        return json.loads(text), state

    def prove(self, credential: Any, state: dict[str, Any], user: User | None = None) -> None:
        """What RespondToAuthChallenge does. Raises NotAuthorizedException."""
        self.server.run(self._prove(credential, state, user))

    async def _prove(self, credential: Any, state: dict[str, Any], user: User | None) -> None:
        call = self.call()
        text = credential if isinstance(credential, str) else json.dumps(credential)
        app = await call.parts.cache.get("app", self.client_id)
        assert isinstance(app, AppSnapshot)
        settle = await passkeys.verify_assertion(call, app, user, text, state)
        await call.store.write(lambda tx: settle(tx, user))


def a_house(server: RunningServer, cognito: Any, **web_authn: str) -> House:
    """A pool of its own, for what changes the pool."""
    pool_id = a_pool(cognito, Policies=ALLOWED)
    cognito.set_user_pool_mfa_config(
        UserPoolId=pool_id, WebAuthnConfiguration={"RelyingPartyId": RP, **web_authn}
    )
    return with_a_person(House(server, cognito, pool_id, an_app(cognito, pool_id)["ClientId"]))


def with_a_person(house: House) -> House:
    sub = house.a_sub()
    return replace(house, sub=sub, token=house.tokens(sub))


@pytest.fixture(scope="module")
def shared(server: RunningServer) -> House:
    """One pool for all tests that leave it as it is: to make its keys takes longer than most of them."""
    return a_house(server, server.client())


@pytest.fixture
def house(shared: House) -> House:
    return with_a_person(shared)


@pytest.fixture(params=["sqlite", "postgres"])
def crowded(request: pytest.FixtureRequest, own_server: Callable[..., RunningServer]) -> House:
    """Where one person may ask fifty times at once."""
    server = own_server(request.param, rate_per_person=0)
    house = a_house(server, cognito := server.client())
    app = an_app(cognito, house.pool_id, "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
    return with_a_person(replace(house, client_id=app["ClientId"]))


def refused(house: House, credential: Any, state: dict[str, Any], user: User | None) -> str:
    """Why, as the log has it; the caller hears always the same."""
    with pytest.raises(NotAuthorizedException) as refusal:
        house.prove(credential, state, user)
    assert refusal.value.message == "Incorrect username or password."
    return refusal.value.detail


# --- registering ------------------------------------------------------------------------------------------


def test_the_options_are_those_of_cognito(house: House) -> None:
    first = house.register(Authenticator())
    options = house.start()
    challenge = options.pop("challenge")
    assert len(unb64(challenge)) == 32
    name = house.user().username
    assert options == {
        "authenticatorSelection": {
            "requireResidentKey": True,
            "residentKey": "required",
            "userVerification": "preferred",
        },
        "excludeCredentials": [{"id": b64(first.id), "type": "public-key"}],
        "pubKeyCredParams": [{"alg": -7, "type": "public-key"}, {"alg": -257, "type": "public-key"}],
        "rp": {"id": RP, "name": RP},
        "timeout": 60000,
        "user": {"displayName": name, "id": b64(house.sub.encode()), "name": name},
    }


def test_a_passkey_is_registered_listed_and_removed(house: House) -> None:
    authenticator = house.register(Authenticator())
    [listed] = house.listed()
    listed.pop("CreatedAt")
    assert listed == {
        "CredentialId": b64(authenticator.id),
        "FriendlyCredentialName": "iCloud Keychain",
        "RelyingPartyId": RP,
        "AuthenticatorAttachment": "platform",
        "AuthenticatorTransports": ["hybrid", "internal"],
    }
    house.cognito.delete_web_authn_credential(AccessToken=house.token, CredentialId=b64(authenticator.id))
    assert house.listed() == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        house.cognito.delete_web_authn_credential(AccessToken=house.token, CredentialId=b64(authenticator.id))


def test_a_list_of_passkeys_has_pages(house: House) -> None:
    made = {b64(house.register(Authenticator()).id) for _ in range(3)}
    pages: list[list[str]] = []
    token: dict[str, str] = {}
    while not pages or token:
        answer = house.cognito.list_web_authn_credentials(AccessToken=house.token, MaxResults=2, **token)
        pages.append([one["CredentialId"] for one in answer["Credentials"]])
        token = {"NextToken": answer["NextToken"]} if "NextToken" in answer else {}
    assert [len(page) for page in pages] == [2, 1]
    assert {id for page in pages for id in page} == made


def test_an_rsa_key_will_do(house: House) -> None:
    authenticator = house.register(Authenticator(key=rsa.generate_private_key(65537, 2048)))
    user = house.user()
    options, state = house.ask(user)
    house.prove(authenticator.get(options), state, user)


def test_another_statement_of_attestation_is_left_aside(house: House) -> None:
    options = house.start()
    house.complete(
        Authenticator().create(options, fmt="packed", attStmt={"alg": -7, "sig": b"x", "x5c": [b"y"]})
    )
    assert len(house.listed()) == 1


def test_py_webauthn_believes_the_same_registration_and_sign_in(house: House) -> None:
    authenticator = Authenticator(counts=True)
    options = house.start()
    credential = authenticator.create(options)
    theirs = verify_registration_response(
        credential=credential,
        expected_challenge=unb64(options["challenge"]),
        expected_rp_id=RP,
        expected_origin=authenticator.origin,
        require_user_verification=True,
    )
    house.complete(credential)
    parts = house.server.server.parts
    ours = house.server.run(
        parts.store.read(lambda tx: tx.passkeys.find(house.pool_id, b64(authenticator.id)))
    )
    assert ours.public_key == theirs.credential_public_key
    assert ours.sign_count == theirs.sign_count
    assert ours.is_copied is theirs.credential_backed_up is True

    options, state = house.ask(house.user())
    answer = authenticator.get(options)
    verify_authentication_response(
        credential=answer,
        expected_challenge=unb64(options["challenge"]),
        expected_rp_id=RP,
        expected_origin=authenticator.origin,
        credential_public_key=theirs.credential_public_key,
        credential_current_sign_count=theirs.sign_count,
    )
    house.prove(answer, state, house.user())


def _wrong_key(**changes: Any) -> dict[int, Any]:
    """A COSE key that is not what was offered."""
    numbers = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    cose: dict[int, Any] = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
    return {**cose, **{int(label.replace("m", "-").strip("_")): value for label, value in changes.items()}}


def test_a_challenge_is_good_once(house: House) -> None:
    options = house.start()
    house.complete(Authenticator().create(options))
    with pytest.raises(ClientError, match="WebAuthnChallengeNotFoundException"):
        house.complete(Authenticator().create(options))
    assert len(house.listed()) == 1


def test_of_fifty_that_use_one_challenge_at_once_one_gets_a_passkey(crowded: House) -> None:
    house = crowded
    options = house.start()
    credentials = [Authenticator().create(options) for _ in range(50)]

    def complete(credential: Any) -> str:
        try:
            house.complete(credential)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "registered"

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(complete, credentials))
    assert outcomes.count("registered") == 1
    assert outcomes.count("WebAuthnChallengeNotFoundException") == 49
    assert len(house.listed()) == 1


def test_a_new_challenge_makes_the_earlier_one_void(house: House) -> None:
    earlier = house.start()
    later = house.start()
    with pytest.raises(ClientError, match="WebAuthnChallengeNotFoundException"):
        house.complete(Authenticator().create(earlier))
    house.complete(Authenticator().create(later))


def test_a_challenge_is_the_persons_own(house: House) -> None:
    other = house.another()
    options = house.start()
    with pytest.raises(ClientError, match="WebAuthnChallengeNotFoundException"):
        house.complete(Authenticator().create(options), other)


def test_a_registration_ends_with_the_client_that_began_it(house: House) -> None:
    other = an_app(house.cognito, house.pool_id)["ClientId"]
    options = house.start()
    with pytest.raises(ClientError, match="WebAuthnClientMismatchException"):
        house.complete(Authenticator().create(options), house.tokens(house.sub, other))


def test_a_challenge_grows_old(own_server: Callable[..., RunningServer]) -> None:
    clock = MovableClock()
    server = own_server(clock=clock)
    house = a_house(server, server.client())
    options = house.start()
    clock.advance(minutes=5)
    with pytest.raises(ClientError, match="WebAuthnChallengeNotFoundException"):
        house.complete(Authenticator().create(options))


@pytest.mark.parametrize(
    "origin",
    [
        "https://example.org",
        "https://example.com.evil.net",
        "https://badexample.com",
        "http://example.com",
        "http://localhost",
        "https://example.com/",
        "https://user@example.com",
        "https://EXAMPLE.com",
        "null",
        "android:apk-key-hash:AAAA",
        "",
    ],
)
def test_a_page_of_another_site_registers_nothing(house: House, origin: str) -> None:
    with pytest.raises(ClientError, match="WebAuthnOriginNotAllowedException"):
        house.register(Authenticator(origin=origin))
    assert house.listed() == []


@pytest.mark.parametrize("origin", ["https://example.com", "https://app.example.com:8443"])
def test_pages_below_the_rp_id_may_register(house: House, origin: str) -> None:
    house.register(Authenticator(origin=origin))


@pytest.mark.parametrize("framed", [{"crossOrigin": True}, {"topOrigin": "https://evil.net"}])
def test_a_page_in_a_frame_of_another_site_registers_nothing(house: House, framed: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="WebAuthnOriginNotAllowedException"):
        house.register(Authenticator(client_data=framed))


def test_a_passkey_for_another_rp_id_is_refused(house: House) -> None:
    with pytest.raises(ClientError, match="WebAuthnRelyingPartyMismatchException"):
        house.register(Authenticator(rp_id="example.org"))


def test_where_the_user_must_be_verified_the_flag_is_looked_at(server: RunningServer, cognito: Any) -> None:
    house = a_house(server, cognito, UserVerification="required")
    assert house.start()["authenticatorSelection"]["userVerification"] == "required"
    with pytest.raises(ClientError, match="WebAuthnCredentialNotSupportedException"):
        house.register(Authenticator(flags=UP))
    authenticator = house.register(Authenticator(flags=UP | UV))
    user = house.user()
    options, state = house.ask(user)
    assert options["userVerification"] == "required"
    authenticator.flags = UP
    assert "did not verify" in refused(house, authenticator.get(options), state, user)
    authenticator.flags = UP | UV
    house.prove(authenticator.get(options), state, user)


def test_where_a_passkey_counts_for_two_factors_the_user_must_be_verified(
    server: RunningServer, cognito: Any
) -> None:
    house = a_house(server, cognito, FactorConfiguration="MULTI_FACTOR_WITH_USER_VERIFICATION")
    with pytest.raises(ClientError, match="WebAuthnCredentialNotSupportedException"):
        house.register(Authenticator(flags=UP))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"flags": UV}, "WebAuthnCredentialNotSupportedException"),
        ({"flags": UP | 0x10}, "WebAuthnCredentialNotSupportedException"),
        ({"id": b"x" * 1024}, "WebAuthnCredentialNotSupportedException"),
        ({"cose": _wrong_key(_3=-8)}, "WebAuthnCredentialNotSupportedException"),
        ({"cose": _wrong_key(_3=-9)}, "WebAuthnCredentialNotSupportedException"),
        ({"cose": _wrong_key(_1=3)}, "WebAuthnCredentialNotSupportedException"),
        ({"cose": _wrong_key(m1=2)}, "WebAuthnCredentialNotSupportedException"),
        ({"cose": _wrong_key(m2=b"\x01" * 32)}, "WebAuthnCredentialNotSupportedException"),
        ({"cose": _wrong_key(m2=b"")}, "WebAuthnCredentialNotSupportedException"),
        ({"key": rsa.generate_private_key(65537, 1024)}, "WebAuthnCredentialNotSupportedException"),
        ({"client_data": {"type": "webauthn.get"}}, "InvalidParameterException"),
        ({"client_data": {"origin": 7}}, "InvalidParameterException"),
        ({"client_data": {"challenge": "\ud800"}}, "InvalidParameterException"),
    ],
)
def test_what_is_no_passkey_is_not_kept(house: House, changes: dict[str, Any], error: str) -> None:
    with pytest.raises(ClientError, match=error):
        house.register(Authenticator(**changes))
    assert house.listed() == []


def test_the_id_is_the_one_that_the_authenticator_gave(house: House) -> None:
    credential = Authenticator().create(house.start())
    credential["id"] = credential["rawId"] = b64(b"another")
    with pytest.raises(ClientError, match="InvalidParameterException"):
        house.complete(credential)


@pytest.mark.parametrize(
    "credential",
    [None, "text", 7, [], {}, {"type": "public-key"}, {"type": "public-key", "response": {}, "id": "AA"}],
)
def test_a_malformed_credential_is_the_callers_error(house: House, credential: Any) -> None:
    house.start()
    with pytest.raises(ClientError, match="InvalidParameterException"):
        house.complete(credential)


def test_a_credential_belongs_to_one_person_of_a_pool(house: House) -> None:
    authenticator = house.register(Authenticator())
    other = house.another()
    with pytest.raises(ClientError, match="InvalidParameterException.*already registered"):
        house.register(authenticator, other)
    assert house.listed(other) == []


def test_another_persons_passkey_is_not_removed(house: House) -> None:
    authenticator = house.register(Authenticator())
    other = house.another()
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        house.cognito.delete_web_authn_credential(AccessToken=other, CredentialId=b64(authenticator.id))
    assert len(house.listed()) == 1


@pytest.mark.parametrize("id", ["\x00", "\ud800", "no such"])
def test_an_id_that_can_not_be_stored_is_no_passkey(house: House, id: str) -> None:
    with pytest.raises(
        ClientError, match="ResourceNotFoundException|InvalidParameterException|Serialization"
    ):
        house.cognito.delete_web_authn_credential(AccessToken=house.token, CredentialId=id)


def test_a_person_has_twenty_passkeys_at_most(house: House) -> None:
    def add(numbers: range) -> None:
        call = house.call()
        made = [Passkey(house.pool_id, house.sub, f"id{n}", b"", 0, RP, "Passkey", call.now) for n in numbers]
        house.server.run(call.store.write(lambda tx: [tx.passkeys.add(passkey) for passkey in made]))

    add(range(18))
    house.register(Authenticator())
    # The twentieth comes while the twenty-first is under way: the limit is counted again at the end.
    credential = Authenticator().create(house.start())
    add(range(18, 19))
    with pytest.raises(ClientError, match="LimitExceededException"):
        house.complete(credential)
    with pytest.raises(ClientError, match="LimitExceededException"):
        house.start()
    assert len(house.listed()) == 20


def test_a_pool_without_passkeys_says_so(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool(cognito)
    house = with_a_person(House(server, cognito, pool_id, an_app(cognito, pool_id)["ClientId"]))
    with pytest.raises(ClientError, match="WebAuthnNotEnabledException"):
        house.start()
    cognito.update_user_pool(UserPoolId=pool_id, Policies=ALLOWED)
    with pytest.raises(ClientError, match="WebAuthnConfigurationMissingException"):
        house.start()
    cognito.create_user_pool_domain(UserPoolId=pool_id, Domain=f"keys-{house.sub[:8]}")
    assert house.start()["rp"]["id"] == "localhost"
    house.register(Authenticator(origin="http://localhost:3000"))


def test_a_passkey_needs_an_access_token(house: House) -> None:
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        house.start("nonsense")
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        house.listed("nonsense")


def test_a_registration_is_recorded_with_whose_it_is(house: House) -> None:
    authenticator = house.register(Authenticator())
    parts = house.server.server.parts

    def read(tx: Any) -> list[Any]:
        return list(tx.connection.execute(sa.select(audit).where(audit.c.pool_id == house.pool_id)))

    [record] = [
        row for row in house.server.run(parts.store.read(read)) if b64(authenticator.id) in row.document
    ]
    assert EVENT in record.document
    assert house.sub in record.document
    assert "attestationObject" not in record.document
    assert house.token not in record.document


# --- signing in -------------------------------------------------------------------------------------------


def test_a_passkey_signs_in(house: House) -> None:
    authenticator = house.register(Authenticator())
    user = house.user()
    options, state = house.ask(user)
    assert options["rpId"] == RP
    assert options["allowCredentials"] == [
        {"id": b64(authenticator.id), "type": "public-key", "transports": ["hybrid", "internal"]}
    ]
    house.prove(authenticator.get(options), state, user)


def test_an_answer_to_another_challenge_proves_nothing(house: House) -> None:
    authenticator = house.register(Authenticator())
    user = house.user()
    earlier, _ = house.ask(user)
    _, state = house.ask(user)
    assert "ChallengeNotFound" in refused(house, authenticator.get(earlier), state, user)


def test_a_registration_is_no_sign_in(house: House) -> None:
    authenticator = house.register(Authenticator())
    user = house.user()
    options, state = house.ask(user)
    authenticator.client_data = {"type": "webauthn.create"}
    assert "webauthn.get" in refused(house, authenticator.get(options), state, user)


def test_another_persons_passkey_proves_nothing(house: House) -> None:
    authenticator = house.register(Authenticator(), house.another())
    house.register(Authenticator())
    user = house.user()
    options, state = house.ask(user)
    assert "not a passkey of this person" in refused(house, authenticator.get(options), state, user)
    assert "not a passkey of this person" in refused(house, authenticator.get(options), state, None)


def test_a_passkey_of_another_pool_proves_nothing(house: House, server: RunningServer, cognito: Any) -> None:
    elsewhere = a_house(server, cognito)
    authenticator = elsewhere.register(Authenticator())
    house.register(Authenticator())
    user = house.user()
    options, state = house.ask(user)
    assert "not a passkey of this person" in refused(house, authenticator.get(options), state, user)


def test_one_credential_in_two_pools_is_two_passkeys(
    house: House, server: RunningServer, cognito: Any
) -> None:
    authenticator = house.register(Authenticator())
    elsewhere = a_house(server, cognito)
    elsewhere.register(Authenticator(id=authenticator.id))
    user = elsewhere.user()
    options, state = elsewhere.ask(user)
    authenticator.user_handle = elsewhere.sub.encode()
    assert "signature" in refused(elsewhere, authenticator.get(options), state, user)


def test_a_signature_with_another_key_proves_nothing(house: House) -> None:
    authenticator = house.register(Authenticator())
    user = house.user()
    options, state = house.ask(user)
    authenticator.key = ec.generate_private_key(ec.SECP256R1())
    assert "signature" in refused(house, authenticator.get(options), state, user)


@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature", "userHandle"])
def test_no_part_of_an_answer_can_be_changed(house: House, part: str) -> None:
    authenticator = house.register(Authenticator())
    user = house.user()
    options, state = house.ask(user)
    answer = authenticator.get(options)
    content = bytearray(unb64(answer["response"][part]))
    content[-1] ^= 1
    answer["response"][part] = b64(bytes(content))
    refused(house, answer, state, user)


def test_a_user_handle_may_be_missing(house: House) -> None:
    authenticator = house.register(Authenticator())
    user = house.user()
    options, state = house.ask(user)
    answer = authenticator.get(options)
    answer["response"]["userHandle"] = None
    house.prove(answer, state, user)


@pytest.mark.parametrize("origin", ["https://evil.net", "http://example.com", "https://example.com.evil.net"])
def test_a_page_of_another_site_signs_nobody_in(house: House, origin: str) -> None:
    authenticator = house.register(Authenticator())
    user = house.user()
    options, state = house.ask(user)
    authenticator.origin = origin
    assert "OriginNotAllowed" in refused(house, authenticator.get(options), state, user)


def test_an_answer_for_another_rp_id_proves_nothing(house: House) -> None:
    authenticator = house.register(Authenticator())
    user = house.user()
    options, state = house.ask(user)
    authenticator.rp_id = "example.org"
    assert "RelyingPartyMismatch" in refused(house, authenticator.get(options), state, user)


def test_a_counter_that_goes_back_betrays_a_copy(house: House) -> None:
    authenticator = house.register(Authenticator(counts=True, count=5))
    user = house.user()
    options, state = house.ask(user)
    house.prove(authenticator.get(options), state, user)
    for count in (3, 5, -1):  # the copy counts on from what it was: to 4, to 6 again, and not at all
        authenticator.count = count
        options, state = house.ask(user)
        assert "copy" in refused(house, authenticator.get(options), state, user)
    authenticator.count = 6
    options, state = house.ask(user)
    house.prove(authenticator.get(options), state, user)


def test_of_a_key_and_its_copy_at_once_one_signs_in(house: House) -> None:
    authenticator = house.register(Authenticator(counts=True))
    user = house.user()
    asked = [house.ask(user) for _ in range(10)]
    answers = []
    for options, state in asked:
        authenticator.count = 0
        answers.append((authenticator.get(options), state))

    async def at_once() -> list[Any]:
        each = (house._prove(answer, state, user) for answer, state in answers)
        return await asyncio.gather(*each, return_exceptions=True)

    outcomes = house.server.run(at_once())
    assert outcomes.count(None) == 1
    assert all(outcome is None or isinstance(outcome, NotAuthorizedException) for outcome in outcomes)


def test_a_passkey_that_does_not_count_signs_in_again_and_again(house: House) -> None:
    authenticator = house.register(Authenticator())
    user = house.user()
    for _ in range(3):
        options, state = house.ask(user)
        house.prove(authenticator.get(options), state, user)


def test_a_removed_passkey_proves_nothing(house: House) -> None:
    authenticator = house.register(Authenticator())
    user = house.user()
    options, state = house.ask(user)
    house.cognito.delete_web_authn_credential(AccessToken=house.token, CredentialId=b64(authenticator.id))
    refused(house, authenticator.get(options), state, user)


def test_a_passkey_that_is_removed_during_the_proof_proves_nothing(house: House) -> None:
    authenticator = house.register(Authenticator())
    user = house.user()
    options, state = house.ask(user)
    text = json.dumps(authenticator.get(options))
    call = house.call()
    settle = house.server.run(passkeys.verify_assertion(call, house.app(), user, text, state))
    house.cognito.delete_web_authn_credential(AccessToken=house.token, CredentialId=b64(authenticator.id))
    with pytest.raises(NotAuthorizedException):
        house.server.run(call.store.write(lambda tx: settle(tx, user)))


def test_a_new_rp_id_makes_earlier_passkeys_useless(server: RunningServer, cognito: Any) -> None:
    house = a_house(server, cognito)
    authenticator = house.register(Authenticator())
    user = house.user()
    options, state = house.ask(user)
    house.cognito.set_user_pool_mfa_config(
        UserPoolId=house.pool_id, WebAuthnConfiguration={"RelyingPartyId": "example.org"}
    )
    house.app()
    assert "configured anew" in refused(house, authenticator.get(options), state, user)
    options, _ = house.ask(user)
    assert options["rpId"] == "example.org"
    assert b64(authenticator.id) not in [one["id"] for one in options["allowCredentials"]]


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{", '"\ud800"', "[" * 5000, "{}", '{"type":"public-key"}']
)
def test_a_malformed_answer_proves_nothing(house: House, text: str) -> None:
    user = house.user()
    _, state = house.ask(user)
    refused(house, text, state, user)


def test_a_name_that_nobody_has_gets_options_like_anybody(house: House) -> None:
    authenticator = house.register(Authenticator())
    real, _ = house.ask(house.user())
    made_up, state = house.ask(None, "nobody")
    again, _ = house.ask(None, "nobody")
    other, _ = house.ask(None, "somebody")
    assert made_up.keys() == real.keys()
    assert made_up["allowCredentials"] == again["allowCredentials"] != other["allowCredentials"]
    assert made_up["challenge"] != again["challenge"]
    [one] = made_up["allowCredentials"]
    assert one.keys() == real["allowCredentials"][0].keys()
    # Whoever signs for it, even with a passkey of the pool, is nobody.
    assert "not a passkey of this person" in refused(house, authenticator.get(made_up), state, None)


def test_who_may_be_offered_a_passkey(server: RunningServer, cognito: Any) -> None:
    house = a_house(server, cognito)

    def offered() -> bool:
        call, app, user = house.call(), house.app(), house.user()
        return bool(house.server.run(call.store.read(lambda tx: passkeys.has_passkey(tx, call, app, user))))

    assert not offered()
    house.register(Authenticator())
    assert offered()
    house.cognito.update_user_pool(
        UserPoolId=house.pool_id, Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}}
    )
    assert not offered()


def test_the_flag_of_a_credential_in_an_answer_is_read_strictly(house: House) -> None:
    authenticator = house.register(Authenticator())
    user = house.user()
    options, state = house.ask(user)
    authenticator.flags |= AT
    refused(house, authenticator.get(options), state, user)


# --- by InitiateAuth and RespondToAuthChallenge -----------------------------------------------------------


@pytest.fixture(scope="module")
def choosing(shared: House) -> House:
    """The same pool, by an app whose people choose with what they sign in."""
    app = an_app(shared.cognito, shared.pool_id, "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
    return replace(shared, client_id=app["ClientId"])


def begin(house: House, username: str, preferred: str = "WEB_AUTHN") -> dict[str, Any]:
    answer: dict[str, Any] = house.cognito.initiate_auth(
        ClientId=house.client_id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": username, "PREFERRED_CHALLENGE": preferred},
    )
    return answer


def respond(house: House, username: str, session: str, credential: Any) -> dict[str, Any]:
    answer: dict[str, Any] = house.cognito.respond_to_auth_challenge(
        ClientId=house.client_id,
        ChallengeName="WEB_AUTHN",
        Session=session,
        ChallengeResponses={"USERNAME": username, "CREDENTIAL": json.dumps(credential)},
    )
    return answer


def test_a_person_signs_in_with_a_passkey_alone(choosing: House) -> None:
    house = with_a_person(choosing)
    authenticator = house.register(Authenticator(counts=True))
    name = house.user().username
    challenge = begin(house, name)
    assert challenge["ChallengeName"] == "WEB_AUTHN"
    options = json.loads(challenge["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
    answer = respond(house, name, challenge["Session"], authenticator.get(options))
    token = answer["AuthenticationResult"]["AccessToken"]
    assert [one["CredentialId"] for one in house.listed(token)] == [b64(authenticator.id)]


def test_of_fifty_answers_to_one_challenge_at_once_one_signs_in(crowded: House) -> None:
    house = crowded
    authenticator = house.register(Authenticator())
    name = house.user().username
    challenge = begin(house, name)
    options = json.loads(challenge["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
    credentials = [authenticator.get(options) for _ in range(50)]

    def answer(credential: Any) -> str:
        try:
            respond(house, name, challenge["Session"], credential)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "signed in"

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(answer, credentials))
    assert outcomes.count("signed in") == 1
    assert outcomes.count("NotAuthorizedException") == 49


def test_a_sign_in_tells_nothing_of_why_a_passkey_was_refused(choosing: House) -> None:
    house = with_a_person(choosing)
    honest = house.register(Authenticator(counts=True, count=3))
    name = house.user().username
    texts = set()
    for change in (
        {"origin": "https://evil.net"},
        {"id": b"unknown"},
        {"count": -1},
        {"rp_id": "example.org"},
    ):
        authenticator = replace(honest, **change)
        challenge = begin(house, name)
        options = json.loads(challenge["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
        with pytest.raises(ClientError) as refusal:
            respond(house, name, challenge["Session"], authenticator.get(options))
        texts.add(str(refusal.value))
    assert len(texts) == 1
    assert "NotAuthorizedException" in texts.pop()


def test_who_has_no_passkey_gets_the_choice(choosing: House) -> None:
    house = choosing
    a_person(house.cognito, house.pool_id, "grace")
    answer = begin(house, "grace")
    assert answer["ChallengeName"] == "SELECT_CHALLENGE"
    assert "WEB_AUTHN" not in answer["AvailableChallenges"]
