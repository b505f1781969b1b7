"""SMS by Amazon SNS's Publish, or by anything that speaks it.

Source: Amazon SNS API reference, Publish (the query protocol, 2010-03-31), and its common errors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from poolhouse.core.outgoing import Outgoing
from poolhouse.core.secret import Secret
from poolhouse.ports.aws_hosts import endpoint_of
from poolhouse.ports.carriers import Refused, Unavailable
from poolhouse.ports.outbound import Answer, Outbound
from poolhouse.ports.signing import AwsKeys, signed

NEVER = frozenset(
    {
        "InvalidParameter",
        "InvalidParameterException",
        "InvalidParameterValue",
        "OptedOut",
        "ValidationException",
    }
)
"""Errors that are the number's own. What is wrong with keys, limits or the service may be mended."""
REGION = re.compile(r"[a-z0-9-]+")
"""One label of a host name: what a pool's owner writes for a region must not make another host of Amazon's."""
FORM = "application/x-www-form-urlencoded; charset=utf-8"


@dataclass(frozen=True, slots=True)
class SnsAccount:
    region: str
    access_key_id: str
    secret_access_key: Secret
    endpoint_url: str | None = None
    """Where it is not Amazon's."""
    sender_id: str | None = None


class SnsCarrier:
    name = "sns"

    def __init__(self, account: SnsAccount) -> None:
        self._account = account
        self._outbound = Outbound()

    async def carry(self, message: Outgoing) -> None:
        region = message.sns_region or self._account.region
        endpoint = self._account.endpoint_url or endpoint_of("sns", region)
        if endpoint is None and region == self._account.region:
            endpoint = (
                f"https://sns.{region}.amazonaws.com"  # the operator's region may be newer than the list
            )
        if endpoint is None or REGION.fullmatch(region) is None:
            raise Refused("the pool's SnsRegion is no region")
        url = endpoint.rstrip("/") + "/"
        body = urlencode(self._parameters(message)).encode()
        answer = await self._outbound.post(url, body, self._signed(url, region, body))
        if answer.status == 200:
            return
        code = _error(answer)
        if code in NEVER and answer.status == 400:
            raise Refused(code)
        raise Unavailable(f"{answer.status} {code}")

    async def aclose(self) -> None:
        await self._outbound.aclose()

    def _parameters(self, message: Outgoing) -> dict[str, str]:
        parameters = {
            "Action": "Publish",
            "Version": "2010-03-31",
            "PhoneNumber": message.destination,
            "Message": message.body,
        }
        attributes = {"AWS.SNS.SMS.SMSType": "Transactional"}
        if self._account.sender_id:
            attributes["AWS.SNS.SMS.SenderID"] = self._account.sender_id
        for number, (name, value) in enumerate(attributes.items(), 1):
            entry = f"MessageAttributes.entry.{number}"
            parameters[f"{entry}.Name"] = name
            parameters[f"{entry}.Value.DataType"] = "String"
            parameters[f"{entry}.Value.StringValue"] = value
        return parameters

    def _signed(self, url: str, region: str, body: bytes) -> dict[str, str]:
        keys = AwsKeys(self._account.access_key_id, self._account.secret_access_key)
        return signed(keys, "sns", region, url, body, {"content-type": FORM})


def _error(answer: Answer) -> str:
    found = re.search(rb"<Code>([A-Za-z0-9.]{1,100})</Code>", answer.body)
    return found[1].decode() if found else ""
