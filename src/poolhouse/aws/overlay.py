"""What AWS's documentation has and botocore's model lacks, laid over the model as it is read.

Each entry says where the documentation has it. An entry that a newer botocore makes idle is found by a test.
"""

from __future__ import annotations

from typing import Any

_ADDED_ENUM_VALUES = {
    # Developer guide, "Scopes, M2M, and resource servers"; named in the model's own text of GetClientToken.
    ("cognito-idp", "ExplicitAuthFlowsType"): ("ALLOW_CLIENT_TOKEN_AUTH",),
}

_UNSIGNED = {
    # "Amazon Cognito doesn't evaluate Identity and Access Management (IAM) policies in requests for this API
    # operation." (API reference.) The client's secret decides, with or without a signature.
    "cognito-idp": ("GetClientToken",),
}

_REPLACED_CONSTRAINTS: dict[tuple[str, str], dict[str, Any]] = {
    # A custom domain is a host name with dots (API reference, CreateUserPoolDomain: "auth.example.com"),
    # which the model's pattern for prefix domains refuses. 255: the longest host name (RFC 1123 §2.1).
    ("cognito-idp", "DomainType"): {
        "max": 255,
        "pattern": r"^[a-z0-9](?:[a-z0-9\-\.]{0,253}[a-z0-9])?$",
    },
}


def applied(service: str, model: dict[str, Any]) -> dict[str, Any]:
    """`model`, changed in place."""
    for (owner, shape), values in _ADDED_ENUM_VALUES.items():
        if owner == service:
            known = model["shapes"][shape]["enum"]
            known += [value for value in values if value not in known]
    for operation in _UNSIGNED.get(service, ()):
        model["operations"][operation]["auth"] = ["smithy.api#noAuth"]
    for (owner, shape), constraints in _REPLACED_CONSTRAINTS.items():
        if owner == service:
            model["shapes"][shape].update(constraints)
    return model
