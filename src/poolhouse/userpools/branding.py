"""The styles of managed login: one a client, with settings and images."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace

from poolhouse.core.branding import (
    MAX_ASSETS,
    AssetKey,
    Image,
    ManagedLoginBranding,
    new_image,
    refuse_twice,
)
from poolhouse.core.branding_settings import Settings, check_settings, merge, with_defaults
from poolhouse.core.documents import epoch
from poolhouse.core.errors import InvalidParameterException, ResourceNotFoundException
from poolhouse.core.ids import new_jti
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    AssetType,
    CreateManagedLoginBrandingRequest,
    CreateManagedLoginBrandingResponse,
    DeleteManagedLoginBrandingRequest,
    DescribeManagedLoginBrandingByClientRequest,
    DescribeManagedLoginBrandingByClientResponse,
    DescribeManagedLoginBrandingRequest,
    DescribeManagedLoginBrandingResponse,
    ManagedLoginBrandingType,
    UpdateManagedLoginBrandingRequest,
    UpdateManagedLoginBrandingResponse,
)
from poolhouse.store import Transaction


@dataclass(frozen=True, slots=True)
class _Given:
    """What a request brings for a style, checked."""

    uses_defaults: bool | None
    settings: Settings | None
    images: Sequence[Image]

    @property
    def is_bare(self) -> bool:
        return self.settings is None and not self.images


async def create_managed_login_branding(
    call: Call, request: CreateManagedLoginBrandingRequest
) -> CreateManagedLoginBrandingResponse:
    """Give a client its style.

    Raises:
        ResourceNotFoundException: no such pool, or no such client in it.
        ManagedLoginBrandingExistsException: the client has a style.
        InvalidParameterException: UseCognitoProvidedValues beside settings or images; settings or an image that
            are none.

    Source: Cognito API reference, CreateManagedLoginBranding.
    """
    given = await _given(request)
    style = ManagedLoginBranding(
        pool_id=request["UserPoolId"],
        id=new_jti(call.random),
        client_id=request["ClientId"],
        uses_defaults=bool(given.uses_defaults),
        settings=merge({}, given.settings or {}),
        created_at=call.now,
        modified_at=call.now,
    )

    def add(tx: Transaction) -> None:
        tx.pools.get(call.account_id, call.region, style.pool_id)
        tx.clients.get(style.pool_id, style.client_id)
        tx.branding.add(style)
        tx.branding.put_images(style.pool_id, style.id, given.images)

    await call.write(add, pool_id=style.pool_id)
    return {"ManagedLoginBranding": describe(style, given.images)}


async def update_managed_login_branding(
    call: Call, request: UpdateManagedLoginBrandingRequest
) -> UpdateManagedLoginBrandingResponse:
    """Lay settings and images over those that are there, or with UseCognitoProvidedValues drop them all.

    Objects in the settings are merged member by member, everything else is replaced; an image takes the place of
    the one of its category, color mode and resource id. What is not sent stays.

    Raises:
        ResourceNotFoundException: no such style.
        InvalidParameterException: as at its creation, or the style would have too many images.
        ConcurrentModificationException: another request changed it meanwhile.

    Source: Cognito API reference, UpdateManagedLoginBranding.
    """
    pool_id, id = request.get("UserPoolId"), request.get("ManagedLoginBrandingId")
    if pool_id is None or id is None:
        raise InvalidParameterException("UserPoolId and ManagedLoginBrandingId must be provided.")
    given = await _given(request)

    def change(tx: Transaction) -> tuple[ManagedLoginBranding, list[Image]]:
        tx.pools.get(call.account_id, call.region, pool_id)
        style = tx.branding.get(pool_id, id)
        changed = _changed(style, given)
        tx.branding.replace(replace(changed, modified_at=call.now))
        if given.uses_defaults:
            tx.branding.remove_images(pool_id, id)
        tx.branding.put_images(pool_id, id, given.images)
        images = tx.branding.images(pool_id, id)
        if len(images) > MAX_ASSETS:
            raise InvalidParameterException(f"A style must not have more than {MAX_ASSETS} assets.")
        return replace(changed, modified_at=call.now), images

    style, images = await call.write(change, pool_id=pool_id)
    return {"ManagedLoginBranding": describe(style, images)}


async def delete_managed_login_branding(call: Call, request: DeleteManagedLoginBrandingRequest) -> None:
    pool_id, id = request["UserPoolId"], request["ManagedLoginBrandingId"]

    def remove(tx: Transaction) -> None:
        tx.pools.get(call.account_id, call.region, pool_id)
        tx.branding.get(pool_id, id)
        tx.branding.remove(pool_id, id)

    await call.write(remove, pool_id=pool_id)


async def describe_managed_login_branding(
    call: Call, request: DescribeManagedLoginBrandingRequest
) -> DescribeManagedLoginBrandingResponse:
    pool_id, id = request["UserPoolId"], request["ManagedLoginBrandingId"]

    def find(tx: Transaction) -> tuple[ManagedLoginBranding, list[Image]]:
        tx.pools.get(call.account_id, call.region, pool_id)
        return tx.branding.get(pool_id, id), tx.branding.images(pool_id, id)

    style, images = await call.store.read(find)
    is_merged = request.get("ReturnMergedResources", False)
    return {"ManagedLoginBranding": describe(style, images, is_merged=is_merged)}


async def describe_managed_login_branding_by_client(
    call: Call, request: DescribeManagedLoginBrandingByClientRequest
) -> DescribeManagedLoginBrandingByClientResponse:
    pool_id, client_id = request["UserPoolId"], request["ClientId"]

    def find(tx: Transaction) -> tuple[ManagedLoginBranding, list[Image]]:
        tx.pools.get(call.account_id, call.region, pool_id)
        tx.clients.get(pool_id, client_id)
        style = tx.branding.find_of_client(pool_id, client_id)
        if style is None:
            raise ResourceNotFoundException(f"Managed login branding does not exist for client {client_id}.")
        return style, tx.branding.images(pool_id, style.id)

    style, images = await call.store.read(find)
    is_merged = request.get("ReturnMergedResources", False)
    return {"ManagedLoginBranding": describe(style, images, is_merged=is_merged)}


def describe(
    style: ManagedLoginBranding, images: Sequence[Image], *, is_merged: bool = False
) -> ManagedLoginBrandingType:
    """`is_merged`: what was not set is answered too, from the defaults."""
    answer: ManagedLoginBrandingType = {
        "ManagedLoginBrandingId": style.id,
        "UserPoolId": style.pool_id,
        "UseCognitoProvidedValues": style.uses_defaults,
        "CreationDate": epoch(style.created_at),
        "LastModifiedDate": epoch(style.modified_at),
    }
    if is_merged:
        answer["Settings"] = with_defaults(style.settings)
    elif style.settings:
        answer["Settings"] = style.settings
    if images:
        answer["Assets"] = [_describe_asset(image) for image in images]
    return answer


def _describe_asset(image: Image) -> AssetType:
    answer: AssetType = {
        "Category": image.asset.category,
        "ColorMode": image.asset.color_mode,
        "Extension": image.asset.extension,
        "Bytes": base64.b64encode(image.content).decode(),
    }
    if image.asset.resource_id:
        answer["ResourceId"] = image.asset.resource_id
    return answer


def _changed(style: ManagedLoginBranding, given: _Given) -> ManagedLoginBranding:
    if given.uses_defaults:
        return replace(style, uses_defaults=True, settings={})
    if given.is_bare and given.uses_defaults is None:
        return style
    return replace(style, uses_defaults=False, settings=merge(style.settings, given.settings or {}))


async def _given(
    request: CreateManagedLoginBrandingRequest | UpdateManagedLoginBrandingRequest,
) -> _Given:
    uses_defaults = request.get("UseCognitoProvidedValues")
    if uses_defaults and ("Settings" in request or request.get("Assets")):
        raise InvalidParameterException(
            "Settings and Assets must not be provided when UseCognitoProvidedValues is true."
        )
    settings = check_settings(request["Settings"]) if "Settings" in request else None
    # Off the event loop: a megabyte of SVG takes a while to read.
    images = await asyncio.to_thread(_images, request.get("Assets", []))
    return _Given(uses_defaults, settings, images)


def _images(assets: Sequence[AssetType]) -> list[Image]:
    refuse_twice(_key(asset) for asset in assets)
    return [_image(asset) for asset in assets]


def _key(asset: AssetType) -> AssetKey:
    return asset["Category"], asset["ColorMode"], asset.get("ResourceId", "")


def _image(asset: AssetType) -> Image:
    category, color_mode, resource_id = _key(asset)
    content = base64.b64decode(asset.get("Bytes", ""))
    if not content:
        raise InvalidParameterException(f"The asset of category {category} has no bytes.")
    return new_image(category, color_mode, asset["Extension"], resource_id, content)
