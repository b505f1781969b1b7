"""How each step of a sign-in is asked: what the client is told, what the session keeps, what is sent."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from poolhouse.core import srp
from poolhouse.core.attributes import name_of
from poolhouse.core.devices import Device
from poolhouse.core.errors import (
    NotAuthorizedException,
    ResourceNotFoundException,
    TooManyRequestsException,
)
from poolhouse.core.existence import hides_existence, made_up_address
from poolhouse.core.ids import random_text
from poolhouse.core.messages import Medium, Purpose, mask
from poolhouse.core.mfa import MfaChoice
from poolhouse.core.pools import UserPool
from poolhouse.core.sessions import Ticket
from poolhouse.core.sign_in import Step
from poolhouse.core.user_attributes import is_email, is_phone_number
from poolhouse.core.users import (
    EMAIL,
    PHONE_NUMBER,
    User,
    alias_attributes,
    username_attributes,
    username_key,
)
from poolhouse.operation import Call
from poolhouse.store import Transaction
from poolhouse.userpools import codes as counting
from poolhouse.userpools import delivery, devices, sessions
from poolhouse.userpools.existence import count_name
from poolhouse.userpools.sign_in.attempt import Attempt, may_begin
from poolhouse.userpools.triggers.challenges import create

DIGITS = "0123456789"
FACTOR_DIGITS = 6
FIRST_DIGITS = 8
"""Source: answers of the service; a code in place of a password is longer."""
MOST_CODES = 20
"""That a person is sent in an hour by signing in, whoever it is that tries."""


@dataclass(frozen=True, slots=True)
class Sending:
    """A code to be sent when the step is kept."""

    user: User
    purpose: Purpose
    medium: Medium
    destination: str
    code: str

    def post(self, tx: Transaction, attempt: Attempt) -> str:
        """Count the message and put it into the outbox; its id there.

        Raises:
            TooManyRequestsException: the person was sent too many.
        """
        call, pool = attempt.call, attempt.pool
        mine = counting.count(tx, call, pool.id, counting.SEND, f"sign_in {self.user.sub}", MOST_CODES)
        if not mine or not counting.may_send_to(tx, call, pool.id, self.destination):
            raise TooManyRequestsException(detail="codes sent to one person")
        return delivery.post(
            tx,
            call,
            pool,
            self.user,
            purpose=self.purpose,
            medium=self.medium,
            destination=self.destination,
            code=self.code,
            client_id=attempt.app.client.id,
        )


FIRST_CODES = frozenset({Step.EMAIL_OTP_FIRST, Step.SMS_OTP})
"""Codes that anybody can have sent to anybody, without a proof."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A challenge as it is put."""

    step: Step
    parameters: Mapping[str, str] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)
    available: tuple[str, ...] = ()
    sending: Sending | None = None
    has_block: bool = False
    """Whether SECRET_BLOCK carries the ticket: the answer to SRP."""

    def told(self, ticket: Ticket) -> dict[str, str]:
        """ChallengeParameters."""
        return {**self.parameters, **({"SECRET_BLOCK": ticket.block} if self.has_block else {})}

    def post(self, tx: Transaction, attempt: Attempt) -> list[str]:
        """Put what is to be sent into the outbox; its id there. Where nobody may learn who exists, what is counted
        is the name, anybody's, and a person who was sent too many is sent nothing and looks as if.

        Raises:
            TooManyRequestsException: too many codes were sent.
        """
        if self.step not in FIRST_CODES or not hides_existence(attempt.app):
            return [] if self.sending is None else [self.sending.post(tx, attempt)]
        if not count_name(tx, attempt.call, attempt.pool, "sign_in", attempt.person.name, MOST_CODES):
            raise TooManyRequestsException(detail="codes asked for under one name")
        try:
            return [] if self.sending is None else [self.sending.post(tx, attempt)]
        except TooManyRequestsException:
            return []


async def ask(attempt: Attempt, step: Step, mfa: MfaChoice) -> Asked:
    """Put the question of a step. What is slow is done here, before any transaction."""
    match step:
        case Step.PASSWORD_VERIFIER:
            return await _password_verifier(attempt)
        case Step.DEVICE_PASSWORD_VERIFIER:
            return await _device_password_verifier(attempt)
        case Step.NEW_PASSWORD_REQUIRED:
            return _new_password_required(attempt)
        case Step.SMS_MFA:
            return _code(attempt, step, "SMS", Purpose.MFA, FACTOR_DIGITS)
        case Step.EMAIL_OTP:
            return _code(attempt, step, "EMAIL", Purpose.MFA, FACTOR_DIGITS)
        case Step.SMS_OTP:
            return _code(attempt, step, "SMS", Purpose.OTP, FIRST_DIGITS)
        case Step.EMAIL_OTP_FIRST:
            return _code(attempt, step, "EMAIL", Purpose.OTP, FIRST_DIGITS)
        case Step.EMAIL_OTP_SETUP:
            return _code(attempt, step, "EMAIL", Purpose.MFA, FACTOR_DIGITS, to=attempt.value("EMAIL"))
        case Step.SMS_SETUP:
            return _code(attempt, step, "SMS", Purpose.MFA, FACTOR_DIGITS, to=attempt.value("PHONE_NUMBER"))
        case Step.SOFTWARE_TOKEN_MFA:
            return Asked(step, {**_who(attempt), **await _friendly_name(attempt)})
        case Step.SELECT_MFA_TYPE:
            choice = json.dumps(list(mfa.factors), separators=(",", ":"))
            return Asked(step, {"MFAS_CAN_CHOOSE": choice, **_who(attempt)})
        case Step.MFA_SETUP:
            if not mfa.can_set_up:
                raise NotAuthorizedException("MFA cannot be set up for the user.")
            choice = json.dumps(list(mfa.can_set_up), separators=(",", ":"))
            return Asked(step, {"MFAS_CAN_SETUP": choice, **_who(attempt)})
        case Step.DEVICE_SRP_AUTH:
            return Asked(step, {"USERNAME": attempt.person.username, "DEVICE_KEY": attempt.device_key or ""})
        case Step.PASSWORD:
            return Asked(step)
        case Step.CUSTOM_CHALLENGE:
            return await _custom_challenge(attempt)
        case _:
            raise AssertionError(f"{step.name} is not asked here")


def _who(attempt: Attempt) -> dict[str, str]:
    return {"USER_ID_FOR_SRP": attempt.person.username}


def _code(
    attempt: Attempt, step: Step, medium: Medium, purpose: Purpose, digits: int, to: str | None = None
) -> Asked:
    """A code that is sent. To nobody none is sent, and any answer is wrong."""
    user = attempt.person.user
    reads_it = purpose is Purpose.MFA or may_begin(attempt, by_password=False)
    code = random_text(attempt.call.random, DIGITS, digits)
    attribute = PHONE_NUMBER if medium == "SMS" else EMAIL
    destination = to or (user.attributes[attribute] if user is not None else _nobodys(attempt, attribute))
    shown, who = destination, _who(attempt)
    if step in FIRST_CODES and hides_existence(attempt.app):
        # Nothing is proven yet: the person is called as they were asked for, and so is an address.
        name = attempt.person.name
        shown = name if name.casefold() == destination.casefold() else destination
        who = {"USER_ID_FOR_SRP": name}
    return Asked(
        step,
        parameters={
            "CODE_DELIVERY_DELIVERY_MEDIUM": medium,
            "CODE_DELIVERY_DESTINATION": mask(medium, shown),
            **who,
        },
        state={
            "code": code_hash(attempt.call, attempt.pool.id, step, code) if reads_it else None,
            "destination": destination,
        },
        sending=Sending(user, purpose, medium, destination, code) if user is not None and reads_it else None,
    )


def code_hash(call: Call, pool_id: str, step: Step, code: str) -> str:
    content = f"{pool_id}/{step.value}/{code}".encode("utf-8", "surrogatepass")
    return hmac.digest(call.store.key_for("sign_in_code"), content, hashlib.sha256).hex()


def _nobodys(attempt: Attempt, attribute: str) -> str:
    """Where a code for nobody would go."""
    key = attempt.call.store.key_for("nobody")
    return made_up_address(key, attempt.pool, attempt.person.name, (attribute,))[1]


def _new_password_required(attempt: Attempt) -> Asked:
    user = attempt.person.user
    assert user is not None, "only a temporary password leads here"
    missing = [
        f"userAttributes.{name_of(attribute)}"
        for attribute in attempt.pool.attributes
        if attribute.get("Required")
        and name_of(attribute) != "sub"
        and not user.attributes.get(name_of(attribute))
    ]
    return Asked(
        Step.NEW_PASSWORD_REQUIRED,
        {
            **_who(attempt),
            "requiredAttributes": json.dumps(missing, separators=(",", ":")),
            "userAttributes": json.dumps(dict(user.attributes), separators=(",", ":")),
        },
    )


async def _password_verifier(attempt: Attempt) -> Asked:
    """SRP's second message. For nobody, and for who has no verifier, it is made up: the claim then is wrong."""
    identity, verifier = srp_of_person(attempt)
    parameters, state = await _srp(attempt, verifier)
    return Asked(
        Step.PASSWORD_VERIFIER,
        {**parameters, "USERNAME": identity.name, "USER_ID_FOR_SRP": identity.name},
        state,
        has_block=True,
    )


def srp_of_person(attempt: Attempt) -> tuple[srp.Identity, srp.Verifier]:
    """As whom the person proves the password, and against what."""
    person, pool = attempt.person, attempt.pool
    made_up = nobody_called(attempt.call, pool, person.name)
    if person.user is None:
        return srp.Identity.of_user(pool.id, made_up.user_id), made_up.verifier
    kept = person.password.verifier if person.password is not None else None
    verifier = made_up.verifier if kept is None else srp.Verifier.from_secret(kept)
    return srp.Identity.of_user(pool.id, person.user.username), verifier


def nobody_called(call: Call, pool: UserPool, name: str) -> srp.Nobody:
    """Who is made up where nobody has this name."""
    key = call.store.key_for("nobody")
    return srp.nobody(key, pool.id, username_key(pool, name), shows_names=_is_a_name(pool, name))


def _is_a_name(pool: UserPool, name: str) -> bool:
    """Whether whoever signs in with it would be called by it: it is nobody's address."""
    aliases = alias_attributes(pool)
    looks_like_alias = (EMAIL in aliases and is_email(name)) or (
        PHONE_NUMBER in aliases and is_phone_number(name)
    )
    return not username_attributes(pool) and not looks_like_alias


async def _custom_challenge(attempt: Attempt) -> Asked:
    """What the pool's function asks. Before a password is proven the person is called as they were asked for, where
    that must not tell whether there is somebody."""
    challenge = await create(attempt)
    person = attempt.person
    shows = attempt.is_by_password or not hides_existence(attempt.app)
    return Asked(
        Step.CUSTOM_CHALLENGE,
        {**challenge.public, "USERNAME": person.username if shows else person.name},
        state={"private": dict(challenge.private), "metadata": challenge.metadata},
    )


async def _friendly_name(attempt: Attempt) -> dict[str, str]:
    user = attempt.person.user
    assert user is not None
    token = await attempt.call.store.look_up(lambda tx: tx.totp.find(user.pool_id, user.sub))
    return {"FRIENDLY_DEVICE_NAME": token.name} if token is not None and token.name else {}


async def device_of(attempt: Attempt) -> tuple[Device, srp.Verifier]:
    """The device that has to prove itself, and against what.

    Raises:
        NotAuthorizedException: the answer names another device.
        ResourceNotFoundException: it was forgotten meanwhile, or is to be remembered no more.
    """
    user, key = attempt.person.user, attempt.device_key
    assert user is not None
    assert key is not None
    if attempt.values.get("DEVICE_KEY", key) != key:
        raise NotAuthorizedException(sessions.INVALID, detail="another device has to prove itself")
    device = await attempt.call.store.look_up(lambda tx: devices.find_device(tx, user.pool_id, user.sub, key))
    if device.verifier is None or not device.can_prove_itself:
        raise ResourceNotFoundException(devices.MISSING, detail="the device can't prove itself")
    return device, device.verifier


async def _device_password_verifier(attempt: Attempt) -> Asked:
    device, verifier = await device_of(attempt)
    parameters, state = await _srp(attempt, verifier)
    return Asked(
        Step.DEVICE_PASSWORD_VERIFIER,
        {**parameters, "USERNAME": attempt.person.username, "DEVICE_KEY": device.key},
        state,
        has_block=True,
    )


async def _srp(attempt: Attempt, verifier: srp.Verifier) -> tuple[dict[str, str], dict[str, str]]:
    """What the client is told (SALT, SRP_B), and what is kept of it."""
    A = srp.parse_public(attempt.value("SRP_A"))
    b = srp.new_private(attempt.call.random)
    B = await attempt.call.ports.powers.public(verifier.v, b)
    told = {"SALT": srp.to_hex(verifier.salt), "SRP_B": srp.to_hex(B)}
    return told, {"A": srp.to_hex(A), "B": srp.to_hex(B), "b": srp.to_hex(b)}
