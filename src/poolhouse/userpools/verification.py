"""Addresses that signed-in people change, and prove to be theirs."""

from __future__ import annotations

from dataclasses import replace

from poolhouse.core.attribute_updates import update_attributes
from poolhouse.core.codes import (
    ATTEMPT_LIMIT,
    VERIFICATION_LIFETIME,
    Refusal,
    Sent,
    verification_of,
)
from poolhouse.core.credentials import Code
from poolhouse.core.errors import (
    AliasExistsException,
    ExpiredCodeException,
    InvalidParameterException,
    LimitExceededException,
    TooManyRequestsException,
)
from poolhouse.core.messages import Purpose
from poolhouse.core.pools import UserPool
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.user_attributes import (
    check_changes,
    client_writable,
    is_email,
    is_phone_number,
    parse_attributes,
)
from poolhouse.core.users import (
    EMAIL,
    PHONE_NUMBER,
    PREFERRED_USERNAME,
    VERIFIED,
    User,
    alias_attributes,
)
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    GetUserAttributeVerificationCodeRequest,
    GetUserAttributeVerificationCodeResponse,
    UpdateUserAttributesRequest,
    UpdateUserAttributesResponse,
    VerifyUserAttributeRequest,
    VerifyUserAttributeResponse,
)
from poolhouse.store import Transaction
from poolhouse.userpools import codes, delivery
from poolhouse.userpools.person import authenticate_person
from poolhouse.userpools.triggers.custom_message import with_texts


async def update_user_attributes(
    call: Call, request: UpdateUserAttributesRequest
) -> UpdateUserAttributesResponse:
    """Change one's own attributes, as far as the client may write them; an empty value removes one.

    A new email or phone number is not verified; if the pool verifies it by itself, a code is sent there, and where
    the pool wants it so the old one stays until that code is typed in. ClientMetadata is for the function that
    writes the code's message.

    Raises:
        NotAuthorizedException: the access token; an attribute that the client may not write.
        InvalidParameterException: attributes that the schema does not allow.
        AliasExistsException: a name that an attribute would be is another's.
        TooManyRequestsException: more codes would be sent than anybody needs.
        CodeDeliveryFailureException: the attributes are changed, but the carrier refused the message.
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException: the pool's function
            gave no text for the message. Nothing is changed.

    Source: Cognito API reference, UpdateUserAttributes.
    """
    person = await authenticate_person(call, request["AccessToken"])
    pool = person.app.user_pool
    values = parse_attributes(request["UserAttributes"])
    writable = client_writable(pool, person.app.client)

    def change(tx: Transaction) -> tuple[list[str], list[tuple[str, str]]]:
        user = person.again(tx)
        _refuse_name_of_another(tx, pool, user, values.get(PREFERRED_USERNAME))
        kept = check_changes(pool, user, values, writable=writable)
        update = update_attributes(pool, user, kept, call.now)
        changed = tx.users.replace(pool, update.user)
        for attribute, address in update.to_prove:
            if not _may_send(tx, call, changed, attribute, address):
                # The model declares no LimitExceededException here.
                raise TooManyRequestsException(ATTEMPT_LIMIT)
        sent = list(update.to_prove)
        return [_post(tx, call, person.app, changed, to, Purpose.UPDATE_ATTRIBUTE) for to in sent], sent

    messages, sent_to = await with_texts(
        call, lambda: person.call.write(change, pool_id=pool.id), request.get("ClientMetadata")
    )
    await delivery.deliver_now_or_later(call, messages)
    return {"CodeDeliveryDetailsList": [delivery.details(*to) for to in sent_to]}


async def get_user_attribute_verification_code(
    call: Call, request: GetUserAttributeVerificationCodeRequest
) -> GetUserAttributeVerificationCodeResponse:
    """Send a code to one's email or phone number: to the new one, if one waits to be verified.

    Raises:
        NotAuthorizedException: the access token.
        InvalidParameterException: another attribute, or one that the person does not have.
        LimitExceededException: five were asked for within an hour.
        CodeDeliveryFailureException: the carrier refused the message.
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException: the pool's function
            gave no text for the message.

    Source: Cognito API reference, GetUserAttributeVerificationCode.
    """
    person = await authenticate_person(call, request["AccessToken"])
    attribute = _verifiable(request["AttributeName"])

    def send(tx: Transaction) -> tuple[str, tuple[str, str]]:
        user = person.again(tx)
        address = user.pending.get(attribute) or user.attributes.get(attribute)
        if not address:
            raise InvalidParameterException(f"User does not have the attribute {attribute}.")
        if not _may_send(tx, call, user, attribute, address):
            raise LimitExceededException(ATTEMPT_LIMIT)
        to = attribute, address
        return _post(tx, call, person.app, user, to, Purpose.VERIFY_ATTRIBUTE), to

    message, to = await with_texts(
        call, lambda: person.call.write(send, pool_id=person.app.pool.id), request.get("ClientMetadata")
    )
    await delivery.deliver_now_or_later(call, [message])
    return {"CodeDeliveryDetails": delivery.details(*to)}


async def verify_user_attribute(
    call: Call, request: VerifyUserAttributeRequest
) -> VerifyUserAttributeResponse:
    """Prove by a code that an email or phone number is one's own. One that waited for it takes the old one's place.

    Raises:
        NotAuthorizedException: the access token.
        InvalidParameterException: another attribute.
        CodeMismatchException, ExpiredCodeException: the code.
        LimitExceededException: fifteen attempts were made within an hour.
        AliasExistsException: the address is another's alias. The code stays good.

    Source: Cognito API reference, VerifyUserAttribute.
    """
    person = await authenticate_person(call, request["AccessToken"])
    pool = person.app.user_pool
    purpose = verification_of(_verifiable(request["AttributeName"]))

    # What is wrong is returned, not raised: the attempt must be counted.
    record = person.call.record(pool.id)

    def check(tx: Transaction) -> Code | Refusal:
        found = codes.check(tx, call, person.again(tx), purpose, request["Code"])
        if isinstance(found, Refusal):
            tx.audit.add(replace(record, error_code=found.error().code))
        return found

    checked = await call.store.write(check)
    if isinstance(checked, Refusal):
        raise checked.error()
    sent = Sent.from_secret(checked.detail)

    def verify(tx: Transaction) -> None:
        user = person.again(tx)
        if not sent.is_still_of(user) or not tx.codes.take(checked):
            raise ExpiredCodeException
        pending = {name: value for name, value in user.pending.items() if (name, value) != sent.proved}
        proved = dict([sent.proved, (VERIFIED[sent.attribute], "true")])
        tx.users.replace(pool, user.with_attributes(call.now, proved).changed(call.now, pending=pending))

    await person.call.write(verify, pool_id=pool.id)
    return {}


def _verifiable(attribute: str) -> str:
    if attribute not in VERIFIED:
        raise InvalidParameterException("Invalid attribute name. Only phone_number and email can be verified")
    return attribute


def _refuse_name_of_another(tx: Transaction, pool: UserPool, user: User, name: str | None) -> None:
    """A preferred_username must not be another's user name, email or phone number, where all of them are names to
    sign in with: each kind has an index of its own, so none of them sees that. Nor may it look like an address that
    somebody else could sign in with later: a name of two people is nobody's."""
    kinds = alias_attributes(pool)
    if name and PREFERRED_USERNAME in kinds:
        if (EMAIL in kinds and is_email(name)) or (PHONE_NUMBER in kinds and is_phone_number(name)):
            raise InvalidParameterException(
                "preferred_username cannot be of email or phone number format, since user pool is configured for "
                "these aliases."
            )
        owner = tx.users.find(pool, name)
        if owner is not None and owner.sub != user.sub:
            raise AliasExistsException(f"An account with the {PREFERRED_USERNAME} already exists.")


def _may_send(tx: Transaction, call: Call, user: User, attribute: str, address: str) -> bool:
    purpose = verification_of(attribute)
    return codes.may_send(tx, call, user, purpose) and codes.may_send_to(
        tx, call, user.pool_id, address, purpose
    )


def _post(
    tx: Transaction, call: Call, app: AppSnapshot, user: User, to: tuple[str, str], purpose: Purpose
) -> str:
    attribute, address = to
    code = codes.issue(
        tx,
        call,
        user,
        verification_of(attribute),
        attribute=attribute,
        destination=address,
        lifetime=VERIFICATION_LIFETIME,
    )
    return delivery.post(
        tx,
        call,
        app.user_pool,
        user,
        purpose=purpose,
        medium=delivery.MEDIA[attribute],
        destination=address,
        code=code,
        client_id=app.client.id,
    )
