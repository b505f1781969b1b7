"""A function that AWS Lambda runs, or anything that speaks its Invoke: LocalStack, SAM, the runtime interface emulator.

Source: AWS Lambda API reference, Invoke (2015-03-31).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import orjson

from poolhouse.core.secret import Secret
from poolhouse.ports.aws_hosts import endpoint_of
from poolhouse.ports.functions.port import ACCESS_DENIED, FunctionUnavailable
from poolhouse.ports.functions.posting import Poster
from poolhouse.ports.functions.webhook import function_error
from poolhouse.ports.signing import AwsKeys, signed

ARN = re.compile(
    r"arn:(aws[a-z-]*):lambda:([a-z0-9-]{1,32}):([0-9]{12}):function:([A-Za-z0-9_-]{1,64})(?::(.{1,128}))?"
)
ERROR_NAME = re.compile(r"[A-Za-z0-9.]{1,100}")


@dataclass(frozen=True, slots=True)
class LambdaAccount:
    """Whose keys sign. Without keys nothing is signed, which a service of one's own may not mind."""

    access_key_id: str | None = None
    secret_access_key: Secret | None = None
    session_token: Secret | None = None
    endpoint_url: str | None = None
    """Where it is not Amazon's."""


class LambdaFunctions:
    """Invokes functions by their ARNs, each in its region. `name` is asked in their place, where one is given: the
    emulator knows its one function as `function`."""

    def __init__(self, account: LambdaAccount, max_answer: int, name: str | None = None) -> None:
        self._account = account
        self._max_answer = max_answer
        self._name = name
        self._posters: dict[str, Poster] = {}

    def start(self) -> None:
        pass

    async def ask(self, arn: str, event: bytes, seconds: float) -> bytes:
        found = ARN.fullmatch(arn)
        if found is None:
            raise FunctionUnavailable(f"{arn} names no Lambda function")
        partition, region = found[1], found[2]
        endpoint = self._account.endpoint_url or endpoint_of("lambda", region, partition)
        if endpoint is None:
            raise FunctionUnavailable(f"{arn} is in no region of {partition}", ACCESS_DENIED)
        endpoint = endpoint.rstrip("/")
        path = f"/2015-03-31/functions/{quote(self._name or arn, safe='')}/invocations"
        headers = self._signed(f"{endpoint}{path}", region, event)
        target = urlsplit(endpoint).path + path
        answer = await self._poster(endpoint).post(target, event, headers)
        if answer.status != 200:
            kind = answer.headers.get("x-amzn-errortype", "").partition(":")[0]
            said = kind if ERROR_NAME.fullmatch(kind) else ""
            raise FunctionUnavailable(f"Lambda answered {answer.status} {said}".rstrip(), said)
        if "x-amz-function-error" in answer.headers:
            raise function_error(answer.body, answer.headers["x-amz-function-error"])
        if b'"errorMessage"' in answer.body and _is_error(answer.body):
            raise function_error(answer.body)
        return answer.body

    async def aclose(self) -> None:
        for poster in self._posters.values():
            await poster.aclose()

    def _poster(self, endpoint: str) -> Poster:
        if endpoint not in self._posters:
            self._posters[endpoint] = Poster(endpoint, self._max_answer)
        return self._posters[endpoint]

    def _signed(self, url: str, region: str, event: bytes) -> dict[str, str]:
        headers = {"content-type": "application/json", "x-amz-invocation-type": "RequestResponse"}
        account = self._account
        if account.access_key_id is None or account.secret_access_key is None:
            return headers
        keys = AwsKeys(account.access_key_id, account.secret_access_key, account.session_token)
        return signed(keys, "lambda", region, url, event, headers)


def _is_error(body: bytes) -> bool:
    """AWS's emulator says 200 of a function that threw, and has no header that would tell it from an answer."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return (
        isinstance(document, dict)
        and {"errorMessage", "errorType"} <= document.keys()
        and not ({"response", "triggerSource"} & document.keys())
    )
