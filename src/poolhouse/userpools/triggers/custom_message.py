"""Before each message: a pool's function may write its text. It is told what stands for the code, never the code.

Whether somebody is sent a message shows only in the transaction that writes it, and no function is asked within one.
So the transaction is given up there (`TextWanted`), the function is asked, and the transaction is done again:

    messages = await with_texts(call, lambda: call.write(reset, pool_id=pool.id), metadata=…)

Nobody's function is asked for a message that limits or states forbid, and where it fails nothing was done.

Source: Cognito developer guide, "Custom message Lambda trigger".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from poolhouse.core.custom_messages import BODY, CODE, LINK, NAME, SMS, SOURCES, SUBJECT, custom_text_in
from poolhouse.core.messages import CustomText, Purpose
from poolhouse.core.pools import UserPool
from poolhouse.core.triggers import Trigger, attributes_of, function_of
from poolhouse.core.users import User
from poolhouse.operation import Call
from poolhouse.userpools.triggers.calling import run

Result = TypeVar("Result")


class TextWanted(Exception):
    """A message is to be written whose text the pool's function has not been asked for yet."""

    def __init__(
        self, pool: UserPool, user: User, purpose: Purpose, *, client_id: str | None, has_code: bool
    ) -> None:
        super().__init__(purpose.value)
        self.pool, self.user, self.purpose = pool, user, purpose
        self.client_id, self.has_code = client_id, has_code
        self.key = (user.sub, purpose.value)


def asks_function(pool: UserPool) -> bool:
    """Whether a function of the pool writes its texts."""
    return function_of(pool.settings, Trigger.CUSTOM_MESSAGE) is not None


def custom_text(
    call: Call, pool: UserPool, user: User, purpose: Purpose, *, client_id: str | None, has_code: bool
) -> CustomText | None:
    """What the pool's function wants this person to be sent, both by e-mail and by SMS; None where there is none.

    Raises:
        TextWanted: it has to be asked first.
    """
    if not asks_function(pool):
        return None
    wanted = TextWanted(pool, user, purpose, client_id=client_id, has_code=has_code)
    text = call.texts.get(wanted.key)
    if text is None:
        raise wanted
    return text


async def with_texts(
    call: Call, write: Callable[[], Awaitable[Result]], metadata: Mapping[str, str] | None = None
) -> Result:
    """The result of a write that may post messages. `metadata` is the request's ClientMetadata, where the functions
    get it that write messages or send them.

    Raises:
        UserLambdaValidationException: the function threw.
        UnexpectedLambdaException, InvalidLambdaResponseException: it gave no answer, or none that can be sent.
    """
    call.message_metadata.clear()
    call.message_metadata.update(metadata or {})
    while True:
        try:
            return await write()
        except TextWanted as wanted:
            # Asked once for each kind of message, so this ends.
            call.texts[wanted.key] = await _ask(call, wanted, metadata)


async def _ask(call: Call, wanted: TextWanted, metadata: Mapping[str, str] | None) -> CustomText:
    request: dict[str, Any] = {
        "userAttributes": attributes_of(wanted.pool, wanted.user),
        "codeParameter": CODE,
        "linkParameter": LINK,
        "usernameParameter": NAME if wanted.purpose is Purpose.INVITATION else None,
    }
    if metadata:
        request["clientMetadata"] = dict(metadata)
    answer = await run(
        call,
        wanted.pool,
        Trigger.CUSTOM_MESSAGE,
        f"{Trigger.CUSTOM_MESSAGE}_{SOURCES[wanted.purpose]}",
        client_id=wanted.client_id,
        username=wanted.user.username,
        request=request,
        response=dict.fromkeys((SMS, BODY, SUBJECT)),
    )
    return custom_text_in(wanted.pool, wanted.purpose, answer or {}, has_code=wanted.has_code)
