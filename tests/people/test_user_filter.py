"""The filter of ListUsers as a grammar: what is written is read back, and nothing else is read at all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.user_filter import FILTERABLE, UserFilter, end_of_prefix, parse_filter
from poolhouse.core.users import LONGEST_KEY, SEARCHABLE, User, UserStatus, search_key

BLANKS = st.text(" \t\n", max_size=3)
TEXTS = st.text(max_size=40) | st.text('"\\=^a ', max_size=40)
STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


def escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


@given(st.sampled_from(sorted(FILTERABLE)), TEXTS, st.booleans(), st.tuples(BLANKS, BLANKS, BLANKS, BLANKS))
def test_a_filter_is_read_as_it_was_written(
    attribute: str, value: str, is_prefix: bool, blanks: tuple[str, str, str, str]
) -> None:
    operator = "^=" if is_prefix else "="
    text = f'{blanks[0]}{attribute}{blanks[1]}{operator}{blanks[2]}"{escaped(value)}"{blanks[3]}'
    assert parse_filter(text) == UserFilter(attribute, value, is_prefix)


@given(TEXTS | st.from_regex(r'\A[a-z:_]{0,20} ?\^?={0,2} ?"?[^"]{0,5}\\?"{0,2}.{0,3}\Z'))
def test_any_text_is_a_filter_or_is_refused(text: str) -> None:
    try:
        read = parse_filter(text)
    except InvalidParameterException:
        return
    if read is None:
        assert not text.strip()
    else:
        # Whatever was read says all that was there: written again it reads the same.
        assert read.attribute in FILTERABLE
        operator = "^=" if read.is_prefix else "="
        assert parse_filter(f'{read.attribute} {operator} "{escaped(read.value)}"') == read


@pytest.mark.parametrize(
    "text",
    [
        'email = "a" "b"',
        'email = "a',
        'email "a"',
        '= "a"',
        "email = a",
        'email = "a\\"',
        "email = 'a'",
        'email ^ = "a"',
    ],
)
def test_what_is_half_a_filter_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameterException, match="Error while parsing filter"):
        parse_filter(text)


@given(STORABLE, STORABLE)
def test_a_prefix_ends_where_the_index_says(prefix: str, text: str) -> None:
    """Both engines compare the bytes of UTF-8."""
    end = end_of_prefix(prefix)
    lies_between = prefix.encode() <= text.encode() and (end is None or text.encode() < end.encode())
    assert lies_between is text.startswith(prefix)


@given(STORABLE, STORABLE)
def test_what_begins_with_a_prefix_lies_in_its_range(prefix: str, rest: str) -> None:
    end = end_of_prefix(prefix)
    assert prefix.encode() <= (prefix + rest).encode()
    assert end is None or (prefix + rest).encode() < end.encode()


@pytest.mark.parametrize(
    ("prefix", "end"),
    [
        ("", None),
        ("a", "b"),
        ("a\U0010ffff", "b"),
        ("\U0010ffff", None),
        ("\ud7ff", "\ue000"),
        ("\uffff", "\U00010000"),
    ],
)
def test_the_ends_of_some_prefixes(prefix: str, end: str | None) -> None:
    assert end_of_prefix(prefix) == end


@given(st.sampled_from(SEARCHABLE), st.text(max_size=10), st.text(max_size=300), st.booleans())
def test_whoever_is_meant_lies_in_the_range_of_the_index(
    attribute: str, value: str, rest: str, is_prefix: bool
) -> None:
    """Of a long or strange value the index holds less than the whole: it may find too many, never too few."""
    present = value + rest
    now = datetime(2026, 11, 24, tzinfo=UTC)
    user = User("pool", "sub", "ada", UserStatus.CONFIRMED, now, now, attributes={attribute: present})
    wanted = UserFilter(attribute, value, is_prefix)
    stored, key = search_key(present), search_key(value)
    assert len(stored) <= LONGEST_KEY
    stored.encode()  # no half of a surrogate pair
    assert "\0" not in stored
    if wanted.matches(user):
        assert stored.startswith(key) if is_prefix else stored == key
