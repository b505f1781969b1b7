"""Before there is a new person: a pool's function may refuse them, or confirm who signs up at once.

Source: Cognito developer guide, "Pre sign-up Lambda trigger".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from poolhouse.core.errors import InvalidLambdaResponseException
from poolhouse.core.pools import UserPool
from poolhouse.core.triggers import UNRECOGNIZABLE, Trigger
from poolhouse.core.users import EMAIL, PHONE_NUMBER, VERIFIED, User, UserStatus
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import AttributeType
from poolhouse.userpools.triggers.calling import run

FLAGS = ("autoConfirmUser", "autoVerifyEmail", "autoVerifyPhone")
NO_ALIASES = {"cognito:email_alias": "", "cognito:phone_number_alias": ""}
"""What Cognito's events have of who comes from a provider: no address is a name of theirs."""
OF_CONFIRMED = "Phone or email cannot be auto verified, when user is not being auto confirmed."


class By(StrEnum):
    """How somebody becomes a person of the pool."""

    SIGN_UP = "SignUp"
    ADMINISTRATOR = "AdminCreateUser"
    PROVIDER = "ExternalProvider"


@dataclass(frozen=True, slots=True)
class Granted:
    """What a function gives who signs up."""

    confirmed: bool
    verified: tuple[str, ...]
    """`email`, `phone_number`"""

    def to(self, user: User) -> User:
        """Raises InvalidLambdaResponseException: an address is verified that there is not, or of nobody confirmed."""
        if self.verified and not self.confirmed:
            raise InvalidLambdaResponseException(OF_CONFIRMED)
        for attribute in self.verified:
            if attribute not in user.attributes:
                raise InvalidLambdaResponseException(
                    f"The attribute {attribute} cannot be auto verified: the user has none."
                )
        verified = {VERIFIED[attribute]: "true" for attribute in self.verified}
        status = UserStatus.CONFIRMED if self.confirmed else user.status
        return user.with_attributes(user.modified_at, verified).changed(user.modified_at, status=status)


async def ask_before(
    call: Call,
    pool: UserPool,
    user: User,
    by: By,
    *,
    client_id: str | None,
    validation: Sequence[AttributeType] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Granted:
    """Ask the pool's function, if it has one, about a person whom there is not yet: they have no `sub` for it.

    What it grants is for who signs up by themselves. An administrator's call and a provider's word are answered in
    the same form, and nothing of it is heeded, as in Cognito.

    Raises:
        UserLambdaValidationException: it refuses the person.
        UnexpectedLambdaException, InvalidLambdaResponseException: it gave no answer, or none that can be read.
    """
    request: dict[str, Any] = {
        "userAttributes": {**user.attributes, **(NO_ALIASES if by is By.PROVIDER else {})},
        "validationData": None
        if validation is None
        else {one["Name"]: one.get("Value", "") for one in validation},
    }
    if metadata:
        request["clientMetadata"] = dict(metadata)
    answer = await run(
        call,
        pool,
        Trigger.PRE_SIGN_UP,
        f"{Trigger.PRE_SIGN_UP}_{by}",
        client_id=client_id,
        username=user.username,
        request=request,
        response=dict.fromkeys(FLAGS, False),
    )
    confirmed, email, phone = (_flag(answer or {}, name) for name in FLAGS)
    verified = [name for name, is_granted in ((EMAIL, email), (PHONE_NUMBER, phone)) if is_granted]
    return Granted(confirmed, tuple(verified))


def _flag(answer: Mapping[str, Any], name: str) -> bool:
    value = answer.get(name)
    if value is not None and not isinstance(value, bool):
        raise InvalidLambdaResponseException(UNRECOGNIZABLE)
    return bool(value)
