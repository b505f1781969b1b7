"""Whatever a function answers: texts that can be sent, a person whom the pool can have, or an error that is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st
from tests.people.signing_up import SMS
from tests.people.test_messages import a_pool

from poolhouse.core.attributes import schema_of
from poolhouse.core.custom_messages import LONGEST, custom_text_in
from poolhouse.core.errors import InvalidLambdaResponseException
from poolhouse.core.messages import CustomText, Purpose, compose
from poolhouse.core.user_migration import MEMBERS, Unusable, migrated_of
from poolhouse.core.users import UserStatus

NOW = datetime(2026, 1, 2, tzinfo=UTC)
OWN = {"EmailConfiguration": {"EmailSendingAccount": "DEVELOPER"}}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
TEXTS = st.sampled_from(["{####}", "hello {username} {####}", "{##Go##}", "no code", "", "{####" + "x" * 200])
VALUES = {
    "email": "ada@example.com",
    "email_verified": "true",
    "phone_number": "+14155550100",
    "username": "ada",
    "name": "Ada",
    "sub": "chosen",
    "custom:x": "x",
}
ATTRIBUTES = st.fixed_dictionaries(
    {"email": st.just(VALUES["email"])},
    optional={
        name: st.just(value) | st.text(max_size=3) | JSON for name, value in VALUES.items() if name != "email"
    },
)
ANSWERS: dict[str, Any] = {
    "userAttributes": ATTRIBUTES,
    "finalUserStatus": st.sampled_from(["CONFIRMED", "RESET_REQUIRED", "FORCE_CHANGE_PASSWORD", None]),
    "messageAction": st.sampled_from(["SUPPRESS", "RESEND", None]),
    "desiredDeliveryMediums": st.lists(st.sampled_from(["SMS", "EMAIL"]), max_size=3),
    "forceAliasCreation": st.booleans(),
    "enableSMSMFA": st.booleans(),
}
assert set(ANSWERS) == set(MEMBERS)
GOOD = st.fixed_dictionaries(
    {"userAttributes": ATTRIBUTES},
    optional={name: likely for name, likely in ANSWERS.items() if name != "userAttributes"},
)
HOSTILE = st.fixed_dictionaries({}, optional=dict.fromkeys(ANSWERS, JSON))


@given(
    answer=st.fixed_dictionaries({}, optional=dict.fromkeys(LONGEST, TEXTS | JSON)),
    purpose=st.sampled_from(Purpose),
    has_code=st.booleans(),
)
def test_a_text_of_a_function_carries_its_code_or_is_refused(
    answer: dict[str, Any], purpose: Purpose, has_code: bool
) -> None:
    pool, code = a_pool(**OWN), "739154" if has_code else ""
    try:
        text = custom_text_in(pool, purpose, answer, has_code=has_code)
    except InvalidLambdaResponseException:
        return
    for medium, given_text in (("EMAIL", text.body), ("SMS", text.sms)):
        assert given_text is None or len(given_text) <= 20_000
        sent = compose(pool, purpose, medium, code=code, username="ada", custom=text)  # type: ignore[arg-type]
        assert code in sent.body
        assert "\n" not in sent.subject


@given(answer=GOOD | st.builds(dict.__or__, GOOD, HOSTILE), has_password=st.booleans())
def test_who_a_function_says_is_a_person_or_nobody(answer: dict[str, Any], has_password: bool) -> None:
    pool = replace(a_pool(SmsConfiguration=SMS), attributes=schema_of([]))
    try:
        migrated = migrated_of(pool, "ada", answer, sub="a-sub", now=NOW, has_password=has_password)
    except Unusable:
        return
    user = migrated.user
    event("somebody")
    assert user.sub == "a-sub"
    assert user.status in (UserStatus.CONFIRMED, UserStatus.RESET_REQUIRED, UserStatus.FORCE_CHANGE_PASSWORD)
    assert has_password or user.status is not UserStatus.FORCE_CHANGE_PASSWORD
    assert all(isinstance(value, str) and value for value in user.attributes.values())
    assert "sub" not in user.attributes
    assert all(address in user.attributes.values() for _, address in migrated.media)


def test_a_subject_with_a_line_break_begins_no_header() -> None:
    custom = CustomText(subject="Hello\r\nBcc: eve@example.com", body="{####}")
    sent = compose(a_pool(), Purpose.SIGN_UP, "EMAIL", code="1", username="ada", custom=custom)
    assert sent.subject == "Hello Bcc: eve@example.com"
