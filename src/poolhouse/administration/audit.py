"""The audit: who did what, when and from where."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from poolhouse.core.audit import AuditRecord
from poolhouse.core.documents import epoch
from poolhouse.core.errors import InvalidParameterException, ResourceNotFoundException
from poolhouse.core.paging import open_page, seal_page
from poolhouse.operation import Call
from poolhouse.shapes.poolhouse import AuditEventType, ListAuditEventsRequest, ListAuditEventsResponse
from poolhouse.store import Transaction
from poolhouse.store.repositories.audit import AuditFilter
from poolhouse.store.rows import is_storable

DEFAULT_PAGE = 60


async def list_audit_events(call: Call, request: ListAuditEventsRequest) -> ListAuditEventsResponse:
    """The events of the account, or of one of its pools, newest first. A page can have fewer than MaxResults, and
    none, though there are more: a NextToken says so. A pool that was deleted can still be asked for.

    Raises:
        ResourceNotFoundException: no such pool, now or then.
        InvalidParameterException: a user without a pool; a time that there is not; the token is not one of this list's.
    """
    if "Username" in request and "UserPoolId" not in request:
        raise InvalidParameterException("Username needs UserPoolId.")
    since, until = _moment(request.get("StartTime")), _moment(request.get("EndTime"))
    limit = request.get("MaxResults", DEFAULT_PAGE)
    asked = {name: value for name, value in request.items() if name not in ("MaxResults", "NextToken")}
    # As JSON, since a name may hold what can't be encoded.
    context = "|".join(
        (call.account_id, call.region, call.operation, json.dumps(asked, sort_keys=True, default=str))
    )
    before = ""
    if "NextToken" in request:
        before = open_page(call.store.page_key, context, request["NextToken"])

    def find(tx: Transaction) -> tuple[list[AuditRecord], str | None]:
        pool_id, name = request.get("UserPoolId"), request.get("Username")
        if pool_id is not None:
            _refuse_unknown(tx, call, pool_id)
        sub = None if name is None or pool_id is None else _sub(tx, pool_id, name)
        if not is_storable(sub or ""):
            return [], None
        wanted = AuditFilter(
            pool_id=pool_id,
            sub=sub,
            event_names=frozenset(request["EventNames"]) if "EventNames" in request else None,
            actor=request.get("Actor"),
            since=since,
            until=until,
        )
        return tx.audit.search(call.account_id, wanted, before=before, size=limit)

    found, next_place = await call.store.read(find)
    answer: ListAuditEventsResponse = {"AuditEvents": [describe(record) for record in found]}
    if next_place is not None:
        answer["NextToken"] = seal_page(call.store.page_key, context, next_place)
    return answer


def describe(record: AuditRecord) -> AuditEventType:
    answer: AuditEventType = {
        "EventId": record.id,
        "EventTime": epoch(record.at),
        "EventName": record.event_name,
        "Actor": record.actor,
        "SourceIpAddress": record.source_ip_address,
        "CloudTrailEvent": json.dumps(record.to_event(), separators=(",", ":")),
    }
    if record.pool_id is not None:
        answer["UserPoolId"] = record.pool_id
    if record.sub is not None:
        answer["UserSub"] = record.sub
    if record.client_id is not None:
        answer["ClientId"] = record.client_id
    if record.error_code is not None:
        answer["ErrorCode"] = record.error_code
    return answer


def _refuse_unknown(tx: Transaction, call: Call, pool_id: str) -> None:
    """A pool of this account and region it must be, or have been."""
    # A pool's id begins with its region; who may read of another region's pools asks there.
    if not pool_id.startswith(f"{call.region}_") or not is_storable(pool_id):
        raise ResourceNotFoundException(f"User pool {pool_id} does not exist.")
    if not tx.audit.tells_of(call.account_id, pool_id):
        tx.pools.get(call.account_id, call.region, pool_id)


def _sub(tx: Transaction, pool_id: str, name: str) -> str:
    """Whose name it is; a name that is nobody's any more may be the sub of who is gone."""
    pool = tx.pools.find(pool_id)
    user = None if pool is None else tx.users.find(pool, name)
    return name if user is None else user.sub


def _moment(seconds: float | None) -> datetime | None:
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        raise InvalidParameterException("No such time.") from None
