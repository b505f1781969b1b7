"""Pagination tokens: good for the list that gave them, and for no other."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.paging import MAC_SIZE, open_page, seal_page

KEY = b"k" * 32


@given(context=st.text(max_size=50), position=st.text(max_size=50))
def test_a_token_gives_its_position_back(context, position):
    token = seal_page(KEY, context, position)

    assert open_page(KEY, context, token) == position
    assert token.isascii()
    assert not any(letter.isspace() for letter in token)


@given(a=st.text(max_size=10), b=st.text(max_size=10), position=st.text(max_size=10))
def test_a_token_of_another_list_is_refused(a, b, position):
    token = seal_page(KEY, a, position)
    if a != b:
        with pytest.raises(InvalidParameterException, match="Invalid pagination token"):
            open_page(KEY, b, token)


def test_the_border_between_context_and_position_can_not_be_moved():
    token = seal_page(KEY, "ab", "c")
    mac = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))[:MAC_SIZE]
    moved = base64.urlsafe_b64encode(mac + b"bc").rstrip(b"=").decode()

    with pytest.raises(InvalidParameterException):
        open_page(KEY, "a", moved)


def test_another_servers_token_is_refused():
    with pytest.raises(InvalidParameterException):
        open_page(b"o" * 32, "list", seal_page(KEY, "list", "a"))


@given(index=st.integers(0, 200), letter=st.sampled_from("ABCxyz019-_"))
def test_a_changed_token_is_refused_or_the_same(index, letter):
    token = seal_page(KEY, "list", "position")
    index %= len(token)
    changed = token[:index] + letter + token[index + 1 :]
    try:
        assert (
            open_page(KEY, "list", changed) == "position"
        )  # the last letter has bits that stand for nothing
        assert index == len(token) - 1 or changed == token
    except InvalidParameterException:
        assert changed != token


@given(token=st.text(max_size=100) | st.text("ABCxyz019-_=+/", max_size=100))
def test_a_made_up_token_is_refused(token):
    with pytest.raises(InvalidParameterException):
        open_page(KEY, "list", token)
