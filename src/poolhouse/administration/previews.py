"""A look at the hosted pages of a client: all of them, in each of their states, as they are now."""

from __future__ import annotations

from poolhouse.core.documents import epoch
from poolhouse.core.domains import Domain, DomainKind
from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.previews import FOLDER, LASTS, PURPOSE, STATES, preview_token
from poolhouse.operation import Call
from poolhouse.shapes.poolhouse import GetPagesPreviewRequest, GetPagesPreviewResponse
from poolhouse.store import Transaction


async def get_pages_preview(call: Call, request: GetPagesPreviewRequest) -> GetPagesPreviewResponse:
    """An address at the pool's domain, the custom one where it has both. Whoever has it may look for an hour.

    Raises:
        ResourceNotFoundException: no such pool, or client.
        InvalidParameterException: the pool has no domain.
    """
    pool_id, client_id = request["UserPoolId"], request["ClientId"]

    def find(tx: Transaction) -> list[Domain]:
        tx.pools.get(call.account_id, call.region, pool_id)
        tx.clients.require(pool_id, client_id)
        return tx.domains.of(pool_id)

    domains = {domain.kind: domain for domain in await call.store.read(find)}
    domain = domains.get(DomainKind.CUSTOM) or domains.get(DomainKind.PREFIX)
    if domain is None:
        raise InvalidParameterException("The user pool has no domain.")
    base = call.parts.addresses.of_domain(domain.name, is_custom=domain.kind is DomainKind.CUSTOM)
    expires_at = call.now + LASTS
    token = preview_token(call.store.key_for(PURPOSE), pool_id, client_id, expires_at)
    return {
        "Address": f"{base}{FOLDER}{token}",
        "ExpirationDate": epoch(expires_at.replace(microsecond=0)),
        "Pages": [
            {"Name": name, "Title": title, "Group": group}
            for group, states in STATES.items()
            for name, title in states.items()
        ],
    }
