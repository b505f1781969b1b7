"""Devices: keys for new ones, confirming them, and what their owner or an administrator does with them.

A device key is given out with the tokens of a sign-in and bound to them: only who holds an access token of that
very sign-in can confirm it. What proves the device later is the verifier that it made itself.
"""

from __future__ import annotations

from collections.abc import Callable

from poolhouse.core import srp
from poolhouse.core.devices import (
    MAX_DEVICES,
    Device,
    asks_before_remembering,
    device_attributes,
    device_group_key,
    tracks_devices,
)
from poolhouse.core.documents import epoch
from poolhouse.core.errors import (
    DeviceKeyExistsException,
    InvalidParameterException,
    InvalidUserPoolConfigurationException,
    ResourceNotFoundException,
    UserNotFoundException,
)
from poolhouse.core.pools import UserPool
from poolhouse.core.users import User
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    AdminForgetDeviceRequest,
    AdminGetDeviceRequest,
    AdminGetDeviceResponse,
    AdminListDevicesRequest,
    AdminListDevicesResponse,
    AdminUpdateDeviceStatusRequest,
    AdminUpdateDeviceStatusResponse,
    ConfirmDeviceRequest,
    ConfirmDeviceResponse,
    DeviceType,
    ForgetDeviceRequest,
    GetDeviceRequest,
    GetDeviceResponse,
    ListDevicesRequest,
    ListDevicesResponse,
    UpdateDeviceStatusRequest,
    UpdateDeviceStatusResponse,
)
from poolhouse.store import Transaction
from poolhouse.userpools.paging import page
from poolhouse.userpools.person import Person, authenticate_person

MISSING = "Device does not exist."
"""Amplify looks for these words, and then signs in without the key."""


def group_key(call: Call, pool_id: str, sub: str) -> str:
    """DeviceGroupKey, as NewDeviceMetadata told it: the same for all devices of one person."""
    return device_group_key(call.store.key_for("device group"), pool_id, sub)


def find_device(tx: Transaction, pool_id: str, sub: str, key: str) -> Device:
    """A person's confirmed device, its verifier opened, for a sign-in that names its key.

    Raises:
        ResourceNotFoundException: "Device does not exist."; another person's device neither.
    """
    device = tx.devices.find(pool_id, sub, key)
    if device is None:
        raise ResourceNotFoundException(MISSING)
    return device


def is_remembered(tx: Transaction, pool: UserPool, user: User, key: str | None) -> bool:
    """Whether a sign-in with this DEVICE_KEY goes on with the device's own proof.

    The key alone excuses from nothing: it is no secret. DEVICE_SRP_AUTH has to follow.
    """
    if key is None or not tracks_devices(pool):
        return False
    device = tx.devices.find(pool.id, user.sub, key)
    return device is not None and device.can_prove_itself


def record_use(tx: Transaction, call: Call, device: Device) -> None:
    """Note that somebody signed in from the device just now."""
    current = tx.devices.find(device.pool_id, device.sub, device.key)
    if current is not None:
        tx.devices.replace(current.seen(call.now, call.address))


async def confirm_device(call: Call, request: ConfirmDeviceRequest) -> ConfirmDeviceResponse:
    """Keep the device that the person signed in from, and what it will prove itself against.

    Beyond MAX_DEVICES the one that was not seen for longest is forgotten.

    Raises:
        ResourceNotFoundException: the key was not given out with this sign-in.
        DeviceKeyExistsException: it is confirmed.
        InvalidParameterException: the verifier or its salt can't be used.
        InvalidUserPoolConfigurationException: the pool does not track devices.

    Source: Cognito API reference, ConfirmDevice.
    """
    person = await authenticate_person(call, request["AccessToken"])
    pool, user = person.app.user_pool, person.user
    if not tracks_devices(pool):
        raise InvalidUserPoolConfigurationException("User pool is not configured to track devices.")
    if person.family.device_key != request["DeviceKey"]:
        raise ResourceNotFoundException(MISSING, detail="the key was not given out with this sign-in")
    asks = asks_before_remembering(pool)
    device = Device(
        pool_id=pool.id,
        sub=user.sub,
        key=request["DeviceKey"],
        group_key=group_key(call, pool.id, user.sub),
        created_at=call.now,
        modified_at=call.now,
        authenticated_at=call.now,
        is_remembered=not asks,
        address=call.address,
        verifier=_verifier(request),
        name=request.get("DeviceName"),
    )

    def confirm(tx: Transaction) -> None:
        person.again(tx)
        if not tx.devices.add(device):
            raise DeviceKeyExistsException
        _forget_the_oldest(tx, device)

    await person.call.write(confirm, pool_id=pool.id)
    return {"UserConfirmationNecessary": asks}


def _verifier(request: ConfirmDeviceRequest) -> srp.Verifier | None:
    """None where the app sends none: such a device is listed, but never asked to prove itself."""
    given = request.get("DeviceSecretVerifierConfig")
    if not given:
        return None
    if "PasswordVerifier" not in given or "Salt" not in given:
        raise InvalidParameterException("DeviceSecretVerifierConfig needs PasswordVerifier and Salt.")
    return srp.parse_device_verifier(given["PasswordVerifier"], given["Salt"])


def _forget_the_oldest(tx: Transaction, newest: Device) -> None:
    devices = [
        device
        for device in tx.devices.page(newest.pool_id, newest.sub, size=2 * MAX_DEVICES)
        if device.key != newest.key
    ]
    devices.sort(key=lambda device: device.authenticated_at, reverse=True)
    for device in devices[MAX_DEVICES - 1 :]:
        tx.devices.remove(device.pool_id, device.sub, device.key)


async def get_device(call: Call, request: GetDeviceRequest) -> GetDeviceResponse:
    person = await _authenticate(call, request.get("AccessToken"))
    return {"Device": await _one(call, person.app.user_pool, person.user, request["DeviceKey"])}


async def list_devices(call: Call, request: ListDevicesRequest) -> ListDevicesResponse:
    """The person's devices, by key.

    Source: Cognito API reference, ListDevices.
    """
    person = await authenticate_person(call, request["AccessToken"])
    devices, token = await _page(
        call, person.app.user_pool, person.user, request.get("Limit"), request.get("PaginationToken")
    )
    answer: ListDevicesResponse = {"Devices": devices}
    if token is not None:
        answer["PaginationToken"] = token
    return answer


async def forget_device(call: Call, request: ForgetDeviceRequest) -> None:
    """Forget a device: it can prove itself no more, and a factor is asked for again.

    Raises:
        ResourceNotFoundException: it is none of the person's.

    Source: Cognito API reference, ForgetDevice.
    """
    person = await _authenticate(call, request.get("AccessToken"))
    await _forget(person.call, person.app.user_pool, person.user, request["DeviceKey"], person.again)


async def update_device_status(call: Call, request: UpdateDeviceStatusRequest) -> UpdateDeviceStatusResponse:
    """Remember the device or not. Without DeviceRememberedStatus nothing changes.

    Source: Cognito API reference, UpdateDeviceStatus.
    """
    person = await authenticate_person(call, request["AccessToken"])
    status = request.get("DeviceRememberedStatus")
    pool, user = person.app.user_pool, person.user
    await _set_status(person.call, pool, user, request["DeviceKey"], status, person.again)
    return {}


async def admin_get_device(call: Call, request: AdminGetDeviceRequest) -> AdminGetDeviceResponse:
    pool, user = await _find(call, request["UserPoolId"], request["Username"])
    if user is None:
        raise _no_such_user()
    return {"Device": await _one(call, pool, user, request["DeviceKey"])}


async def admin_list_devices(call: Call, request: AdminListDevicesRequest) -> AdminListDevicesResponse:
    pool, user = await _find(call, request["UserPoolId"], request["Username"])
    if user is None:
        raise _no_such_user()
    devices, token = await _page(call, pool, user, request.get("Limit"), request.get("PaginationToken"))
    answer: AdminListDevicesResponse = {"Devices": devices}
    if token is not None:
        answer["PaginationToken"] = token
    return answer


async def admin_forget_device(call: Call, request: AdminForgetDeviceRequest) -> None:
    pool, user = await _find(call, request["UserPoolId"], request["Username"])
    if user is None:
        raise UserNotFoundException
    await _forget(call, pool, user, request["DeviceKey"], lambda tx: tx.users.lock(pool.id, user.sub))


async def admin_update_device_status(
    call: Call, request: AdminUpdateDeviceStatusRequest
) -> AdminUpdateDeviceStatusResponse:
    pool, user = await _find(call, request["UserPoolId"], request["Username"])
    if user is None:
        raise UserNotFoundException
    key, status = request["DeviceKey"], request.get("DeviceRememberedStatus")
    await _set_status(call, pool, user, key, status, lambda tx: tx.users.lock(pool.id, user.sub))
    return {}


async def _authenticate(call: Call, access_token: str | None) -> Person:
    # The model does not demand the token of GetDevice and ForgetDevice; there is no other way to say whose it is.
    if access_token is None:
        raise InvalidParameterException("Missing required parameter AccessToken")
    return await authenticate_person(call, access_token)


async def _find(call: Call, pool_id: str, username: str) -> tuple[UserPool, User | None]:
    def read(tx: Transaction) -> tuple[UserPool, User | None]:
        pool = tx.pools.get(call.account_id, call.region, pool_id)
        return pool, tx.users.find(pool, username)

    return await call.store.look_up(read)


def _no_such_user() -> ResourceNotFoundException:
    """Operations that only read devices declare no UserNotFoundException."""
    return ResourceNotFoundException(UserNotFoundException.message)


async def _one(call: Call, pool: UserPool, user: User, key: str) -> DeviceType:
    device = await call.store.look_up(lambda tx: find_device(tx, pool.id, user.sub, key))
    return describe(pool, user, device)


async def _page(
    call: Call, pool: UserPool, user: User, limit: int | None, token: str | None
) -> tuple[list[DeviceType], str | None]:
    devices, following = await page(
        call,
        lambda tx, after, size: tx.devices.page(pool.id, user.sub, after=after, size=size),
        lambda device: device.key,
        about=f"{pool.id}/{user.sub}",
        size=limit,
        token=token,
    )
    return [describe(pool, user, device) for device in devices], following


# Both lock the person: of two changes at once the later one stands, and none meets a device that is just going.
Lock = Callable[[Transaction], object]


async def _forget(call: Call, pool: UserPool, user: User, key: str, lock: Lock) -> None:
    def forget(tx: Transaction) -> None:
        lock(tx)
        if not tx.devices.remove(pool.id, user.sub, key):
            raise ResourceNotFoundException(MISSING)

    await call.write(forget, pool_id=pool.id)


async def _set_status(
    call: Call, pool: UserPool, user: User, key: str, status: str | None, lock: Lock
) -> None:
    def change(tx: Transaction) -> None:
        lock(tx)
        device = find_device(tx, pool.id, user.sub, key)
        if status is not None:
            tx.devices.replace(device.remembered(call.now, status == "remembered"))

    await call.write(change, pool_id=pool.id)


def describe(pool: UserPool, user: User, device: Device) -> DeviceType:
    return {
        "DeviceKey": device.key,
        "DeviceAttributes": [
            {"Name": name, "Value": value} for name, value in device_attributes(pool, user, device)
        ],
        "DeviceCreateDate": epoch(device.created_at),
        "DeviceLastModifiedDate": epoch(device.modified_at),
        "DeviceLastAuthenticatedDate": epoch(device.authenticated_at),
    }
