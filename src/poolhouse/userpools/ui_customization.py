"""How the classic pages look: a style sheet and a logo, of the pool, and of clients that have their own."""

from __future__ import annotations

import base64
from dataclasses import replace

from poolhouse.core.documents import epoch
from poolhouse.core.domains import Domain, DomainKind
from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.ui_customizations import ALL, UiCustomization, check_css, check_image
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    GetUICustomizationRequest,
    GetUICustomizationResponse,
    SetUICustomizationRequest,
    SetUICustomizationResponse,
    UICustomizationType,
)
from poolhouse.store import Transaction


async def set_ui_customization(call: Call, request: SetUICustomizationRequest) -> SetUICustomizationResponse:
    """Set the look of a client, or of all that have none of their own (`ALL`, or no ClientId).

    It is set as a whole: what is left out is no more. With neither style sheet nor logo the look ends, which
    is how tools take it away, for there is no operation that does.

    Raises:
        ResourceNotFoundException: no such pool, or no such client in it.
        InvalidParameterException: the pool has no domain, or the style sheet or the logo is not allowed.

    Source: Cognito API reference, SetUICustomization; developer guide, "Hosted UI (classic) branding".
    """
    pool_id, client_id = request["UserPoolId"], request.get("ClientId", ALL)
    css = request.get("CSS") or None
    image = base64.b64decode(request.get("ImageFile", "")) or None
    if css is not None:
        check_css(css)
    if image is not None:
        check_image(image)
    look = UiCustomization(pool_id, client_id, css, image, created_at=call.now, modified_at=call.now)

    def put(tx: Transaction) -> tuple[UiCustomization, list[Domain]]:
        tx.pools.get(call.account_id, call.region, pool_id)
        if client_id != ALL:
            tx.clients.get(pool_id, client_id)
        domains = tx.domains.of(pool_id)
        if not domains:
            raise InvalidParameterException(
                "There has to be an existing domain associated with this user pool"
            )
        if css is None and image is None:
            tx.ui_customizations.remove(pool_id, client_id)
            return look, domains
        former = tx.ui_customizations.find(pool_id, client_id)
        new = replace(look, created_at=former.created_at) if former is not None else look
        tx.ui_customizations.put(new)
        return new, domains

    stored, domains = await call.write(put, pool_id=pool_id)
    return {"UICustomization": describe(call, stored, domains)}


async def get_ui_customization(call: Call, request: GetUICustomizationRequest) -> GetUICustomizationResponse:
    """The look that is in force for a client, or the pool's own; empty where there is none."""
    pool_id, client_id = request["UserPoolId"], request.get("ClientId", ALL)

    def find(tx: Transaction) -> tuple[UiCustomization | None, list[Domain]]:
        tx.pools.get(call.account_id, call.region, pool_id)
        if client_id != ALL:
            tx.clients.get(pool_id, client_id)
        return tx.ui_customizations.in_force(pool_id, client_id), tx.domains.of(pool_id)

    look, domains = await call.store.read(find)
    return {"UICustomization": {} if look is None else describe(call, look, domains)}


def describe(call: Call, look: UiCustomization, domains: list[Domain]) -> UICustomizationType:
    answer: UICustomizationType = {
        "UserPoolId": look.pool_id,
        "ClientId": look.client_id,
        "CSSVersion": look.css_version,
        "LastModifiedDate": epoch(look.modified_at),
        "CreationDate": epoch(look.created_at),
    }
    if look.css is not None:
        answer["CSS"] = look.css
    if look.image_name is not None and domains:
        domain = domains[0]
        base = call.parts.addresses.of_domain(domain.name, is_custom=domain.kind is DomainKind.CUSTOM)
        answer["ImageUrl"] = f"{base}/assets/{look.image_name}"
    return answer
