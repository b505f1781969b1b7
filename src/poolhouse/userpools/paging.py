"""Lists, page by page: by key, never by offset; the token is opaque, sealed, and bound to its question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from poolhouse.core.paging import open_page, seal_page
from poolhouse.operation import Call
from poolhouse.store import Transaction

Row = TypeVar("Row")
DEFAULT_PAGE = 60
"""What a Limit of 0, or none, stands for."""


async def page(
    call: Call,
    read: Callable[[Transaction, str, int], Sequence[Row]],
    position: Callable[[Row], str],
    *,
    about: str,
    size: int | None,
    token: str | None,
) -> tuple[Sequence[Row], str | None]:
    """The next `size` rows and the token of the page behind them, None on the last.

    `read(tx, after, limit)` gives rows in the order of `position`; `about` is what else the question was
    (a pool's id, a filter), so that a token of one list opens no other.

    Raises:
        InvalidParameterException: the token is not one of this list's.
    """
    limit = size or DEFAULT_PAGE
    context = "|".join((call.account_id, call.region, call.operation, about))
    after = open_page(call.store.page_key, context, token) if token is not None else ""
    rows = await call.store.read(lambda tx: read(tx, after, limit + 1))
    if len(rows) <= limit:
        return rows, None
    shown = rows[:limit]
    return shown, seal_page(call.store.page_key, context, position(shown[-1]))
