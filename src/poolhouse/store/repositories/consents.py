"""What people have allowed applications that registered themselves. They go with the person and with the client."""

from __future__ import annotations

import sqlalchemy as sa

from poolhouse.core.consents import Consent
from poolhouse.store import rows
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.tables import consent


class Consents:
    """Rows of `consent`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def find(self, pool_id: str, sub: str, client_id: str) -> Consent | None:
        row = rows.find(self._connection, consent, pool_id=pool_id, sub=sub, client_id=client_id)
        if row is None:
            return None
        document = read_document("consent", row.document)
        return Consent.from_document(
            document, pool_id=pool_id, sub=sub, client_id=client_id, version=row.version
        )

    def add(self, given: Consent) -> None:
        """The person's first for this client; they are locked."""
        values = {
            **_key(given),
            "document": write_document("consent", given.to_document()),
            "version": given.version,
        }
        rows.add(self._connection, consent, values)

    def replace(self, given: Consent) -> None:
        rows.replace_document(self._connection, consent, _key(given), given.to_document(), given.version)


def _key(given: Consent) -> dict[str, str]:
    return {"pool_id": given.pool_id, "sub": given.sub, "client_id": given.client_id}
