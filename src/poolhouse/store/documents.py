"""The JSON documents of the database: each says its version, and an old one is upgraded when it is read.

To change the form of a document, add one small function to its kind's steps: it takes the older document and
gives the next. Rows are rewritten when they are next changed, so an upgrade needs no pass over the table, and
nodes of two releases can run side by side as long as the older one understands what the newer one writes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

Document = dict[str, Any]
Step = Callable[[Document], Document]

STEPS: Mapping[str, tuple[Step, ...]] = {
    "user_pool": (),
    "user_pool_client": (),
    "resource_server": (),
    "user_pool_domain": (),
    "user_group": (),
    "pool_user": (),
    "user_password": (),
    "user_totp": (),
    "user_device": (),
    "user_passkey": (),
    "token_family": (),
    "browser_session": (),
    "authorization_code": (),
    "consent": (),
    "identity_provider": (),
    "user_identity": (),
    "managed_login_branding": (),
    "ui_customization": (),
    "terms": (),
    "access_key": (),
    "audit": (),
    "auth_event": (),
    "dispatch": (),
}
"""By table: the step at index n upgrades version n + 1."""


class NewerDocument(Exception):
    """The document was written by a newer release."""


def write_document(table: str, content: Mapping[str, Any]) -> str:
    # ASCII: PostgreSQL's text takes neither U+0000 nor half a surrogate pair, their escapes it does.
    return json.dumps({"v": len(STEPS[table]) + 1, **content}, separators=(",", ":"))


def read_document(table: str, text: str, steps: Mapping[str, tuple[Step, ...]] = STEPS) -> Document:
    """The document in its present form. Raises NewerDocument."""
    document: Document = json.loads(text)
    version = document.pop("v")
    if version > len(steps[table]) + 1:
        raise NewerDocument(f"{table}: version {version} of a document is of a newer release")
    for step in steps[table][version - 1 :]:
        document = step(document)
    return document
