"""Names that could be two people's, and those that pass from one to the other."""

from __future__ import annotations

from datetime import datetime

from poolhouse.core.pools import UserPool
from poolhouse.core.users import PREFERRED_USERNAME, VERIFIED, User, alias_attributes
from poolhouse.store import Transaction


def take_aliases(tx: Transaction, pool: UserPool, user: User, now: datetime) -> None:
    """Take the verified email and phone number of `user` from who has them as a name, before `user` is written.

    The earlier owner keeps the attribute, unverified: it is no name of theirs any more.

    Source: Cognito API reference, AdminCreateUser (ForceAliasCreation); developer guide, "Customizing sign-in
    attributes" (an alias has one owner, the last who verified it).
    """
    for kind, verified in VERIFIED.items():
        if kind not in alias_attributes(pool) or not user.is_verified(kind):
            continue
        owner = tx.users.owner_of_alias(pool, kind, user.attributes[kind])
        former = None if owner in (None, user.sub) else tx.users.lock(pool.id, str(owner))
        if former is not None:
            tx.users.replace(pool, former.with_attributes(now, {verified: "false"}))


def has_name_of_another(tx: Transaction, pool: UserPool, user: User) -> bool:
    """Whether a name that this person has, or would have, is another's of another kind: a user name that is
    somebody's preferred_username, or the reverse. The index of each kind sees its own kind alone."""
    if PREFERRED_USERNAME not in alias_attributes(pool):
        return False
    names = (user.username, user.attributes.get(PREFERRED_USERNAME))
    owners = [tx.users.find(pool, name) for name in names if name]
    return any(owner is not None and owner.sub != user.sub for owner in owners)
