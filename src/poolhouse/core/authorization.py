"""Authorization: whether a key may do an action to a resource.

IAM's rules: what no statement allows is denied, and a Deny wins over any Allow. A key may carry several
documents (its own, and those of the key that made it); each of them must allow. Pure: the caller hands in
what a condition may ask about.

Source: IAM user guide, "Policy evaluation logic" and "IAM JSON policy elements".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from poolhouse.core import conditions
from poolhouse.core.errors import AccessDeniedException

Policy = Mapping[str, Any]


class Decision(Enum):
    ALLOWED = auto()
    NOT_ALLOWED = auto()
    """No statement speaks for it."""
    DENIED = auto()
    """A statement forbids it."""


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody wants to do."""

    action: str
    """As `cognito-idp:CreateUserPool`."""
    resource: str
    """An ARN; `*` where the operation has no resource."""
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The values of the condition keys that are present; the keys in lower case."""


def authorize(caller_arn: str, policies: Sequence[Policy], access: Access) -> None:
    """Refuse what the policies together don't allow.

    Raises:
        AccessDeniedException: in IAM's words.
    """
    decision = evaluate(policies, access)
    if decision is Decision.ALLOWED:
        return
    why = (
        "with an explicit deny in an identity-based policy"
        if decision is Decision.DENIED
        else f"because no identity-based policy allows the {access.action} action"
    )
    raise AccessDeniedException(
        f"User: {caller_arn} is not authorized to perform: {access.action} on resource: {access.resource} {why}"
    )


def evaluate(policies: Sequence[Policy], access: Access) -> Decision:
    """The decision of several documents, each of which must allow. None at all allow nothing."""
    decisions = {_decision(policy, access) for policy in policies}
    if Decision.DENIED in decisions:
        return Decision.DENIED
    return Decision.ALLOWED if decisions == {Decision.ALLOWED} else Decision.NOT_ALLOWED


def mentions(policies: Iterable[Policy], key_prefix: str) -> bool:
    """Whether a condition of any of the policies asks about a key that begins so."""
    return any(
        key.lower().startswith(key_prefix.lower())
        for policy in policies
        for statement in statements(policy)
        for keys in statement.get("Condition", {}).values()
        for key in keys
    )


def statements(policy: Policy) -> list[Mapping[str, Any]]:
    """A document's statements; a single one may stand without a list."""
    found = policy["Statement"]
    return found if isinstance(found, list) else [found]


def values(element: Any) -> list[str]:
    """An element that is one text or a list of them."""
    return element if isinstance(element, list) else [element]


def _decision(policy: Policy, access: Access) -> Decision:
    allowed = False
    for statement in statements(policy):
        if _applies(statement, access):
            if statement["Effect"] == "Deny":
                return Decision.DENIED
            allowed = True
    return Decision.ALLOWED if allowed else Decision.NOT_ALLOWED


def _applies(statement: Mapping[str, Any], access: Access) -> bool:
    return (
        _speaks_of(statement, "Action", _is_action, access.action)
        and _speaks_of(statement, "Resource", conditions.is_like, access.resource)
        and conditions.hold(statement.get("Condition", {}), access.context)
    )


def _speaks_of(statement: Mapping[str, Any], element: str, is_named: conditions.Matches, value: str) -> bool:
    """Whether `Action` names the value, or `NotAction` does not name it; and so for resources."""
    if element in statement:
        return any(is_named(pattern, value) for pattern in values(statement[element]))
    return not any(is_named(pattern, value) for pattern in values(statement[f"Not{element}"]))


def _is_action(pattern: str, action: str) -> bool:
    """IAM: the names of services and actions have no case."""
    return conditions.is_like(pattern.lower(), action.lower())
