"""The ways by which people get in, step by step; and a way to start again for who does not know where they stand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pycognito.aws_srp import AWSSRP
from tests.fuzz.people import RP
from tests.fuzz.rows import Database
from tests.fuzz.wire import Reply, Wire
from tests.harness import RunningServer
from tests.people.authenticator import Authenticator
from tests.people.authenticator_app import AuthenticatorApp
from tests.people.people import PASSWORD

from poolhouse.core.errors import StoreUnavailable, TooManyRequestsException

NEW_PASSWORD = "Another-Horse-8"
Outcome = dict[str, Any]
numbers = iter(range(1_000_000))


class Faults:
    """Stands before the store and the ports. Armed, it lets one call fail: the `n`th from then on."""

    def __init__(self, server: RunningServer) -> None:
        parts = server.server.parts
        self._left = 0
        self._next = 0
        self._answer_is_lost = False
        self.fired = ""
        self.writes = 0
        """That were done since it was armed."""
        for name in ("read", "look_up", "write"):
            self._stand_before(parts.store, name, lambda: StoreUnavailable("a fault of the test"))
        for port, names in (
            (parts.ports.passwords, ("hash", "verify", "verify_nobody")),
            (parts.ports.powers, ("verifier", "public", "shared")),
            (parts.ports.signer, ("sign",)),
        ):
            for name in names:
                self._stand_before(port, name, TooManyRequestsException)

    def plan(self, n: int, *, answer_is_lost: bool) -> None:
        """For the next operation. `answer_is_lost`: what fails is done, and nobody hears of it."""
        self._next, self._answer_is_lost, self.fired, self.writes = n, answer_is_lost, "", 0

    @contextmanager
    def armed(self) -> Iterator[None]:
        self._left, self._next = self._next, 0
        yield
        self._left = 0

    def _stand_before(self, part: Any, name: str, error: Callable[[], Exception]) -> None:
        real = getattr(part, name)

        async def call(*args: Any, **options: Any) -> Any:
            fails = self._left == 1
            self._left = max(0, self._left - 1)
            if fails:
                self.fired = name
                if not self._answer_is_lost:
                    raise error()
            result = await real(*args, **options)
            self.writes += name == "write"
            if fails:
                raise error()
            return result

        def begun(*args: Any, **options: Any) -> asyncio.Future[Any]:
            return asyncio.ensure_future(call(*args, **options))

        # Signatures are begun with the call, two at a time: one that fails leaves the other behind, which nobody awaits.
        setattr(part, name, begun if name == "sign" else call)


@dataclass
class World:
    server: RunningServer
    faults: Faults
    wire: Wire
    database: Database
    pool_id: str
    client_id: str
    cognito: Any


@dataclass
class Person:
    """Somebody on a way in, and what they have learnt on it."""

    world: World
    name: str = field(default_factory=lambda: f"p{next(numbers)}")
    password: str = PASSWORD
    tokens: Outcome = field(default_factory=dict)
    challenge: Outcome = field(default_factory=dict)
    app: AuthenticatorApp | None = None
    registration: Outcome = field(default_factory=dict)
    srp: Any = None

    @property
    def email(self) -> str:
        return f"{self.name}@example.com"

    @property
    def client(self) -> dict[str, str]:
        return {"ClientId": self.world.client_id}

    @property
    def me(self) -> dict[str, str]:
        return {"AccessToken": self.tokens["AccessToken"]}

    def ask(self, operation: str, request: Any) -> Reply:
        is_signed = operation.startswith("Admin")
        with self.world.faults.armed():
            return self.world.wire.aws("cognito-idp", operation, request, is_signed=is_signed)

    def code(self) -> str:
        """The last one that came, after what is still on its way."""
        server = self.world.server
        server.clock.advance(minutes=3)
        server.run(server.server.parts.postman.deliver_due())
        newest = self.world.wire.aws("poolhouse", "ListInboxMessages", {"UserPoolId": self.world.pool_id})
        messages = newest.document["Messages"]
        return next(str(found["Code"]) for found in messages if found["Destination"] == self.email)

    def begin(self, flow: str = "USER_PASSWORD_AUTH", **values: str) -> Reply:
        parameters = {"USERNAME": self.name, **(values or {"PASSWORD": self.password})}
        reply = self.ask("InitiateAuth", {**self.client, "AuthFlow": flow, "AuthParameters": parameters})
        return self.heard(reply)

    def respond(self, **values: str) -> Reply:
        name = self.challenge.get("ChallengeName", "NEW_PASSWORD_REQUIRED")
        session = {"Session": self.challenge["Session"]} if "Session" in self.challenge else {}
        responses = {"USERNAME": self.name, **values}
        request = {**self.client, "ChallengeName": name, "ChallengeResponses": responses, **session}
        return self.heard(self.ask("RespondToAuthChallenge", request))

    def heard(self, reply: Reply) -> Reply:
        if reply.status == 200:
            self.challenge = reply.document
            self.tokens = reply.document.get("AuthenticationResult") or self.tokens
        return reply


Step = Callable[[Person], Reply]


@dataclass(frozen=True)
class Way:
    """Steps that lead to a sign-in, who has to be there before, and how one starts again who does not know where
    they stand."""

    steps: tuple[Step, ...]
    again: Callable[[Person], None]
    prepare: Callable[[Person], None] = lambda person: None


def done(reply: Reply) -> Reply:
    assert reply.status == 200, reply.body
    return reply


# --- signing up -------------------------------------------------------------------------------------------


def sign_up(person: Person) -> Reply:
    email = [{"Name": "email", "Value": person.email}]
    request = {**person.client, "Username": person.name, "Password": PASSWORD, "UserAttributes": email}
    return person.ask("SignUp", request)


def confirm(person: Person, code: str = "") -> Reply:
    code = code or person.code()
    return person.ask("ConfirmSignUp", {**person.client, "Username": person.name, "ConfirmationCode": code})


def by_password(person: Person) -> Reply:
    return person.begin()


def refresh(person: Person) -> Reply:
    tokens = person.tokens
    reply = person.ask("GetTokensFromRefreshToken", {**person.client, "RefreshToken": tokens["RefreshToken"]})
    if reply.status == 200:
        person.tokens = {**tokens, **reply.document["AuthenticationResult"]}
    return reply


def sign_up_again(person: Person) -> None:
    if sign_up(person).error == "UsernameExistsException":
        person.ask("ResendConfirmationCode", {**person.client, "Username": person.name})
    confirmed = confirm(person, person.code())
    assert confirmed.status == 200 or b"CONFIRMED" in confirmed.body, confirmed.body
    done(by_password(person))


# --- people whom an administrator made ---------------------------------------------------------------------


def invited(person: Person) -> None:
    done(
        person.ask(
            "AdminCreateUser",
            {
                "UserPoolId": person.world.pool_id,
                "Username": person.name,
                "TemporaryPassword": PASSWORD,
                "MessageAction": "SUPPRESS",
                "UserAttributes": [
                    {"Name": "email", "Value": person.email},
                    {"Name": "email_verified", "Value": "true"},
                ],
            },
        )
    )


def known(person: Person) -> None:
    invited(person)
    pool = {"UserPoolId": person.world.pool_id, "Username": person.name}
    done(person.ask("AdminSetUserPassword", {**pool, "Password": PASSWORD, "Permanent": True}))


def signed_in(person: Person) -> None:
    known(person)
    done(by_password(person))


def choose_password(person: Person) -> Reply:
    return person.respond(NEW_PASSWORD=NEW_PASSWORD)


def choose_password_again(person: Person) -> None:
    if by_password(person).status == 200:
        done(choose_password(person))
    person.password = NEW_PASSWORD
    done(by_password(person))


def begin_srp(person: Person) -> Reply:
    world = person.world
    person.srp = AWSSRP(person.name, PASSWORD, world.pool_id, world.client_id, client=world.cognito)
    return person.begin("USER_SRP_AUTH", **person.srp.get_auth_params())


def prove_srp(person: Person) -> Reply:
    parameters = person.challenge["ChallengeParameters"]
    return person.respond(**person.srp.process_challenge(parameters, person.srp.get_auth_params()))


def srp_again(person: Person) -> None:
    done(begin_srp(person))
    done(prove_srp(person))


def begin_code(person: Person) -> Reply:
    return person.begin("USER_AUTH", PREFERRED_CHALLENGE="EMAIL_OTP")


def type_code(person: Person) -> Reply:
    return person.respond(EMAIL_OTP_CODE=person.code())


def code_again(person: Person) -> None:
    done(begin_code(person))
    done(type_code(person))


def forget(person: Person) -> Reply:
    return person.ask("ForgotPassword", {**person.client, "Username": person.name})


def reset(person: Person) -> Reply:
    name = {**person.client, "Username": person.name}
    code = person.code()
    return person.ask("ConfirmForgotPassword", {**name, "ConfirmationCode": code, "Password": NEW_PASSWORD})


def by_new_password(person: Person) -> Reply:
    person.password = NEW_PASSWORD
    return by_password(person)


def reset_again(person: Person) -> None:
    if by_new_password(person).status != 200:
        done(forget(person))
        done(reset(person))
        done(by_new_password(person))


def associate(person: Person) -> Reply:
    reply = person.ask("AssociateSoftwareToken", person.me)
    if reply.status == 200:
        person.app = AuthenticatorApp(person.world.server, reply.document["SecretCode"])
    return reply


def verify_app(person: Person) -> Reply:
    assert person.app is not None
    return person.ask("VerifySoftwareToken", {**person.me, "UserCode": person.app.code()})


def prefer_app(person: Person) -> Reply:
    wanted = {"Enabled": True, "PreferredMfa": True}
    return person.ask("SetUserMFAPreference", {**person.me, "SoftwareTokenMfaSettings": wanted})


def by_app(person: Person) -> Reply:
    assert person.app is not None
    return person.respond(SOFTWARE_TOKEN_MFA_CODE=person.app.code())


def app_again(person: Person) -> None:
    """From the sign-in on where the app is asked for, else from its set-up on."""
    done(by_password(person))
    if person.challenge.get("ChallengeName") != "SOFTWARE_TOKEN_MFA":
        for step in (associate, verify_app, prefer_app, by_password):
            done(step(person))
    done(by_app(person))


def start_passkey(person: Person) -> Reply:
    reply = person.ask("StartWebAuthnRegistration", person.me)
    if reply.status == 200:
        options = reply.document["CredentialCreationOptions"]
        person.registration = Authenticator(origin=f"https://{RP}").create(options)
    return reply


def complete_passkey(person: Person) -> Reply:
    return person.ask("CompleteWebAuthnRegistration", {**person.me, "Credential": person.registration})


def passkey_again(person: Person) -> None:
    done(start_passkey(person))
    done(complete_passkey(person))


def change_password(person: Person) -> Reply:
    return person.ask(
        "ChangePassword", {**person.me, "PreviousPassword": PASSWORD, "ProposedPassword": NEW_PASSWORD}
    )


def change_again(person: Person) -> None:
    if by_new_password(person).status != 200:
        person.password = PASSWORD
        done(by_password(person))
        done(change_password(person))
        done(by_new_password(person))


WAYS = {
    "sign-up": Way((sign_up, confirm, by_password, refresh), sign_up_again),
    "SRP": Way((begin_srp, prove_srp), srp_again, known),
    "code": Way((begin_code, type_code), code_again, known),
    "new password": Way((by_password, choose_password), choose_password_again, invited),
    "forgotten password": Way((forget, reset, by_new_password), reset_again, known),
    "authenticator app": Way((associate, verify_app, prefer_app, by_password, by_app), app_again, signed_in),
    "passkey": Way((start_passkey, complete_passkey), passkey_again, signed_in),
    "changed password": Way((change_password, by_new_password), change_again, signed_in),
}
