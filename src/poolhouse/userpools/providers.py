"""Identity providers: made, described, changed, found, listed, deleted.

An app client has a provider only where it names it (SupportedIdentityProviders). Deleting a provider leaves its name
there and its people in the pool: nobody gets in by it, and one of the same name finds them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from poolhouse.core.attribute_mapping import check_mapping
from poolhouse.core.documents import epoch
from poolhouse.core.errors import (
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from poolhouse.core.identity_providers import SECRETS, SOCIAL, IdentityProvider, ProviderType
from poolhouse.core.pools import UserPool
from poolhouse.core.provider_details import full_mapping
from poolhouse.core.secret import Secret
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    CreateIdentityProviderRequest,
    CreateIdentityProviderResponse,
    DeleteIdentityProviderRequest,
    DescribeIdentityProviderRequest,
    DescribeIdentityProviderResponse,
    GetIdentityProviderByIdentifierRequest,
    GetIdentityProviderByIdentifierResponse,
    IdentityProviderType,
    ListIdentityProvidersRequest,
    ListIdentityProvidersResponse,
    UpdateIdentityProviderRequest,
    UpdateIdentityProviderResponse,
)
from poolhouse.store import Transaction
from poolhouse.store.rows import is_storable
from poolhouse.userpools.paging import page
from poolhouse.userpools.provider_configuration import configure

RESERVED = frozenset({"cognito"})
"""The pool itself."""
UNSHOWN = "private_key"
"""The one secret that Cognito does not show. Source: API reference, CreateIdentityProvider (SignInWithApple)."""


async def create_identity_provider(
    call: Call, request: CreateIdentityProviderRequest
) -> CreateIdentityProviderResponse:
    """Add a provider. Where it publishes a description of itself, that is fetched now.

    Raises:
        ResourceNotFoundException: no such pool.
        InvalidParameterException: details or a mapping that can't be right; a description that can't be had.
        DuplicateProviderException: the pool has a provider of this name.
        LimitExceededException: the pool has as many as it may.

    Source: Cognito API reference, CreateIdentityProvider; quotas page.
    """
    pool_id, name = request["UserPoolId"], request["ProviderName"]
    type = ProviderType(request["ProviderType"])
    _check_name(name, type)
    pool = await call.store.read(lambda tx: tx.pools.get(call.account_id, call.region, pool_id))
    configured = await configure(call, pool_id, name, type, request["ProviderDetails"])
    mapping = full_mapping(type, configured.details, request.get("AttributeMapping", {}))
    check_mapping(pool, mapping)
    provider = IdentityProvider(
        pool_id=pool_id,
        name=name,
        type=type,
        created_at=call.now,
        modified_at=call.now,
        mapping=mapping,
        identifiers=_identifiers(request.get("IdpIdentifiers", [])),
        acr=_acr(type, request.get("AcrMapping", {})),
        facts=configured.facts,
        details=_plain(configured.details),
        secrets=_secret(configured.details),
    )

    def add(tx: Transaction) -> None:
        tx.pools.lock(call.account_id, call.region, pool_id)  # counted under the pool's row lock
        if tx.identity_providers.count(pool_id) >= call.settings.max_identity_providers:
            raise LimitExceededException("Maximum number of identity providers reached.")
        tx.identity_providers.add(provider)
        configured.keep(tx)

    await call.write(add, pool_id=pool_id)
    return {"IdentityProvider": describe(provider)}


async def describe_identity_provider(
    call: Call, request: DescribeIdentityProviderRequest
) -> DescribeIdentityProviderResponse:
    """A provider, its client's secret in clear, as Cognito shows it: so that it was shown stands in the audit."""
    pool_id = request["UserPoolId"]

    def find(tx: Transaction) -> IdentityProvider:
        tx.pools.get(call.account_id, call.region, pool_id)
        return tx.identity_providers.get(pool_id, request["ProviderName"])

    return {"IdentityProvider": describe(await call.write(find, pool_id=pool_id))}


async def get_identity_provider_by_identifier(
    call: Call, request: GetIdentityProviderByIdentifierRequest
) -> GetIdentityProviderByIdentifierResponse:
    """The same by one of its identifiers, as the domain of an e-mail address."""
    pool_id, identifier = request["UserPoolId"], request["IdpIdentifier"]

    def find(tx: Transaction) -> IdentityProvider:
        tx.pools.get(call.account_id, call.region, pool_id)
        found = tx.identity_providers.by_identifier(pool_id, identifier)
        if found is None:
            raise ResourceNotFoundException(f"Identity provider with identifier {identifier} does not exist.")
        return found

    return {"IdentityProvider": describe(await call.write(find, pool_id=pool_id))}


async def update_identity_provider(
    call: Call, request: UpdateIdentityProviderRequest
) -> UpdateIdentityProviderResponse:
    """Change what is given: the details, the mapping, the identifiers, each whole. What is left out stays. Details
    have its description fetched again; the private key of an Apple provider, which nobody is shown, stays where none
    is given.

    Raises:
        ResourceNotFoundException: no such provider.
        InvalidParameterException: as for a new one.
        ConcurrentModificationException: it was changed while its description was fetched.

    Source: Cognito API reference, UpdateIdentityProvider.
    """
    pool_id, name = request["UserPoolId"], request["ProviderName"]

    def find(tx: Transaction) -> tuple[UserPool, IdentityProvider]:
        pool = tx.pools.get(call.account_id, call.region, pool_id)
        return pool, tx.identity_providers.get(pool_id, name)

    pool, before = await call.store.read(find)
    changed, configured = before, None
    if "ProviderDetails" in request:
        given = dict(request["ProviderDetails"])
        if before.type is ProviderType.APPLE and UNSHOWN in before.secrets:
            given.setdefault(UNSHOWN, before.secrets[UNSHOWN].reveal())
        configured = await configure(call, pool_id, name, before.type, given)
        changed = replace(
            changed,
            facts=configured.facts,
            details=_plain(configured.details),
            secrets=_secret(configured.details),
        )
    if "AttributeMapping" in request or configured is not None:
        mapping = full_mapping(
            before.type, changed.details, request.get("AttributeMapping", _without_name(changed.mapping))
        )
        check_mapping(pool, mapping)
        changed = replace(changed, mapping=mapping)
    if "IdpIdentifiers" in request:
        changed = replace(changed, identifiers=_identifiers(request["IdpIdentifiers"]))
    if "AcrMapping" in request:
        changed = replace(changed, acr=_acr(before.type, request["AcrMapping"]))
    changed = replace(changed, modified_at=call.now)

    def write(tx: Transaction) -> None:
        find(tx)
        tx.identity_providers.replace(changed)
        if configured is not None:
            configured.keep(tx)

    await call.write(write, pool_id=pool_id)
    return {"IdentityProvider": describe(changed)}


async def delete_identity_provider(call: Call, request: DeleteIdentityProviderRequest) -> None:
    pool_id, name = request["UserPoolId"], request["ProviderName"]

    def remove(tx: Transaction) -> None:
        tx.pools.get(call.account_id, call.region, pool_id)
        tx.identity_providers.get(pool_id, name)
        tx.identity_providers.remove(pool_id, name)
        tx.provider_keys.remove_of(pool_id, name)

    await call.write(remove, pool_id=pool_id)


async def list_identity_providers(
    call: Call, request: ListIdentityProvidersRequest
) -> ListIdentityProvidersResponse:
    pool_id = request["UserPoolId"]

    def read(tx: Transaction, after: str, limit: int) -> list[IdentityProvider]:
        tx.pools.get(call.account_id, call.region, pool_id)
        return list(tx.identity_providers.page(pool_id, after=after, size=limit))

    found, token = await page(
        call,
        read,
        lambda provider: provider.name,
        about=pool_id,
        size=request.get("MaxResults"),
        token=request.get("NextToken"),
    )
    answer: ListIdentityProvidersResponse = {
        "Providers": [
            {
                "ProviderName": provider.name,
                "ProviderType": provider.type.value,
                "LastModifiedDate": epoch(provider.modified_at),
                "CreationDate": epoch(provider.created_at),
            }
            for provider in found
        ]
    }
    if token is not None:
        answer["NextToken"] = token
    return answer


def describe(provider: IdentityProvider) -> IdentityProviderType:
    shown = {name: secret.reveal() for name, secret in provider.secrets.items() if name != UNSHOWN}
    answer: IdentityProviderType = {
        "UserPoolId": provider.pool_id,
        "ProviderName": provider.name,
        "ProviderType": provider.type.value,
        "ProviderDetails": {**provider.details, **shown},
        "AttributeMapping": dict(provider.mapping),
        "IdpIdentifiers": list(provider.identifiers),
        "LastModifiedDate": epoch(provider.modified_at),
        "CreationDate": epoch(provider.created_at),
    }
    if provider.acr:
        answer["AcrMapping"] = dict(provider.acr)
    return answer


def _check_name(name: str, type: ProviderType) -> None:
    if type in SOCIAL and name != type.value:
        raise InvalidParameterException(f"ProviderName must be {type.value} for ProviderType {type.value}.")
    if type not in SOCIAL and (name in {social.value for social in SOCIAL} or name.lower() in RESERVED):
        raise InvalidParameterException(f"ProviderName can not be {name} for ProviderType {type.value}.")


def _identifiers(given: list[str]) -> tuple[str, ...]:
    for identifier in given:
        if given.count(identifier) > 1 or not is_storable(identifier):
            raise InvalidParameterException(f"Identifier {identifier} is there twice, or is no text.")
    return tuple(sorted(given))


def _acr(type: ProviderType, given: Mapping[str, str]) -> dict[str, str]:
    """Source: Cognito API reference, CreateIdentityProvider (AcrMapping: of OIDC providers alone)."""
    if given and type is not ProviderType.OIDC:
        raise InvalidParameterException("AcrMapping can only be set for an OIDC identity provider.")
    return dict(given)


def _plain(details: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in details.items() if name not in SECRETS}


def _secret(details: Mapping[str, str]) -> dict[str, Secret]:
    return {name: Secret(value) for name, value in details.items() if name in SECRETS}


def _without_name(mapping: Mapping[str, str]) -> dict[str, str]:
    return {target: claim for target, claim in mapping.items() if target != "username"}
