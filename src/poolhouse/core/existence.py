"""What is said of a person who does not exist, so that nobody can tell them from one who does.

Everything that is made up follows from the name by a keyed hash: it is the same each time, on each node and after a
restart, and it can't be told from the truth without the key.

Source: Cognito developer guide, "Managing user existence error responses"; RFC 5054 §2.5.1.3 has the idea.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence

from poolhouse.core.pools import UserPool
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.user_attributes import is_email, is_phone_number
from poolhouse.core.users import EMAIL, PHONE_NUMBER, username_key

LOCAL_INITIALS = "aaabbcccddeeffgghhijjjjkkkllmmmmmnnoppprrsssstttvw"
DOMAIN_INITIALS = "ggggggggggggghhhhooooyyyyiiaacccmmwesptblfndrkuvjz"
"""How often people's addresses begin so, roughly: evenly drawn letters would show what is made up."""


def hides_existence(app: AppSnapshot) -> bool:
    """Whether the client wants nobody to learn who has an account (PreventUserExistenceErrors)."""
    return app.client.settings.get("PreventUserExistenceErrors") == "ENABLED"


def name_digest(key: bytes, pool: UserPool, name: str) -> str:
    """What stands for a name that was asked for, whether or not anybody has it. It can't be read back."""
    return _digest(key, pool, name, "name").hex()


def made_up_address(key: bytes, pool: UserPool, name: str, possible: Sequence[str]) -> tuple[str, str]:
    """(attribute, address) that a code for this name would go to; `possible` are the attributes that the pool
    would use, the first one first.

    A name that is itself an address gets the code there, as its owner would. Else the address is made up.
    """
    if EMAIL in possible and is_email(name):
        return EMAIL, name
    if PHONE_NUMBER in possible and is_phone_number(name):
        return PHONE_NUMBER, name
    drawn = _digest(key, pool, name, "address")
    if possible[0] == PHONE_NUMBER:
        return PHONE_NUMBER, f"+1555{int.from_bytes(drawn) % 10_000_000:07}"
    local = LOCAL_INITIALS[int.from_bytes(drawn[:8]) % len(LOCAL_INITIALS)]
    domain = DOMAIN_INITIALS[int.from_bytes(drawn[8:16]) % len(DOMAIN_INITIALS)]
    return EMAIL, f"{local}@{domain}.example"


def _digest(key: bytes, pool: UserPool, name: str, use: str) -> bytes:
    return hmac.digest(key, json.dumps([pool.id, use, username_key(pool, name)]).encode(), hashlib.sha256)
