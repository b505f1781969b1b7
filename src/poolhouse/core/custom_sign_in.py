"""A sign-in whose course the pool's own functions decide: what they are told of it, and what their answers mean.

An answer that is not understood is an error, and never a yes.

Source: Cognito developer guide, "Custom authentication challenge Lambda triggers".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from poolhouse.core.errors import InvalidLambdaResponseException
from poolhouse.core.sign_in import Event

MOST_ROUNDS = 50
"""That one sign-in has. No function that means well comes near it: a sign-in lasts a quarter of an hour at most."""
MOST_TEXT = 64 * 1024
"""Characters of the parameters of one challenge, as JSON."""
MOST_METADATA = 4 * 1024
"""Characters of a challengeMetadata, which is kept until the sign-in ends."""
SRP_A = "SRP_A"
PASSWORD_VERIFIER = "PASSWORD_VERIFIER"
CUSTOM_CHALLENGE = "CUSTOM_CHALLENGE"
DEVICE_PASSWORD_VERIFIER = "DEVICE_PASSWORD_VERIFIER"
UNRECOGNIZABLE = "Unrecognizable lambda output"


@dataclass(frozen=True, slots=True)
class CustomSignIn:
    """How far it is."""

    rounds: tuple[Mapping[str, Any], ...] = ()
    """What was asked so far, and whether it was answered rightly: the `session` of the events."""
    public: str | None = None
    """SRP_A, as the client sent it at the start, until the password is asked for."""
    has_tokens: bool = False
    """The function has issued tokens: what is left is a device to prove itself."""

    def after(self, name: str, result: bool, metadata: str | None = None) -> Self:
        """With one more round."""
        one = {"challengeName": name, "challengeResult": result, "challengeMetadata": metadata}
        return replace(self, rounds=(*self.rounds, one))

    def has_passed(self, name: str) -> bool:
        return any(one["challengeName"] == name and one["challengeResult"] for one in self.rounds)

    def to_state(self) -> dict[str, Any]:
        """As a session keeps it."""
        return {"rounds": list(self.rounds), "public": self.public, "has_tokens": self.has_tokens}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        return cls(tuple(state["rounds"]), state["public"], state["has_tokens"])


DEFINED: Mapping[str, Event] = {
    CUSTOM_CHALLENGE: Event.CUSTOM_DEFINED,
    PASSWORD_VERIFIER: Event.PASSWORD_DEFINED,
    SRP_A: Event.PASSWORD_DEFINED,
    "SMS_MFA": Event.SMS_DEFINED,
    "EMAIL_OTP": Event.EMAIL_DEFINED,
    "SOFTWARE_TOKEN_MFA": Event.TOTP_DEFINED,
    "DEVICE_SRP_AUTH": Event.DEVICE_DEFINED,
}
"""What each challengeName of DefineAuthChallenge means. SRP_A is what older guides had functions say."""


def defined(response: Mapping[str, Any]) -> Event | None:
    """What DefineAuthChallenge has decided; None: the sign-in fails.

    Raises:
        InvalidLambdaResponseException: nothing that is understood.
    """
    issues, fails = _flag(response, "issueTokens"), _flag(response, "failAuthentication")
    if fails:
        return None
    if issues:
        return Event.TOKENS_DEFINED
    name = response.get("challengeName")
    if not isinstance(name, str) or name not in DEFINED:
        raise not_possible(name)
    return DEFINED[name]


def not_possible(name: object) -> InvalidLambdaResponseException:
    """The function says a challenge that there is not, or that can't be put now."""
    return InvalidLambdaResponseException(
        "Invalid lambda function output : Invalid challengeName", detail=f"challengeName {str(name)[:64]!r}"
    )


@dataclass(frozen=True, slots=True)
class CustomChallenge:
    """What CreateAuthChallenge has made."""

    public: Mapping[str, str]
    private: Mapping[str, str | None]
    """For VerifyAuthChallengeResponse alone."""
    metadata: str | None


def created(response: Mapping[str, Any]) -> CustomChallenge:
    """Raises InvalidLambdaResponseException: no challenge, or one that is too long."""
    metadata = response.get("challengeMetadata")
    if metadata is not None and (not isinstance(metadata, str) or len(metadata) > MOST_METADATA):
        raise InvalidLambdaResponseException(
            UNRECOGNIZABLE, detail="challengeMetadata: no text, or too long a one"
        )
    public = _texts(response, "publicChallengeParameters")
    challenge = CustomChallenge(
        public={name: value for name, value in public.items() if value is not None},
        private=_texts(response, "privateChallengeParameters"),
        metadata=metadata,
    )
    whole = (challenge.public, challenge.private, challenge.metadata)
    if len(json.dumps(whole)) > MOST_TEXT:
        raise InvalidLambdaResponseException(
            f"Invalid lambda function output : the challenge is longer than {MOST_TEXT} characters"
        )
    return challenge


def is_correct(response: Mapping[str, Any]) -> bool:
    """What VerifyAuthChallengeResponse says. Raises InvalidLambdaResponseException: neither yes nor no."""
    return _flag(response, "answerCorrect")


def _flag(response: Mapping[str, Any], name: str) -> bool:
    value = response.get(name)
    if value is not None and not isinstance(value, bool):
        raise InvalidLambdaResponseException(UNRECOGNIZABLE, detail=f"{name} is neither true nor false")
    return value is True


def _texts(response: Mapping[str, Any], name: str) -> dict[str, str | None]:
    """A map of texts. Numbers, true and false are taken as the texts that JSON has for them."""
    given = response.get(name)
    if given is None:
        return {}
    if not isinstance(given, dict) or any(isinstance(value, dict | list) for value in given.values()):
        raise InvalidLambdaResponseException(UNRECOGNIZABLE, detail=f"{name} is no map of texts")
    return {
        key: value if value is None or isinstance(value, str) else json.dumps(value)
        for key, value in given.items()
    }
