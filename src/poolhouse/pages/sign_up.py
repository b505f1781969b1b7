"""`/signup`: a new account, with what the pool requires of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from poolhouse.core.attributes import name_of
from poolhouse.core.errors import (
    AliasExistsException,
    CodeDeliveryFailureException,
    CognitoError,
    InvalidParameterException,
    LimitExceededException,
    UsernameExistsException,
)
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.user_attributes import NOT_THEIRS, check_new, client_writable
from poolhouse.core.users import (
    PHONE_NUMBER,
    PREFERRED_USERNAME,
    alias_attributes,
    username_attributes,
)
from poolhouse.http import Response
from poolhouse.operation import Call
from poolhouse.pages import refusals
from poolhouse.pages.attribute_fields import Field, fields_of
from poolhouse.pages.factors import NOT_THE_SAME
from poolhouse.pages.finishing import go_on_with
from poolhouse.pages.flow import Flow, TooMuch
from poolhouse.pages.names import (
    LONGEST,
    MISSING,
    WRONG_FORM,
    fault_of,
    field_of,
    phone_number,
    shown,
    typed_name,
)
from poolhouse.pages.page import Visit, render
from poolhouse.pages.passwords import rules
from poolhouse.pages.sign_in import NO_PASSWORD, begin, refused
from poolhouse.pages.texts import N_
from poolhouse.shapes.cognito_idp import AttributeType, CodeDeliveryDetailsType
from poolhouse.userpools import delivery
from poolhouse.userpools.sign_up import (
    Account,
    confirming_attributes,
    make_account,
    may_sign_up,
    welcome,
)

DESTINATION = "CODE_DELIVERY_DESTINATION"
TAKEN = N_("There is an account of this name already. Sign in with it, or choose another.")
MOST = 2_048
"""Characters of an attribute. Source: Cognito API reference, AttributeType."""
AN_ADDRESS = N_("Give an email address or a phone number: a code goes there.")
NOT_SENT = N_("Your account was made, but the code could not be sent. Have a new one sent in a while.")
NO_CODE_SENT = N_("Your account was made. You can sign in as soon as it was confirmed for you.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form asks for."""

    name: Field
    attributes: list[Field]
    required: frozenset[str]
    confirming: tuple[str, ...]
    """Attributes that a code can go to; one of them is needed."""


async def sign_up(visit: Visit) -> Response:
    if not may_sign_up(visit.app.user_pool):
        return render(visit, "sign_up_closed.html", 403)
    if visit.is_post:
        return await _register(visit, wanted_of(visit.app))
    return show(visit)


def show(visit: Visit) -> Response:
    """The form."""
    wanted, flow = wanted_of(visit.app), visit.flow or Flow()
    return render(
        visit,
        "sign_up.html",
        name=wanted.name,
        username=flow.username or visit.asked.login_hint or "",
        fields=wanted.attributes,
        required=wanted.required,
        rules=rules(visit),
    )


def wanted_of(app: AppSnapshot) -> Wanted:
    """What a new account needs: what the pool requires, and an address that the code goes to."""
    pool = app.user_pool
    required = [
        name_of(one) for one in pool.attributes if one.get("Required") and name_of(one) not in NOT_THEIRS
    ]
    named_by = username_attributes(pool)
    confirming = tuple(confirming_attributes(pool))
    names = [name for name in required if len(named_by) != 1 or name not in named_by]
    if not named_by & set(confirming):
        names += [name for name in confirming if name not in names]
        if len(confirming) == 1:
            required = [*required, *confirming]
    else:
        confirming = ()  # the name itself will do
    if PREFERRED_USERNAME in alias_attributes(pool):
        names = [name for name in names if name != PREFERRED_USERNAME]  # not before the confirmation
    writable = client_writable(pool, app.client)
    names = [name for name in names if writable is None or name in writable]
    # An account named by an address has it from its name.
    required = [name for name in required if name not in named_by]
    return Wanted(field_of(app), fields_of(names), frozenset(required), confirming)


async def _register(visit: Visit, wanted: Wanted) -> Response:
    name = typed_name(visit.app, visit.form.get("username", ""))
    values = _values(visit, wanted)
    errors = _errors(visit, wanted, name, values)
    if errors:
        return _again(visit, name, values, errors)
    if not visit.parts.limits.allows_person(visit.app.pool.id, name):
        return _again(visit, name, values, {"form": refusals.TOO_MANY})
    attributes: list[AttributeType] = [
        {"Name": attribute, "Value": value} for attribute, value in values.items() if value
    ]
    try:
        account = await make_account(
            as_operation(visit, "SignUp", name),
            visit.app,
            name,
            visit.form["password"],
            attributes,
            goes_on=True,
        )
    except (LimitExceededException, CodeDeliveryFailureException) as error:
        visit.keep(Flow(name).refusing(form=NOT_SENT))
        response = visit.to("/confirm")
        response.reason = error.reason
        return response
    except CognitoError as error:
        response = _again(visit, name, values, _refused(error))
        response.reason = error.reason
        return response
    if account.is_confirmed:
        return await _welcomed(visit, name, account)
    return _registered(visit, name, account)


async def _welcomed(visit: Visit, name: str, account: Account) -> Response:
    """Signed in, whom a function of the pool confirmed at once: they have just chosen their password."""
    try:
        await welcome(as_operation(visit, "SignUp", name), visit.app, account)
        outcome = await begin(visit, name, visit.form["password"])
    except CognitoError as error:
        return refused(visit, error, name)
    return await go_on_with(visit, outcome, name)


def _registered(visit: Visit, name: str, account: Account) -> Response:
    if account.sent_to is None:
        visit.keep(Flow(name).saying(NO_CODE_SENT))
        return visit.to("/login")
    visit.keep(
        Flow(
            name,
            session=account.session or "",
            parameters=told(delivery.details(*account.sent_to)),
        )
    )
    return visit.to("/confirm")


def told(details: CodeDeliveryDetailsType) -> dict[str, str]:
    """Where a code went, for the pages that wait for it; the destination is masked."""
    assert "DeliveryMedium" in details
    assert "Destination" in details
    return {"CODE_DELIVERY_DELIVERY_MEDIUM": details["DeliveryMedium"], DESTINATION: details["Destination"]}


def as_operation(visit: Visit, operation: str, name: str) -> Call:
    """The visit's call as the operation that it does, so that the audit says the same of both."""
    parameters = {"ClientId": visit.app.client.id, "Username": name}
    return replace(visit.call, operation=operation, audit_parameters=parameters)


def _values(visit: Visit, wanted: Wanted) -> dict[str, str]:
    values = {field.name: visit.form.get(field.name, "").strip() for field in wanted.attributes}
    if PHONE_NUMBER in values:
        values[PHONE_NUMBER] = phone_number(values[PHONE_NUMBER])
    return values


def _errors(visit: Visit, wanted: Wanted, name: str, values: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with the form, as far as it can be told without asking anybody."""
    fault = fault_of(name, LONGEST)
    errors = {} if fault is None else {"username": fault}
    for attribute, value in values.items():
        if not value and attribute in wanted.required:
            errors[attribute] = MISSING
        elif value and not _fits(visit.app, attribute, value):
            errors[attribute] = WRONG_FORM
    if wanted.confirming and not any(values.get(attribute) for attribute in wanted.confirming):
        errors.setdefault(wanted.confirming[0], AN_ADDRESS)
    password = visit.form.get("password", "")
    if not password:
        errors["password"] = NO_PASSWORD
    elif password != visit.form.get("confirm_password", ""):
        errors["confirm_password"] = NOT_THE_SAME
    return errors


def _fits(app: AppSnapshot, attribute: str, value: str) -> bool:
    if len(value) > MOST:
        return False
    try:
        check_new(app.user_pool, {attribute: value}, writable=None, required=False)
    except InvalidParameterException:
        return False
    return True


def _refused(error: CognitoError) -> dict[str, str]:
    match error:
        case UsernameExistsException() | AliasExistsException():
            return {"username": TAKEN}
        case InvalidParameterException():
            return {"username": WRONG_FORM}
        case _:
            reason = refusals.of_password(error)
            if reason is not None:
                return {"password": reason}
            return {"form": refusals.of_trigger(error) or refusals.of_code(error)}


def _again(visit: Visit, name: str, values: Mapping[str, str], errors: Mapping[str, str]) -> Response:
    """The form as it was filled in, but for the passwords, and what is wrong with it."""
    try:
        visit.keep(Flow(shown(name), values=values, errors=errors))
    except TooMuch:
        visit.keep(Flow(errors=errors))
    return visit.to("/signup")
