"""What an authenticator answered, checked against what it was asked (WebAuthn L3 §7.1 and §7.2).

Every step is one `raise`: whoever gets a value back has a proof. The errors are Cognito's for a registration; a
sign-in tells the caller none of them. The JSON around the authenticator's bytes is read here: fido2's own classes
for it take a number in the place of a text for how many bytes to make.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from poolhouse.core.authenticators import (
    MAX_CREDENTIAL_ID,
    NotSupported,
    checked_key,
    is_signed,
    read_attestation_object,
    read_authenticator_data,
)
from poolhouse.core.base64url import base64url
from poolhouse.core.errors import (
    InvalidParameterException,
    NotAuthorizedException,
    WebAuthnChallengeNotFoundException,
    WebAuthnCredentialNotSupportedException,
    WebAuthnOriginNotAllowedException,
    WebAuthnRelyingPartyMismatchException,
)
from poolhouse.core.passkeys import (
    PUBLIC_KEY,
    REQUIRED,
    Passkey,
    decode,
    is_allowed_origin,
    rp_id_hash,
)

if TYPE_CHECKING:
    from fido2.webauthn import AuthenticatorData

MAX_PART = 64 * 1024
"""Characters of one member: a statement with its certificates is a tenth of that."""
ATTACHMENTS = frozenset({"platform", "cross-platform"})
TRANSPORTS = frozenset({"usb", "nfc", "ble", "smart-card", "hybrid", "internal", "cable"})
"""What a browser may be told again (WebAuthn L3 §5.8.4); others are left out."""


@dataclass(frozen=True, slots=True)
class ClientData:
    """What the browser says of the page that asked (WebAuthn L3 §5.8.1)."""

    type: str
    challenge: str
    origin: str
    is_framed: bool
    """Whether the page stood in a frame of another site's."""


@dataclass(frozen=True, slots=True)
class RegistrationAnswer:
    """RegistrationResponseJSON, read and not yet believed."""

    credential_id: bytes
    client_data: ClientData
    data: AuthenticatorData
    attachment: str | None
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AssertionAnswer:
    """AuthenticationResponseJSON, read and not yet believed."""

    credential_id: bytes
    client_data: ClientData
    data: AuthenticatorData
    signed: bytes
    """What the signature is over."""
    signature: bytes
    user_handle: bytes | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a registration proved."""

    id: str
    public_key: bytes
    aaguid: str
    """The model of the authenticator, as 32 hexadecimal digits; all zero where it does not say."""


def read_registration(document: Any) -> RegistrationAnswer:
    """Raises InvalidParameterException: it is no registration's answer."""
    try:
        response = _credential(document)
        transports = response.get("transports")
        attachment = document.get("authenticatorAttachment")
        return RegistrationAnswer(
            credential_id=_credential_id(document),
            client_data=_client_data(_bytes(response, "clientDataJSON")),
            data=read_attestation_object(_bytes(response, "attestationObject")),
            attachment=attachment if isinstance(attachment, str) and attachment in ATTACHMENTS else None,
            transports=_transports(transports),
        )
    except ValueError as error:
        raise InvalidParameterException("Invalid credential.", detail=str(error)) from error


def read_assertion(text: str) -> AssertionAnswer:
    """Raises InvalidParameterException: it is no answer of a sign-in."""
    try:
        if len(text) > 4 * MAX_PART:
            raise ValueError("too long")
        document = orjson.loads(text)
        response = _credential(document)
        client_data, data = _bytes(response, "clientDataJSON"), _bytes(response, "authenticatorData")
        handle = response.get("userHandle")
        return AssertionAnswer(
            credential_id=_credential_id(document),
            client_data=_client_data(client_data),
            data=read_authenticator_data(data),
            signed=data + hashlib.sha256(client_data).digest(),
            signature=_bytes(response, "signature"),
            user_handle=None if handle is None else _bytes(response, "userHandle"),
        )
    except ValueError as error:
        raise InvalidParameterException("Invalid credential.", detail=str(error)) from error


def check_registration(
    answer: RegistrationAnswer, *, challenge: str, relying_party: str, verification: str
) -> NewKey:
    """The key that was registered (WebAuthn L3 §7.1).

    Raises:
        WebAuthnChallengeNotFoundException, WebAuthnOriginNotAllowedException,
        WebAuthnRelyingPartyMismatchException, WebAuthnCredentialNotSupportedException, InvalidParameterException
    """
    _check_client_data(answer.client_data, "webauthn.create", challenge, relying_party)
    _check_data(answer.data, relying_party, verification)
    credential = answer.data.credential_data
    if credential is None or credential.credential_id != answer.credential_id:
        raise InvalidParameterException("Invalid credential.", detail="its id is not the authenticator's")
    if len(credential.credential_id) > MAX_CREDENTIAL_ID:
        raise WebAuthnCredentialNotSupportedException(detail="an id of more than 1023 bytes")
    try:
        key = checked_key(credential.public_key)
    except NotSupported as error:
        raise WebAuthnCredentialNotSupportedException(detail=str(error)) from error
    return NewKey(base64url(credential.credential_id), key, credential.aaguid.hex())


def check_assertion(
    answer: AssertionAnswer,
    passkey: Passkey,
    *,
    challenge: str,
    relying_party: str,
    verification: str,
) -> None:
    """That the answer was made with this passkey, for this challenge (WebAuthn L3 §7.2).

    Raises:
        NotAuthorizedException: the signature is another's, or the counter went back, as with a copy of the key.
        WebAuthnChallengeNotFoundException, WebAuthnOriginNotAllowedException,
        WebAuthnRelyingPartyMismatchException, WebAuthnCredentialNotSupportedException, InvalidParameterException
    """
    _check_client_data(answer.client_data, "webauthn.get", challenge, relying_party)
    _check_data(answer.data, relying_party, verification)
    if passkey.relying_party != relying_party:
        raise WebAuthnRelyingPartyMismatchException
    if answer.user_handle is not None and answer.user_handle != passkey.sub.encode():
        raise NotAuthorizedException(detail="the passkey says that it is another person's")
    if not is_signed(passkey.public_key, answer.signed, answer.signature):
        raise NotAuthorizedException(detail="the signature is not the passkey's")
    if not counts_on(passkey.sign_count, answer.data.counter):
        raise NotAuthorizedException(detail="the passkey's counter went back: there may be a copy of it")


def counts_on(before: int, now: int) -> bool:
    """Whether a counter may go from `before` to `now`: up, or not at all where it never counted (§6.1.1)."""
    return now > before or now == before == 0


def _check_client_data(data: ClientData, type: str, challenge: str, relying_party: str) -> None:
    if data.type != type:
        raise InvalidParameterException("Invalid credential.", detail=f"not an answer of {type}")
    if not hmac.compare_digest(data.challenge.encode(), challenge.encode()):
        raise WebAuthnChallengeNotFoundException
    if data.is_framed:
        raise WebAuthnOriginNotAllowedException(detail="asked from a frame of another site")
    if not is_allowed_origin(data.origin, relying_party):
        raise WebAuthnOriginNotAllowedException(detail="a page of another site")


def _check_data(data: AuthenticatorData, relying_party: str, verification: str) -> None:
    if data.rp_id_hash != rp_id_hash(relying_party):
        raise WebAuthnRelyingPartyMismatchException
    if not data.is_user_present():
        raise WebAuthnCredentialNotSupportedException(detail="nobody was there")
    if verification == REQUIRED and not data.is_user_verified():
        raise WebAuthnCredentialNotSupportedException(detail="the authenticator did not verify its user")
    if data.is_backed_up() and not data.is_backup_eligible():  # §7.1 step 18, §7.2 step 19
        raise WebAuthnCredentialNotSupportedException(detail="copied, and yet not to be copied")


def _credential(document: Any) -> Mapping[str, Any]:
    """The `response` of a PublicKeyCredential in JSON. Raises ValueError."""
    if not isinstance(document, dict) or document.get("type") != PUBLIC_KEY:
        raise ValueError("not a public-key credential")
    response = document.get("response")
    if not isinstance(response, dict):
        raise ValueError("without a response")
    return response


def _credential_id(document: Mapping[str, Any]) -> bytes:
    """Raises ValueError: `id` and `rawId` differ, or are none."""
    id = _bytes(document, "id")
    if not id or id != _bytes(document, "rawId"):
        raise ValueError("id and rawId are two names of one thing")
    return id


def _bytes(document: Mapping[str, Any], name: str) -> bytes:
    text = document.get(name)
    if not isinstance(text, str) or len(text) > MAX_PART:
        raise ValueError(f"{name} is missing or too long")
    return decode(text)


def _client_data(content: bytes) -> ClientData:
    """Raises ValueError."""
    document = orjson.loads(content)
    if not isinstance(document, dict):
        raise ValueError("clientDataJSON is no object")
    type, challenge, origin = (document.get(name) for name in ("type", "challenge", "origin"))
    if not (isinstance(type, str) and isinstance(challenge, str) and isinstance(origin, str)):
        raise ValueError("clientDataJSON lacks type, challenge or origin")
    return ClientData(
        type=type,
        challenge=challenge,
        origin=origin,
        is_framed=document.get("crossOrigin", False) is not False or "topOrigin" in document,
    )


def _transports(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list):
        return ()
    return tuple(sorted({item for item in given if isinstance(item, str) and item in TRANSPORTS}))
