"""The local inbox: what would have been sent to people, had something been configured to carry it."""

from __future__ import annotations

from poolhouse.core.documents import epoch
from poolhouse.core.outgoing import Outgoing
from poolhouse.core.paging import open_page, seal_page
from poolhouse.operation import Call
from poolhouse.shapes.poolhouse import InboxMessageType, ListInboxMessagesRequest, ListInboxMessagesResponse
from poolhouse.store import Transaction

DEFAULT_PAGE = 60


async def list_inbox_messages(call: Call, request: ListInboxMessagesRequest) -> ListInboxMessagesResponse:
    """The messages of the account, or of one of its pools, newest first.

    Raises:
        ResourceNotFoundException: no such pool.
        InvalidParameterException: the token is not one of this list's.
    """
    pool_id = request.get("UserPoolId")
    limit = request.get("MaxResults", DEFAULT_PAGE)
    context = "|".join((call.account_id, call.region, call.operation, pool_id or ""))
    before = ""
    if "NextToken" in request:
        before = open_page(call.store.page_key, context, request["NextToken"])

    def find(tx: Transaction) -> list[Outgoing]:
        if pool_id is not None:
            tx.pools.get(call.account_id, call.region, pool_id)
        return tx.inbox.page(call.account_id, pool_id=pool_id, before=before, size=limit + 1)

    messages = await call.store.read(find)
    answer: ListInboxMessagesResponse = {"Messages": [describe(message) for message in messages[:limit]]}
    if len(messages) > limit:
        answer["NextToken"] = seal_page(call.store.page_key, context, messages[limit - 1].id)
    return answer


def describe(message: Outgoing) -> InboxMessageType:
    answer: InboxMessageType = {
        "MessageId": message.id,
        "UserPoolId": message.pool_id,
        "Medium": message.medium,
        "Purpose": message.purpose.value,
        "Destination": message.destination,
        "UserName": message.username,
        "Body": message.body,
        "CreateDate": epoch(message.created_at),
    }
    if message.subject:
        answer["Subject"] = message.subject
    if message.code:
        answer["Code"] = message.code
    return answer
