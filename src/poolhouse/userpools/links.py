"""Links that confirm an account, in place of a code to type in: `CONFIRM_WITH_LINK`.

A link leads to a page of the pool's domain and carries the code. The page asks before it confirms anything: programs
that read mail before people do open every link in it.
"""

from __future__ import annotations

from urllib.parse import urlencode

from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.users import User
from poolhouse.operation import Call

NO_DOMAIN = (
    "Cannot perform specific action because there does not exist a valid use pool domain associated with the user "
    "pool"
)
"""Cognito's words, its slip of the pen included."""


def to_confirm(call: Call, app: AppSnapshot, user: User, code: str) -> str:
    """The address at which the person confirms their account.

    It names them as the pool does, not by an address of theirs, and in no other way.

    Raises:
        InvalidParameterException: the pool has no domain.

    Source: Cognito developer guide, "User pool endpoints and managed login reference".
    """
    refuse_without_domain(call, app)
    query = {"client_id": app.client.id, "user_name": user.username, "confirmation_code": code}
    return f"{call.parts.domain_of(app.pool)}/confirmUser?{urlencode(query)}"


def refuse_without_domain(call: Call, app: AppSnapshot) -> None:
    """Raises InvalidParameterException: there is no page that a link could lead to."""
    if call.parts.domain_of(app.pool) is None:
        raise InvalidParameterException(NO_DOMAIN)
