"""A key management service that is not this server's own: AWS KMS, or what speaks its API.

Source: AWS KMS API reference, GenerateDataKey.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Mapping

import orjson

from poolhouse.core.encryption_message import KEY_SIZE, DataKey
from poolhouse.ports.aws_hosts import endpoint_of
from poolhouse.ports.carriers import Unavailable
from poolhouse.ports.outbound import Answer, Outbound
from poolhouse.ports.signing import AwsKeys, signed

ARN = re.compile(r"arn:(aws[a-z-]{0,16}):kms:([a-z0-9-]{1,32}):[0-9]{12}:(?:key|alias)/[A-Za-z0-9/_-]{1,256}")
WITHIN = 4.0
"""Seconds for the whole of a request: what is left of an attempt to deliver is the function's."""
LONGEST_KEY = 6144
"""Bytes of an encrypted data key. Source: AWS KMS API reference, CiphertextType."""
HEADERS = {
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": "TrentService.GenerateDataKey",
}
ERROR_NAME = re.compile(r"[A-Za-z.#]{1,100}")


class KmsUnavailable(Exception):
    """There is no data key. The text says why, for the operator, and holds no secret."""


class RemoteKms:
    """Belongs to one event loop."""

    def __init__(self, keys: AwsKeys, endpoint_url: str | None = None) -> None:
        """`endpoint_url` where it is not Amazon's in the region of each key."""
        self._keys = keys
        self._endpoint_url = endpoint_url
        self._outbound = Outbound()

    async def generate_data_key(self, key_arn: str, context: Mapping[str, str]) -> DataKey:
        """A key for one message, encrypted under the key that the ARN names.

        Raises:
            KmsUnavailable: the service refused, gave no answer, or none that can be used.
        """
        found = ARN.fullmatch(key_arn)
        if found is None:
            raise KmsUnavailable(f"{key_arn} names no key of KMS")
        region = found[2]
        endpoint = self._endpoint_url or endpoint_of("kms", region, found[1])
        if endpoint is None:
            raise KmsUnavailable(f"{key_arn} is in no region of {found[1]}")
        url = endpoint.rstrip("/") + "/"
        asked = {"KeyId": key_arn, "NumberOfBytes": KEY_SIZE, "EncryptionContext": dict(context)}
        body = orjson.dumps(asked)
        try:
            async with asyncio.timeout(WITHIN):
                answer = await self._outbound.post(
                    url, body, signed(self._keys, "kms", region, url, body, HEADERS)
                )
        except Unavailable as unavailable:
            raise KmsUnavailable(f"KMS: {unavailable}") from None
        except TimeoutError:
            raise KmsUnavailable(f"KMS: no answer within {WITHIN:g} s") from None
        if answer.status != 200:
            raise KmsUnavailable(f"KMS answered {answer.status} {_error(answer)} for {key_arn}")
        return _data_key(answer)

    async def aclose(self) -> None:
        await self._outbound.aclose()


def _data_key(answer: Answer) -> DataKey:
    try:
        document = orjson.loads(answer.body)
        plain = base64.b64decode(document["Plaintext"], validate=True)
        encrypted = base64.b64decode(document["CiphertextBlob"], validate=True)
        key_arn = document["KeyId"]
    except (ValueError, KeyError, TypeError):
        raise KmsUnavailable("KMS gave an answer that is none") from None
    is_whole = len(plain) == KEY_SIZE and 0 < len(encrypted) <= LONGEST_KEY
    if not is_whole or not isinstance(key_arn, str) or ARN.fullmatch(key_arn) is None:
        raise KmsUnavailable("KMS gave an answer that is no data key")
    return DataKey(plain, encrypted, key_arn)


def _error(answer: Answer) -> str:
    try:
        name = orjson.loads(answer.body)["__type"].rpartition("#")[2]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
    return name if ERROR_NAME.fullmatch(name) else ""
