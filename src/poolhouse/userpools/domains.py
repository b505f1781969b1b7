"""Domains: the names under which a pool's OAuth endpoints are reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlsplit

from poolhouse.core.domain_names import check_custom_domain, check_prefix_domain
from poolhouse.core.domains import Domain, DomainKind
from poolhouse.core.errors import (
    FeatureUnavailableInTierException,
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from poolhouse.core.pools import UserPool
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    CreateUserPoolDomainRequest,
    CreateUserPoolDomainResponse,
    CustomDomainConfigType,
    DeleteUserPoolDomainRequest,
    DeleteUserPoolDomainResponse,
    DescribeUserPoolDomainRequest,
    DescribeUserPoolDomainResponse,
    DomainDescriptionType,
    UpdateUserPoolDomainRequest,
    UpdateUserPoolDomainResponse,
)
from poolhouse.store import Transaction


async def create_user_pool_domain(
    call: Call, request: CreateUserPoolDomainRequest
) -> CreateUserPoolDomainResponse:
    """Give a pool a prefix domain, or, with a CustomDomainConfig, a custom one.

    Raises:
        ResourceNotFoundException: no such pool.
        InvalidParameterException: not a domain's form, taken, or the pool's second of its kind.
        FeatureUnavailableInTierException: managed login on the LITE plan.
        LimitExceededException: the account has as many custom domains as it may.

    Source: Cognito API reference, CreateUserPoolDomain.
    """
    _refuse_routing(request)
    custom = request.get("CustomDomainConfig")
    if custom is None:
        check_prefix_domain(request["Domain"])
    else:
        check_custom_domain(request["Domain"])
        if request["Domain"] in (server_host(call), *call.settings.allowed_hosts):
            raise InvalidParameterException("The server's own host name can't be a custom domain.")
    domain = Domain(
        name=request["Domain"],
        pool_id=request["UserPoolId"],
        kind=DomainKind.PREFIX if custom is None else DomainKind.CUSTOM,
        managed_login_version=request.get("ManagedLoginVersion", 1),
        certificate_arn=custom["CertificateArn"] if custom else None,
        security_policy=custom.get("SecurityPolicy") if custom else None,
    )

    def add(tx: Transaction) -> None:
        pool = tx.pools.lock(call.account_id, call.region, domain.pool_id)
        _check_login_version(pool, domain.managed_login_version)
        if domain.kind is DomainKind.CUSTOM:
            tx.server.lock(f"custom_domains/{call.account_id}/{call.region}")  # counted under a lock
            if tx.domains.count_custom(call.account_id, call.region) >= call.settings.max_custom_domains:
                raise LimitExceededException("Maximum number of custom domains reached.")
        tx.domains.add(domain)

    await call.write(add, pool_id=domain.pool_id)
    answer: CreateUserPoolDomainResponse = {"ManagedLoginVersion": domain.managed_login_version}
    if domain.kind is DomainKind.CUSTOM:
        answer["CloudFrontDomain"] = server_host(call)
    return answer


async def describe_user_pool_domain(
    call: Call, request: DescribeUserPoolDomainRequest
) -> DescribeUserPoolDomainResponse:
    """A domain; an empty description, not an error, where there is none."""

    def find(tx: Transaction) -> DomainDescriptionType:
        domain = tx.domains.find(request["Domain"])
        pool = tx.pools.find(domain.pool_id) if domain is not None else None
        if domain is None or pool is None or (pool.account_id, pool.region) != (call.account_id, call.region):
            return {}
        return describe(call, domain, pool)

    return {"DomainDescription": await call.store.read(find)}


async def update_user_pool_domain(
    call: Call, request: UpdateUserPoolDomainRequest
) -> UpdateUserPoolDomainResponse:
    """Change a domain's login version, or a custom domain's certificate."""
    _refuse_routing(request)
    pool_id = request["UserPoolId"]
    custom = request.get("CustomDomainConfig")

    def change(tx: Transaction) -> Domain:
        pool = tx.pools.get(call.account_id, call.region, pool_id)
        domain = _domain_of(tx, pool, request["Domain"])
        if custom is not None and domain.kind is not DomainKind.CUSTOM:
            raise InvalidParameterException("CustomDomainConfig can only be set for a custom domain.")
        changed = replace(
            domain,
            managed_login_version=request.get("ManagedLoginVersion", domain.managed_login_version),
            certificate_arn=custom["CertificateArn"] if custom else domain.certificate_arn,
            security_policy=custom.get("SecurityPolicy") if custom else domain.security_policy,
        )
        _check_login_version(pool, changed.managed_login_version)
        tx.domains.replace(changed)
        return changed

    domain = await call.write(change, pool_id=pool_id)
    answer: UpdateUserPoolDomainResponse = {"ManagedLoginVersion": domain.managed_login_version}
    if domain.kind is DomainKind.CUSTOM:
        answer["CloudFrontDomain"] = server_host(call)
    return answer


async def delete_user_pool_domain(
    call: Call, request: DeleteUserPoolDomainRequest
) -> DeleteUserPoolDomainResponse:
    pool_id = request["UserPoolId"]

    def remove(tx: Transaction) -> None:
        pool = tx.pools.get(call.account_id, call.region, pool_id)
        tx.domains.remove(_domain_of(tx, pool, request["Domain"]).name)

    await call.write(remove, pool_id=pool_id)
    return {}


def _domain_of(tx: Transaction, pool: UserPool, name: str) -> Domain:
    domain = tx.domains.find(name)
    if domain is None or domain.pool_id != pool.id:
        raise ResourceNotFoundException(f"Domain {name} does not exist for user pool {pool.id}.")
    return domain


def _check_login_version(pool: UserPool, version: int) -> None:
    if version not in (1, 2):
        raise InvalidParameterException("ManagedLoginVersion must be 1 or 2.")
    if version == 2 and pool.tier == "LITE":
        raise FeatureUnavailableInTierException(
            "The following feature is not available for the LITE pricing tier configured: Managed Login Version 2"
        )


def _refuse_routing(request: Mapping[str, Any]) -> None:
    if "Routing" in request:
        raise InvalidParameterException(
            "Routing is not available: pools are not replicated to other regions."
        )


def server_host(call: Call) -> str:
    """Where an alias record of a custom domain must point: this server."""
    return urlsplit(call.settings.public_url).hostname or "localhost"


def describe(call: Call, domain: Domain, pool: UserPool) -> DomainDescriptionType:
    answer: DomainDescriptionType = {
        "UserPoolId": domain.pool_id,
        "AWSAccountId": pool.account_id,
        "Domain": domain.name,
        "CloudFrontDistribution": server_host(call),
        "Version": str(domain.version),
        "Status": "ACTIVE",
        "ManagedLoginVersion": domain.managed_login_version,
    }
    answer["CustomDomainConfig"] = _custom_config(domain)
    return answer


def _custom_config(domain: Domain) -> CustomDomainConfigType:
    """Empty for a prefix domain, as Cognito answers it, whatever the model demands of a request."""
    config: dict[str, str] = {}
    if domain.certificate_arn is not None:
        config["CertificateArn"] = domain.certificate_arn
    if domain.security_policy is not None:
        config["SecurityPolicy"] = domain.security_policy
    return cast(CustomDomainConfigType, config)
