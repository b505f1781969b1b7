"""The attributes of a person, changed and removed by an administrator."""

from __future__ import annotations

from collections.abc import Mapping

from poolhouse.core.attribute_updates import update_attributes
from poolhouse.core.codes import VERIFICATION_LIFETIME, verification_of
from poolhouse.core.errors import AliasExistsException
from poolhouse.core.messages import Purpose
from poolhouse.core.pools import UserPool
from poolhouse.core.user_attributes import check_changes, parse_attributes
from poolhouse.core.users import PREFERRED_USERNAME, User
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    AdminDeleteUserAttributesRequest,
    AdminDeleteUserAttributesResponse,
    AdminUpdateUserAttributesRequest,
    AdminUpdateUserAttributesResponse,
)
from poolhouse.store import Transaction
from poolhouse.userpools import codes, delivery
from poolhouse.userpools.triggers.custom_message import with_texts
from poolhouse.userpools.users.admin import lock_user
from poolhouse.userpools.users.aliases import has_name_of_another, take_aliases


async def admin_update_user_attributes(
    call: Call, request: AdminUpdateUserAttributesRequest
) -> AdminUpdateUserAttributesResponse:
    """Set attributes; an empty value removes one. A code is sent to a new email or phone number that the pool
    verifies by itself, unless the request says that it is verified.

    In a pool of aliases, who gets a verified email or phone number takes it as a name from its earlier owner
    (boto3 issue 3213). ClientMetadata is for the function that writes the code's message.

    Raises:
        ResourceNotFoundException, UserNotFoundException: no such pool, no such person.
        InvalidParameterException: attributes that the schema does not allow.
        AliasExistsException: a name that an attribute would be is another's.
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException: the pool's function
            gave no text for the message. Nothing is changed.

    Source: Cognito API reference, AdminUpdateUserAttributes.
    """
    values = parse_attributes(request["UserAttributes"])

    def change(tx: Transaction) -> list[str]:
        pool, user = lock_user(tx, call, request["UserPoolId"], request["Username"])
        return change_attributes(tx, call, pool, user, values)

    messages = await with_texts(
        call, lambda: call.write(change, pool_id=request["UserPoolId"]), request.get("ClientMetadata")
    )
    await delivery.deliver_now_or_later(call, messages)
    return {}


async def admin_delete_user_attributes(
    call: Call, request: AdminDeleteUserAttributesRequest
) -> AdminDeleteUserAttributesResponse:
    """Remove attributes; one that the person does not have is no error.

    Raises:
        ResourceNotFoundException, UserNotFoundException: no such pool, no such person.
        InvalidParameterException: one is not in the schema, is immutable, or required.

    Source: Cognito API reference, AdminDeleteUserAttributes.
    """

    def remove(tx: Transaction) -> None:
        pool, user = lock_user(tx, call, request["UserPoolId"], request["Username"])
        change_attributes(tx, call, pool, user, dict.fromkeys(request["UserAttributeNames"], ""))

    await call.write(remove, pool_id=request["UserPoolId"])
    return {}


def change_attributes(
    tx: Transaction, call: Call, pool: UserPool, user: User, values: Mapping[str, str]
) -> list[str]:
    """As an administrator; `user` is locked. The ids of the messages that are to be delivered after the commit."""
    update = update_attributes(pool, user, check_changes(pool, user, values, writable=None), call.now)
    if PREFERRED_USERNAME in values and has_name_of_another(tx, pool, update.user):
        raise AliasExistsException(f"An account with the {PREFERRED_USERNAME} already exists.")
    take_aliases(tx, pool, update.user, call.now)
    changed = tx.users.replace(pool, update.user)
    messages = []
    for attribute, address in update.to_prove:
        code = codes.issue(
            tx,
            call,
            changed,
            verification_of(attribute),
            attribute=attribute,
            destination=address,
            lifetime=VERIFICATION_LIFETIME,
        )
        medium = delivery.MEDIA[attribute]
        messages.append(
            delivery.post(
                tx,
                call,
                pool,
                changed,
                purpose=Purpose.UPDATE_ATTRIBUTE,
                medium=medium,
                destination=address,
                code=code,
            )
        )
    return messages
