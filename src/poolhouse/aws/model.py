"""The service models: botocore's description of Cognito's two services and of KMS, and ours of `poolhouse`.

They are the only schema there is for the AWS API. botocore's files are read by path, without importing
its client: a hundred milliseconds at each start otherwise, for code that is never called.
"""

from __future__ import annotations

import gzip
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from poolhouse.aws.overlay import applied

ShapeDocument = Mapping[str, Any]

_FILES = {
    "cognito-idp": "cognito-idp/2016-04-18/service-2.json.gz",
    "cognito-identity": "cognito-identity/2014-06-30/service-2.json.gz",
    "kms": "kms/2014-11-01/service-2.json.gz",
    "poolhouse": "poolhouse/2026-11-01/service-2.json",
}
SERVICES = tuple(_FILES)

OWN_MODELS = Path(__file__).parent / "models"
"""In the layout that botocore's loader knows: boto3 finds the service with AWS_DATA_PATH set to this folder."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What the model says of one operation. `input` and `output` are names of shapes."""

    name: str
    input: str | None
    output: str | None
    is_unsigned: bool
    """Marked `smithy.api#noAuth`: it needs no access key, and no policy speaks of it."""
    errors: frozenset[str]


@dataclass(frozen=True, slots=True)
class ServiceModel:
    name: str
    """The name that requests are signed for, and that actions of policies begin with."""
    target_prefix: str
    operations: Mapping[str, Operation]
    shapes: Mapping[str, ShapeDocument]

    def is_fault(self, error: str) -> bool:
        """Whether the model calls this error the server's own: HTTP 500."""
        return bool(self.shapes.get(error, {}).get("fault"))


@cache
def service_model(service: str) -> ServiceModel:
    """The model of one service, read once in a process."""
    model = applied(service, _read(service))
    return ServiceModel(
        name=service,
        target_prefix=model["metadata"]["targetPrefix"],
        operations={name: _operation(name, document) for name, document in model["operations"].items()},
        shapes=model["shapes"],
    )


def service_of_target_prefix(prefix: str) -> str | None:
    return _TARGET_PREFIXES.get(prefix)


_TARGET_PREFIXES = {
    "AWSCognitoIdentityProviderService": "cognito-idp",
    "AWSCognitoIdentityService": "cognito-identity",
    "TrentService": "kms",
    "Poolhouse_20261101": "poolhouse",
}


def _operation(name: str, document: Mapping[str, Any]) -> Operation:
    return Operation(
        name=name,
        input=document.get("input", {}).get("shape"),
        output=document.get("output", {}).get("shape"),
        is_unsigned="smithy.api#noAuth" in document.get("auth", ()),
        errors=frozenset(error["shape"] for error in document.get("errors", ())),
    )


def _read(service: str) -> dict[str, Any]:
    file = _FILES[service]
    path = OWN_MODELS / file
    if path.exists():
        return orjson.loads(path.read_bytes())  # type: ignore[no-any-return]  # a JSON object by the file's own rule
    return orjson.loads(gzip.decompress((_botocore() / "data" / file).read_bytes()))  # type: ignore[no-any-return]  # the same


def _botocore() -> Path:
    """Where botocore is installed. `find_spec` runs none of its code."""
    found = importlib.util.find_spec("botocore")
    if found is None or found.origin is None:
        raise RuntimeError("botocore, which brings the models of Cognito's services, is not installed")
    return Path(found.origin).parent
