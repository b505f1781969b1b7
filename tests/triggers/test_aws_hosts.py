"""Where AWS's services are asked: at no host that the owner of a pool makes up."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import NoReturn

import pytest

from poolhouse.core.messages import Purpose
from poolhouse.core.outgoing import Outgoing
from poolhouse.core.secret import Secret
from poolhouse.ports.aws_hosts import endpoint_of
from poolhouse.ports.carriers import Refused, Unavailable
from poolhouse.ports.kms import KmsUnavailable, RemoteKms
from poolhouse.ports.outbound import Outbound
from poolhouse.ports.signing import AwsKeys
from poolhouse.ports.sns import SnsAccount, SnsCarrier

SECRET = Secret("secret")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MESSAGE = Outgoing(
    id="one",
    pool_id="us-east-1_abcdefghi",
    medium="SMS",
    purpose=Purpose.SIGN_UP,
    created_at=NOW,
    expires_at=NOW,
    destination="+14155550100",
    subject="",
    body="hello",
    code="",
    username="ada",
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that anything was posted to."""
    addresses: list[str] = []

    async def post(outbound: Outbound, url: str, *_: object) -> NoReturn:
        addresses.append(url)
        raise Unavailable("nobody is there")

    monkeypatch.setattr(Outbound, "post", post)
    return addresses


def test_the_hosts_of_a_region_are_where_aws_says() -> None:
    assert endpoint_of("lambda", "eu-west-1", "aws") == "https://lambda.eu-west-1.amazonaws.com"
    assert endpoint_of("kms", "cn-north-1", "aws-cn") == "https://kms.cn-north-1.amazonaws.com.cn"
    assert endpoint_of("sns", "eusc-de-east-1") == "https://sns.eusc-de-east-1.amazonaws.eu"
    assert endpoint_of("lambda", "us-made-1") is None
    assert endpoint_of("lambda", "eu-west-1", "aws-cn") is None


def test_a_key_in_a_region_that_there_is_not_is_asked_of_nobody(asked: list[str]) -> None:
    kms = RemoteKms(AwsKeys("AKIAEXAMPLEEXAMPLE12", SECRET))
    for place in ("aws:kms:us-made-1", "aws-cn:kms:eu-west-3"):
        with pytest.raises(KmsUnavailable, match="is in no region of"):
            asyncio.run(kms.generate_data_key(f"arn:{place}:123456789012:key/one", {}))
    assert asked == []
    with pytest.raises(KmsUnavailable, match="nobody is there"):
        asyncio.run(kms.generate_data_key("arn:aws:kms:eu-west-3:123456789012:key/one", {}))
    assert asked == ["https://kms.eu-west-3.amazonaws.com/"]


def test_an_sms_by_a_region_that_there_is_not_is_given_to_nobody(asked: list[str]) -> None:
    def carry(region: str | None, own: str = "eu-west-1") -> None:
        carrier = SnsCarrier(SnsAccount(own, "AKIAEXAMPLEEXAMPLE12", SECRET))
        asyncio.run(carrier.carry(replace(MESSAGE, sns_region=region)))

    with pytest.raises(Refused, match="is no region"):
        carry("us-made-1")
    assert asked == []
    for region, own in ((None, "eu-west-1"), ("ap-south-1", "eu-west-1"), (None, "eu-newest-1")):
        with pytest.raises(Unavailable):
            carry(region, own)
    assert asked == [
        "https://sns.eu-west-1.amazonaws.com/",
        "https://sns.ap-south-1.amazonaws.com/",
        "https://sns.eu-newest-1.amazonaws.com/",
    ]
