"""Passkeys: registering, listing and removing them, and signing in with one.

A registration is two calls. The challenge of the first is kept as a code of the person's (its hash, and for which
client and RP id it was drawn), so there is one at a time, the second call uses it up, and of many second calls at
once one does. The challenge of a sign-in is part of the sign-in's session.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from poolhouse.core.authenticator_names import friendly_name
from poolhouse.core.base64url import base64url
from poolhouse.core.credentials import Code
from poolhouse.core.documents import epoch
from poolhouse.core.errors import (
    CognitoError,
    InvalidParameterException,
    LimitExceededException,
    NotAuthorizedException,
    ResourceNotFoundException,
    WebAuthnChallengeNotFoundException,
    WebAuthnClientMismatchException,
    WebAuthnConfigurationMissingException,
    WebAuthnNotEnabledException,
    WebAuthnRelyingPartyMismatchException,
)
from poolhouse.core.passkey_answers import (
    RegistrationAnswer,
    check_assertion,
    check_registration,
    read_assertion,
    read_registration,
)
from poolhouse.core.passkeys import (
    CHALLENGE_SIZE,
    MAX_PASSKEYS,
    REGISTRATION_LASTS,
    REQUIRED,
    Passkey,
    are_enabled,
    challenge_hash,
    creation_options,
    decoy,
    descriptor,
    relying_party,
    request_options,
    user_verification,
)
from poolhouse.core.secret import Secret
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.users import User, username_key
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    CompleteWebAuthnRegistrationRequest,
    CompleteWebAuthnRegistrationResponse,
    DeleteWebAuthnCredentialRequest,
    DeleteWebAuthnCredentialResponse,
    ListWebAuthnCredentialsRequest,
    ListWebAuthnCredentialsResponse,
    StartWebAuthnRegistrationRequest,
    StartWebAuthnRegistrationResponse,
    WebAuthnCredentialDescription,
)
from poolhouse.store import Transaction
from poolhouse.userpools.paging import page
from poolhouse.userpools.person import authenticate_person

PURPOSE = "passkey"
"""Of the code that keeps a registration's challenge."""
TOO_MANY = "Maximum number of passkeys reached."

Settle = Callable[[Transaction, User | None], User | None]
"""What a proven sign-in writes; the person as they are afterwards."""


class Registrant(Protocol):
    """Who makes a passkey: by an access token, or in a browser that is signed in."""

    @property
    def app(self) -> AppSnapshot: ...

    @property
    def user(self) -> User: ...

    @property
    def call(self) -> Call:
        """The call in their name."""

    def again(self, tx: Transaction) -> User:
        """The person as they are now, their row locked. Raises CognitoError: they are not signed in any more."""


async def start_web_authn_registration(
    call: Call, request: StartWebAuthnRegistrationRequest
) -> StartWebAuthnRegistrationResponse:
    """Draw a challenge for a new passkey, and say what the browser is to ask for. An earlier one is void.

    Raises:
        NotAuthorizedException: the access token is none, or ended.
        WebAuthnNotEnabledException: the pool's people don't sign in with passkeys.
        WebAuthnConfigurationMissingException: the pool has neither an RP id nor a domain with a name.
        LimitExceededException: the person has 20 passkeys.

    Source: Cognito API reference, StartWebAuthnRegistration.
    """
    person = await authenticate_person(call, request["AccessToken"])
    return {"CredentialCreationOptions": await start_registration(call, person)}


async def start_registration(call: Call, person: Registrant) -> dict[str, Any]:
    """The options for a new passkey of whoever this is.

    Raises:
        CognitoError: as `start_web_authn_registration`.
    """
    rp = _relying_party_for(person)
    challenge = _new_challenge(call)
    about = {"client_id": person.app.client.id, "relying_party": rp}

    def keep(tx: Transaction) -> tuple[User, list[Passkey]]:
        user = person.again(tx)
        existing = tx.passkeys.of(user.pool_id, user.sub)
        if len(existing) >= MAX_PASSKEYS:
            raise LimitExceededException(TOO_MANY)
        tx.codes.put(
            Code(
                pool_id=user.pool_id,
                sub=user.sub,
                purpose=PURPOSE,
                hash=challenge_hash(challenge),
                detail=Secret(json.dumps(about)),
                created_at=call.now,
                expires_at=call.now + REGISTRATION_LASTS,
            )
        )
        return user, existing

    user, existing = await call.store.write(keep)
    verification = user_verification(person.app.user_pool, user)
    return creation_options(user, rp, challenge, existing, verification)


async def complete_web_authn_registration(
    call: Call, request: CompleteWebAuthnRegistrationRequest
) -> CompleteWebAuthnRegistrationResponse:
    """Keep the passkey that an authenticator made for the challenge of StartWebAuthnRegistration.

    No attestation is asked for and none is checked: any authenticator will do.

    Raises:
        NotAuthorizedException: the access token is none, or ended.
        WebAuthnNotEnabledException: the pool's people don't sign in with passkeys.
        WebAuthnChallengeNotFoundException: the challenge is not the person's last, is used up, or is too old.
        WebAuthnClientMismatchException: another app client began the registration.
        WebAuthnRelyingPartyMismatchException: the passkey is for another RP id than the pool's.
        WebAuthnOriginNotAllowedException: the page that asked is not one of the RP id's.
        WebAuthnCredentialNotSupportedException: another kind of key, or the user was not verified where that is
            required.
        LimitExceededException: the person has 20 passkeys.
        InvalidParameterException: the credential is malformed, or registered already.

    Source: Cognito API reference, CompleteWebAuthnRegistration; WebAuthn L3 §7.1.
    """
    person = await authenticate_person(call, request["AccessToken"])
    await complete_registration(call, person, request["Credential"])
    return {}


async def complete_registration(call: Call, person: Registrant, credential: Any) -> None:
    """Keep the passkey that was made by the options for whoever this is.

    Raises:
        CognitoError: as `complete_web_authn_registration`.
    """
    pool = person.app.user_pool
    if not are_enabled(pool):
        raise WebAuthnNotEnabledException
    answer = read_registration(credential)
    code = await _pending(call, person, answer)
    rp = _about(code)["relying_party"]
    if rp != _relying_party_of(call, person.app):
        raise WebAuthnRelyingPartyMismatchException(detail="the pool's RP id was changed meanwhile")
    proven = check_registration(
        answer,
        challenge=answer.client_data.challenge,  # its hash is the pending one's
        relying_party=rp,
        verification=user_verification(pool, person.user),
    )
    passkey = Passkey(
        pool_id=pool.id,
        sub=person.user.sub,
        id=proven.id,
        public_key=proven.public_key,
        sign_count=answer.data.counter,
        relying_party=rp,
        name=friendly_name(proven.aaguid, answer.attachment),
        created_at=call.now,
        attachment=answer.attachment,
        transports=answer.transports,
        is_copied=answer.data.is_backed_up(),
    )

    def keep(tx: Transaction) -> None:
        user = person.again(tx)  # their row's lock holds the count of their passkeys still
        if not tx.codes.take(code):
            raise WebAuthnChallengeNotFoundException(detail="used up by another request")
        if tx.passkeys.count(user.pool_id, user.sub) >= MAX_PASSKEYS:
            raise LimitExceededException(TOO_MANY)
        if not tx.passkeys.add(passkey):
            raise InvalidParameterException("The credential is already registered.")

    recorded = replace(person.call, audit_parameters={"CredentialId": passkey.id, "Name": passkey.name})
    await recorded.write(keep, pool_id=pool.id)


async def list_web_authn_credentials(
    call: Call, request: ListWebAuthnCredentialsRequest
) -> ListWebAuthnCredentialsResponse:
    """The passkeys of who asks, at most 20 a page.

    Raises:
        NotAuthorizedException: the access token is none, or ended.
        InvalidParameterException: the NextToken is not one of this list's.

    Source: Cognito API reference, ListWebAuthnCredentials.
    """
    person = await authenticate_person(call, request["AccessToken"])
    pool_id, sub = person.user.pool_id, person.user.sub
    passkeys, token = await page(
        call,
        lambda tx, after, limit: tx.passkeys.page(pool_id, sub, after=after, size=limit),
        lambda passkey: passkey.id,
        about=f"{pool_id}/{sub}",
        size=request.get("MaxResults") or MAX_PASSKEYS,
        token=request.get("NextToken"),
    )
    answer: ListWebAuthnCredentialsResponse = {"Credentials": [_describe(passkey) for passkey in passkeys]}
    if token is not None:
        answer["NextToken"] = token
    return answer


async def delete_web_authn_credential(
    call: Call, request: DeleteWebAuthnCredentialRequest
) -> DeleteWebAuthnCredentialResponse:
    """Remove a passkey of who asks. A sign-in with it that is under way fails.

    Raises:
        NotAuthorizedException: the access token is none, or ended.
        ResourceNotFoundException: the person has no such passkey, whoever else has.

    Source: Cognito API reference, DeleteWebAuthnCredential.
    """
    person = await authenticate_person(call, request["AccessToken"])

    def remove(tx: Transaction) -> None:
        user = person.again(tx)
        if not tx.passkeys.remove(user.pool_id, user.sub, request["CredentialId"]):
            raise ResourceNotFoundException("The passkey does not exist.")

    await person.call.write(remove, pool_id=person.user.pool_id)
    return {}


def are_possible(call: Call, app: AppSnapshot) -> bool:
    """Whether anybody of the pool can sign in with a passkey: the pool has them, and an RP id."""
    return are_enabled(app.user_pool) and _relying_party_of(call, app) is not None


def has_passkey(tx: Transaction, call: Call, app: AppSnapshot, user: User) -> bool:
    """Whether the person can sign in with a passkey now: the pool has it, and they have one for its RP id."""
    return bool(_usable(tx, call, app, user))


async def assertion_options(
    call: Call, app: AppSnapshot, user: User | None, *, name: str
) -> tuple[str, dict[str, Any]]:
    """CREDENTIAL_REQUEST_OPTIONS, and what the session must keep for `verify_assertion`.

    For a name that nobody has, and for who has no passkey, one is made up, for one name (`name`, as it was typed)
    always the same. Nobody can sign with it.

    Raises:
        NotAuthorizedException: the pool has no RP id.
    """
    rp = _relying_party_of(call, app)
    if rp is None:
        raise NotAuthorizedException(detail="the pool has no RP id for passkeys")
    challenge = _new_challenge(call)
    usable: list[Passkey] = []
    if user is not None:
        person = user
        usable = await call.store.look_up(lambda tx: _usable(tx, call, app, person))
    allowed = [descriptor(passkey) for passkey in usable]
    if not allowed:
        key = call.store.key_for("passkeys of nobody")
        allowed = [decoy(key, app.pool.id, username_key(app.user_pool, name))]
    # By the pool alone: what the person switched on would tell whether there is such a person.
    verification = user_verification(app.user_pool)
    options = request_options(rp, challenge, allowed, verification)
    state = {"challenge": challenge, "relying_party": rp, "verification": verification}
    return json.dumps(options, separators=(",", ":")), state


async def verify_assertion(
    call: Call, app: AppSnapshot, user: User | None, credential: str, state: Mapping[str, Any]
) -> Settle:
    """Check CREDENTIAL against the options that were given with `state`. What it returns belongs into the
    transaction that uses the session up: it keeps the passkey's counter, or refuses.

    Raises:
        NotAuthorizedException: it proves nothing, whatever the reason; the log has it.

    Source: WebAuthn L3 §7.2.
    """
    try:
        used = await _proven(call, app, user, credential, state)
    except CognitoError as error:
        reason = f"passkey: {error.code} {error.detail}".rstrip()
        raise NotAuthorizedException(detail=reason) from error

    def settle(tx: Transaction, now: User | None) -> User | None:
        if not tx.passkeys.use(used):
            raise NotAuthorizedException(detail="the passkey is gone, or its counter moved on meanwhile")
        return now

    return settle


async def _proven(
    call: Call, app: AppSnapshot, user: User | None, credential: str, state: Mapping[str, Any]
) -> Passkey:
    """The passkey as it is after this use. Raises CognitoError: the answer proves nothing."""
    answer = read_assertion(credential)
    id = base64url(answer.credential_id)
    passkey = await call.store.look_up(lambda tx: tx.passkeys.find(app.pool.id, id))
    if user is None or passkey is None or passkey.sub != user.sub:
        raise NotAuthorizedException(detail="not a passkey of this person's")
    if not are_enabled(app.user_pool) or _relying_party_of(call, app) != state["relying_party"]:
        raise NotAuthorizedException(detail="the pool's passkeys were configured anew meanwhile")
    strict = REQUIRED in (state["verification"], user_verification(app.user_pool, user))
    check_assertion(
        answer,
        passkey,
        challenge=state["challenge"],
        relying_party=state["relying_party"],
        verification=REQUIRED if strict else state["verification"],
    )
    return passkey.used(call.now, answer.data.counter, is_copied=answer.data.is_backed_up())


def _usable(tx: Transaction, call: Call, app: AppSnapshot, user: User) -> list[Passkey]:
    if not are_enabled(app.user_pool):
        return []
    rp = _relying_party_of(call, app)
    return [passkey for passkey in tx.passkeys.of(user.pool_id, user.sub) if passkey.relying_party == rp]


async def _pending(call: Call, person: Registrant, answer: RegistrationAnswer) -> Code:
    """The challenge that the answer is for. Raises WebAuthnChallengeNotFoundException, WebAuthnClientMismatchException."""
    user = person.user
    code = await call.store.look_up(lambda tx: tx.codes.find(user.pool_id, user.sub, PURPOSE))
    if code is None or call.now >= code.expires_at:
        raise WebAuthnChallengeNotFoundException
    if not hmac.compare_digest(code.hash, challenge_hash(answer.client_data.challenge)):
        raise WebAuthnChallengeNotFoundException
    if _about(code)["client_id"] != person.app.client.id:
        raise WebAuthnClientMismatchException
    return code


def _about(code: Code) -> Mapping[str, str]:
    about: Mapping[str, str] = json.loads(code.detail.reveal())
    return about


def _relying_party_for(person: Registrant) -> str:
    """Raises WebAuthnNotEnabledException, WebAuthnConfigurationMissingException."""
    if not are_enabled(person.app.user_pool):
        raise WebAuthnNotEnabledException
    rp = _relying_party_of(person.call, person.app)
    if rp is None:
        raise WebAuthnConfigurationMissingException
    return rp


def _relying_party_of(call: Call, app: AppSnapshot) -> str | None:
    """A custom domain comes before a prefix: "custom" before "prefix", as the names of the kinds sort."""
    homes = [
        call.parts.addresses.of_domain(name, is_custom=kind == "custom")
        for kind, name in sorted(app.pool.domains)
    ]
    return relying_party(app.user_pool, homes)


def _new_challenge(call: Call) -> str:
    return base64url(call.random.token_bytes(CHALLENGE_SIZE))


def _describe(passkey: Passkey) -> WebAuthnCredentialDescription:
    answer: WebAuthnCredentialDescription = {
        "CredentialId": passkey.id,
        "FriendlyCredentialName": passkey.name,
        "RelyingPartyId": passkey.relying_party,
        "AuthenticatorTransports": list(passkey.transports),
        "CreatedAt": epoch(passkey.created_at),
    }
    if passkey.attachment is not None:
        answer["AuthenticatorAttachment"] = passkey.attachment
    return answer
