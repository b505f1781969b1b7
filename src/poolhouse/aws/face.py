"""The AWS JSON face: a request becomes a call of one operation, its outcome an answer.

The order of the checks is AWS's: the target; the JSON and its types; the signature; the policies; the
constraints of the model; the operation itself. What is signed by nobody and larger than a page is not
even parsed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from poolhouse.aws import answers, sts
from poolhouse.aws.authentication import Authenticated, authenticate
from poolhouse.aws.authorizing import authorize_call
from poolhouse.aws.json_body import parse_body
from poolhouse.aws.model import Operation, ServiceModel, service_model, service_of_target_prefix
from poolhouse.aws.reading import reader
from poolhouse.aws.regions import CLIENT_ID, claimed_pool, named_pool, region_of
from poolhouse.aws.resources import any_kind
from poolhouse.aws.sensitivity import without_secrets
from poolhouse.aws.targets import TARGETS, Target, Targets, telling_of_tokens
from poolhouse.aws.validation import validate
from poolhouse.aws.writing import writer
from poolhouse.core.errors import (
    AccessDeniedException,
    CognitoError,
    RequestEntityTooLargeException,
    StoreUnavailable,
    TooManyRequestsException,
    UnknownOperationException,
    UnsupportedOperationException,
)
from poolhouse.core.snapshots import ClientSnapshot
from poolhouse.http import Request, Response
from poolhouse.operation import Call, Caller, Parts

CONTENT_TYPE = "application/x-amz-json-1.1"
PARSED_UNSIGNED = 64 * 1024
"""Bytes of a body that is parsed before the signature is verified, as AWS does."""
MAX_BODY = 1024 * 1024
"""Bytes. Cognito's own limit is not documented; every request of these operations fits in it many times."""
MAX_BODY_WITH_IMAGES = 2 * 1024 * 1024
"""Bytes. Source: Cognito API reference, CreateManagedLoginBranding."""
_WITH_IMAGES = frozenset({"CreateManagedLoginBranding", "UpdateManagedLoginBranding"})
_TARGETS_WITH_IMAGES = frozenset(f"AWSCognitoIdentityProviderService.{name}" for name in _WITH_IMAGES)


def max_body(request: Request) -> int:
    """How much of a body is read for the operation that a request names."""
    is_with_images = request.header(b"x-amz-target") in _TARGETS_WITH_IMAGES
    return MAX_BODY_WITH_IMAGES if is_with_images else MAX_BODY


class Addressed(NamedTuple):
    """The operation that a request names; `target` is None where Poolhouse has not got it."""

    model: ServiceModel
    operation: Operation
    target: Target | None


class AwsFace:
    def __init__(self, parts: Parts, targets: Targets = TARGETS) -> None:
        self._parts = parts
        self._targets = targets if parts.token_records is None else telling_of_tokens(targets)

    async def handle(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return answers.preflight(request)
        if sts.is_addressed(request):
            return await sts.handle(self._parts, request)
        if request.method != "POST":
            return answers.not_understood()
        try:
            addressed = self._addressed(request)
        except CognitoError as error:
            return answers.error_answer(error)
        model, operation, _ = addressed
        try:
            response = await self._answered(request, addressed)
        except StoreUnavailable as error:
            response = answers.unavailable(str(error))
        except CognitoError as error:
            response = answers.error_answer(error, is_fault=model.is_fault(error.code))
        response.labels = (("service", model.name), ("operation", operation.name), *response.labels)
        return response

    def _addressed(self, request: Request) -> Addressed:
        """By X-Amz-Target alone: neither path nor host says which service it is. Two of them are joined by a
        comma, which no operation has in its name."""
        prefix, _, name = (request.header(b"x-amz-target") or "").partition(".")
        service = service_of_target_prefix(prefix)
        if service is None:
            raise UnknownOperationException(detail="no such target")
        model = service_model(service)
        operation = model.operations.get(name)
        if operation is None:
            raise UnknownOperationException(detail="no such operation")
        if request.media_type != CONTENT_TYPE:
            raise UnknownOperationException(detail=f"the content type is not {CONTENT_TYPE}")
        return Addressed(model, operation, self._targets[service].get(name))

    async def _answered(self, request: Request, addressed: Addressed) -> Response:
        model, operation, target = addressed
        size = len(request.body)
        if size > (MAX_BODY_WITH_IMAGES if operation.name in _WITH_IMAGES else MAX_BODY):
            raise RequestEntityTooLargeException
        if size > PARSED_UNSIGNED and not operation.is_unsigned:
            await self._authenticated(request, model.name)
        read = _read(model, operation, request.body)
        if operation.is_unsigned:
            who = await self._nobody(read)
            await self._refuse_rate(read)
        else:
            who = await self._authenticated(request, model.name)
            await self._authorized(request, addressed, who, read)
        if target is None:
            raise UnsupportedOperationException(
                f"{operation.name} is not available in this version of Poolhouse; see docs/compatibility.md"
            )
        if operation.input is not None:
            validate(model.name, operation.input, read)
        outcome = await target.function(self._call(request, addressed, who, read), read)
        return _answer(model, operation, outcome)

    async def _authenticated(self, request: Request, service: str) -> Authenticated:
        return await authenticate(self._parts, request, service, self._parts.settings.clock_skew)

    async def _authorized(
        self, request: Request, addressed: Addressed, who: Authenticated, read: Mapping[str, Any]
    ) -> None:
        """Refuse what the caller's policies don't allow, and tell the audit: a key that is tried out, or has lost
        something it needs, is worth knowing of. Its parameters are left out, for nothing has validated them.

        Raises:
            AccessDeniedException
        """
        model, operation, target = addressed
        try:
            await authorize_call(
                self._parts,
                who,
                request,
                action=f"{model.name}:{operation.name}",
                resource=(target.resource if target else any_kind)(read, who.region, who.account_id),
                members=read,
            )
        except AccessDeniedException as denied:
            refused = self._call(request, addressed, who, {})
            await refused.tell_refusal(denied.code, pool_id=named_pool(read))
            raise

    async def _nobody(self, read: Mapping[str, Any]) -> Authenticated:
        """Who calls an operation that needs no signature. One that is there is not looked at: older SDKs sign
        what they need not."""
        region = await region_of(self._parts, read)
        return Authenticated(Caller(), self._parts.settings.account_id, region)

    async def _refuse_rate(self, read: Mapping[str, Any]) -> None:
        """What people ask for themselves is bounded for each of them and for their pool, before it is looked at.

        Raises:
            TooManyRequestsException
        """
        asked_for = asked_in_the_name_of(read)
        if asked_for is None:
            return
        client_id, name = asked_for
        client: ClientSnapshot | None = None
        if client_id is not None and CLIENT_ID.fullmatch(client_id):
            client = await self._parts.cache.get("client", client_id)
        pool_id = claimed_pool(read.get("AccessToken", "")) if client is None else client.pool.id
        if not self._parts.limits.allows_person(pool_id, name):
            raise TooManyRequestsException(detail="rate of one person, or of all people of the pool")

    def _call(
        self, request: Request, addressed: Addressed, who: Authenticated, read: Mapping[str, Any]
    ) -> Call:
        model, operation, _ = addressed
        return Call(
            parts=self._parts,
            caller=who.caller,
            account_id=who.account_id,
            region=who.region,
            now=self._parts.clock.now(),
            request_id=request.id,
            address=request.peer,
            user_agent=request.user_agent,
            operation=operation.name,
            service=model.name,
            audit_parameters=without_secrets(model.name, operation.input, read) if operation.input else {},
        )


def asked_in_the_name_of(read: Mapping[str, Any]) -> tuple[str | None, str] | None:
    """(client, name) of a request that a person makes: the name that it gives, or what stands for one. None for
    what no person asks for."""
    client_id = read.get("ClientId")
    for member in ("AuthParameters", "ChallengeResponses"):
        values = read.get(member)
        if isinstance(values, dict):
            name = values.get("USERNAME") or values.get("REFRESH_TOKEN") or ""
            return _text(client_id), _short(name)
    for member in ("Username", "AccessToken", "Session", "RefreshToken", "Token"):
        if isinstance(read.get(member), str):
            return _text(client_id), _short(read[member])
    return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _short(name: object) -> str:
    """As long as a name may be. The end of a token is its own, its beginning is every token's."""
    return str(name)[-128:].casefold()


def _read(model: ServiceModel, operation: Operation, body: bytes) -> dict[str, Any]:
    document = parse_body(body)
    if operation.input is None:
        return {}
    read: dict[str, Any] = reader(model.name, operation.input)(document)
    return read


def _answer(model: ServiceModel, operation: Operation, outcome: Mapping[str, Any] | None) -> Response:
    if operation.output is None:
        return answers.answer(None)
    write = writer(model.name, operation.output)
    return answers.answer(write(outcome or {}) if write else outcome)
