"""The logs that a pool exports: which events of it go where, and how a line of them reads.

Source: Cognito developer guide, "Exporting logs from Amazon Cognito user pools".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from poolhouse.core.auth_events import AuthEvent
from poolhouse.core.dispatches import Dispatch, DispatchKind
from poolhouse.core.errors import FeatureUnavailableInTierException, InvalidParameterException
from poolhouse.core.messages import Medium, mask
from poolhouse.core.pools import UserPool
from poolhouse.shapes.cognito_idp import LogConfigurationType

Source = Literal["userNotification", "userAuthEvents"]
LEVELS: Mapping[str, str] = {"userNotification": "ERROR", "userAuthEvents": "INFO"}
"""Of each source the one level that it has."""
DESTINATIONS = {
    "CloudWatchLogsConfiguration": "LogGroupArn",
    "S3Configuration": "BucketArn",
    "FirehoseConfiguration": "StreamArn",
}
FORMS = {
    "CloudWatchLogsConfiguration": re.compile(r"arn:[^:]+:logs:([^:]*):([^:]*):log-group:([^:]+)(?::\*)?"),
    "S3Configuration": re.compile(r"arn:[^:]+:s3:():():([^:/]+)"),
    "FirehoseConfiguration": re.compile(r"arn:[^:]+:firehose:([^:]*):([^:]*):deliverystream/([^:/]+)"),
}
"""Region, account and name."""
FOLDERS = {
    "CloudWatchLogsConfiguration": "cloudwatch",
    "S3Configuration": "s3",
    "FirehoseConfiguration": "firehose",
}


def check_log_delivery(pool: UserPool, given: Sequence[LogConfigurationType]) -> None:
    """Refuse what Cognito refuses.

    Raises:
        InvalidParameterException: a source without a destination, with two, or twice; a level or a destination that
            the source does not have; an ARN of something else, or of another account.
        FeatureUnavailableInTierException: what people do is exported on the PLUS plan alone.

    Source: Cognito API reference, LogConfigurationType; answers of the service.
    """
    sources = [configuration["EventSource"] for configuration in given]
    homeless = _once(c["EventSource"] for c in given if not _destinations(c))
    twice = _once(source for source in sources if sources.count(source) > 1)
    complaints = ""
    if homeless:
        complaints += f" Following event sources in request have no destination: [{', '.join(homeless)}]."
    if twice:
        complaints += f" Following event sources appear more then once in a request: [{', '.join(twice)}]."
    if complaints:
        raise InvalidParameterException(f"Request validation Failed.{complaints}")
    for configuration in given:
        _check(pool, configuration)


def _check(pool: UserPool, configuration: LogConfigurationType) -> None:
    source, level = configuration["EventSource"], configuration["LogLevel"]
    if level != LEVELS[source]:
        raise InvalidParameterException(f"Log level {level} is not supported for event source {source}.")
    destinations = _destinations(configuration)
    if len(destinations) > 1:
        raise InvalidParameterException(f"Event source {source} can have only one destination.")
    kind, arn = destinations[0]
    if source == "userNotification" and kind != "CloudWatchLogsConfiguration":
        raise InvalidParameterException(f"Event source {source} can only be delivered to CloudWatch Logs.")
    if source == "userAuthEvents" and pool.tier != "PLUS":
        raise FeatureUnavailableInTierException(
            f"The following feature is not available for the {pool.tier} pricing tier configured: "
            "User activity log export"
        )
    form = FORMS[kind].fullmatch(arn)
    if form is None:
        raise InvalidParameterException(f"Invalid {DESTINATIONS[kind]}: {arn}")
    if form[2] not in ("", pool.account_id):
        raise InvalidParameterException(f"{DESTINATIONS[kind]} must be in the user pool's account.")


def destination(pool: UserPool, source: Source) -> str | None:
    """The ARN of where a pool's events of this source go; None for nowhere."""
    for configuration in pool.log_delivery:
        if configuration["EventSource"] == source:
            return _destinations(configuration)[0][1]
    return None


def place_of(arn: str) -> tuple[str, str]:
    """What a destination's kind and name are, as a folder and a file may be called."""
    for kind, form in FORMS.items():
        if found := form.fullmatch(arn):
            return FOLDERS[kind], found[3]
    raise ValueError("not the ARN of a destination")


def auth_event_log(pool: UserPool, event: AuthEvent, *, id: str, at: datetime) -> Dispatch | None:
    """The line that tells of an event as it is now; None where the pool exports none."""
    feedback, risk = event.feedback, event.risk
    message = {
        "version": "1",
        "eventId": event.id,
        "eventType": event.kind,
        "userSub": event.sub,
        "userName": event.username,
        "userPoolId": event.pool_id,
        "clientId": event.client_id,
        "creationDate": _java_date(event.created_at),
        "eventResponse": event.outcome,
        "riskLevel": risk.level or "",
        "riskDecision": {"NoRisk": "PASS", "AccountTakeover": "ACCOUNT_TAKEOVER", "Block": "BLOCK"}[
            risk.decision
        ],
        "challenges": [f"{name}:{result}" for name, result in event.challenges],
        "deviceName": event.origin.device,
        "ipAddress": event.origin.address,
        "requestId": event.request_id,
        "idpName": event.provider,
        "compromisedCredentialDetected": str(risk.compromised).lower(),
        "city": "",
        "country": "",
        "eventFeedbackValue": "" if feedback is None else feedback.value,
        "eventFeedbackDate": "" if feedback is None else _java_date(feedback.at),
        "eventFeedbackProvider": "" if feedback is None else feedback.provider,
        "hasContextData": str(event.origin.has_context).lower(),
    }
    return _line(pool, "userAuthEvents", message, id=id, at=at)


def undelivered_log(
    pool: UserPool, medium: Medium, to: str, why: str, *, id: str, at: datetime
) -> Dispatch | None:
    """The line that tells of a message that did not reach somebody; None where the pool exports none."""
    what = "SMS" if medium == "SMS" else "Email"
    details = f"{what} message to {mask(medium, to)} was not delivered: {why}"
    return _line(pool, "userNotification", {"details": details}, id=id, at=at)


def _line(
    pool: UserPool, source: Source, message: Mapping[str, Any], *, id: str, at: datetime
) -> Dispatch | None:
    arn = destination(pool, source)
    if arn is None:
        return None
    data = {
        "eventTimestamp": str(int(at.timestamp() * 1000)),
        "eventSource": {"userNotification": "USER_NOTIFICATION", "userAuthEvents": "USER_ACTIVITY"}[source],
        "logLevel": LEVELS[source],
        "message": message,
        "logSourceId": {"userPoolId": pool.id},
    }
    return Dispatch(
        id=id, kind=DispatchKind.LOG, type=f"log.{source}", data=data, created_at=at, destination=arn
    )


def _destinations(configuration: LogConfigurationType) -> list[tuple[str, str]]:
    found = ((kind, configuration.get(kind, {}).get(arn)) for kind, arn in DESTINATIONS.items())  # type: ignore[attr-defined]  # of documents with that one member
    return [(kind, arn) for kind, arn in found if arn]


def _once(sources: Any) -> list[str]:
    return list(dict.fromkeys(sources))


def _java_date(moment: datetime) -> str:
    """`Wed Jul 17 17:25:55 UTC 2024`, in English whatever the machine's language is."""
    at = moment.astimezone(UTC)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[at.weekday()]
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{day} {months[at.month - 1]} {at:%d %H:%M:%S} UTC {at.year}"
