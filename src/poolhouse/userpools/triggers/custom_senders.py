"""In place of sending: a pool's function is told of the message, and sends it by itself.

The message waits in the outbox like any other and is tried until the function has taken it, so none is lost; a function
may hear of one twice. Nobody who signs in waits for it, and nobody hears that it failed.

Source: Cognito developer guide, "Custom sender Lambda triggers".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

import orjson

from poolhouse.core import kms
from poolhouse.core.custom_messages import SOURCES
from poolhouse.core.custom_senders import (
    context_of,
    key_of,
    secret_in,
    sender_event,
    sender_of,
    told_in,
)
from poolhouse.core.encryption_message import KEY_SIZE, MESSAGE_ID_SIZE, DataKey, encryption_message
from poolhouse.core.ids import Random
from poolhouse.core.messages import Medium, Purpose
from poolhouse.core.outgoing import Outgoing, Told
from poolhouse.core.pools import UserPool
from poolhouse.core.triggers import attributes_of, sdk_of
from poolhouse.core.users import EMAIL, PHONE_NUMBER, User
from poolhouse.operation import Call
from poolhouse.ports import Ports
from poolhouse.ports.carriers import Unavailable
from poolhouse.ports.functions import FunctionFailed, FunctionUnavailable
from poolhouse.ports.kms import KmsUnavailable
from poolhouse.store import Store

ATTRIBUTES: Mapping[Medium, str] = {"EMAIL": EMAIL, "SMS": PHONE_NUMBER}


def told(
    call: Call, pool: UserPool, user: User, purpose: Purpose, medium: Medium, destination: str
) -> Told | None:
    """What the pool's function is told of a message; None where the pool has none for this medium.

    The address that the message is for stands among the attributes, though it may not be the person's yet.
    """
    if sender_of(pool, medium) is None:
        return None
    return Told(
        source=SOURCES[purpose],
        username=user.username,
        attributes={**attributes_of(pool, user), ATTRIBUTES[medium]: destination},
        sdk=sdk_of(call.user_agent),
        metadata=dict(call.message_metadata) or None,
    )


class CustomSender:
    """Hands messages of one pool over to its function. Whoever makes one knows that the pool has one."""

    name = "function"

    def __init__(self, pool: UserPool, ports: Ports, store: Store, random: Random) -> None:
        self._pool, self._ports, self._store, self._random = pool, ports, store, random

    async def carry(self, message: Outgoing) -> None:
        """Ask the function, and wait until it is done. What it answers is not read.

        Raises:
            Unavailable: it threw, gave no answer, or its code could not be encrypted.
        """
        arn, told = sender_of(self._pool, message.medium), told_in(message)
        assert arn is not None
        assert told is not None
        secret = secret_in(message)
        code = await self._encrypted(secret.encode()) if secret else None
        event = sender_event(self._pool, message, told, code)
        try:
            await self._ports.functions.invoke(
                arn, orjson.dumps(event), pool_id=self._pool.id, in_background=True
            )
        except FunctionFailed:
            # Its own words may hold what it decrypted.
            raise Unavailable(f"{arn} threw") from None
        except FunctionUnavailable as unavailable:
            raise Unavailable(str(unavailable)) from None

    async def aclose(self) -> None:
        pass

    async def _encrypted(self, plain: bytes) -> str:
        context = context_of(self._pool)
        data_key = await self._data_key(context)
        message_id = self._random.token_bytes(MESSAGE_ID_SIZE)
        return base64.b64encode(encryption_message(plain, data_key, context, message_id)).decode()

    async def _data_key(self, context: Mapping[str, str]) -> DataKey:
        key_arn = key_of(self._pool)
        key = kms.built_in_key(key_arn, self._pool.account_id)
        if key is not None:
            plain = self._random.token_bytes(KEY_SIZE)
            material = self._store.key_for(key.purpose)
            return DataKey(plain, kms.encrypt(material, key, plain, context, self._random), key.arn)
        if self._ports.kms is None:
            raise Unavailable(f"KMSKeyID {key_arn} is not this server's own key, and no KMS is configured")
        try:
            return await self._ports.kms.generate_data_key(key_arn, context)
        except KmsUnavailable as unavailable:
            raise Unavailable(str(unavailable)) from None
