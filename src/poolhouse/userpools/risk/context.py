"""Where a person's request comes from, as far as the pool's own people and back ends may say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from poolhouse.core.auth_events import Origin
from poolhouse.core.context_data import device_id
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.operation import Call

LONGEST_ADDRESS = 64
LONGEST_AGENT = 512


def seen_from(call: Call, app: AppSnapshot, request: Mapping[str, Any]) -> Call:
    """The call, knowing where its person is.

    A back end, which signs its requests, says it in ContextData. In UserContextData anybody may tell devices apart,
    but says an address only at a client that has EnablePropagateAdditionalUserContextData; else it is the caller's.

    Source: Cognito API reference, ContextDataType, UserContextDataType; developer guide, "Adding user device and
    session data to API requests".
    """
    if call.operation.startswith("Admin"):
        context = request.get("ContextData")
        return call if context is None else replace(call, origin=_of_back_end(context))
    context = request.get("UserContextData", {})
    address = call.address
    if app.client.settings.get("EnablePropagateAdditionalUserContextData"):
        address = context.get("IpAddress") or address
    device = device_id(context.get("EncodedData", ""))
    origin = Origin(address[:LONGEST_ADDRESS], call.user_agent, device, bool(context))
    return replace(call, origin=origin)


def is_told(call: Call) -> bool:
    """Whether it is the person who is seen, and not a back end that says nothing of them."""
    return call.origin is not None or not call.operation.startswith("Admin")


def _of_back_end(context: Mapping[str, Any]) -> Origin:
    agent = next(
        (
            header.get("headerValue", "")
            for header in context["HttpHeaders"]
            if header.get("headerName", "").lower() == "user-agent"
        ),
        "",
    )
    return Origin(
        context["IpAddress"][:LONGEST_ADDRESS],
        agent[:LONGEST_AGENT],
        device_id(context.get("EncodedData", "")),
        True,
    )
