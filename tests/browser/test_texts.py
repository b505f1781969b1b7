"""Every text of the pages, in every language of managed login."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from poolhouse.pages.texts import ENGLISH, LANGUAGES, Texts, catalogue

OTHERS = [language for language in LANGUAGES if language != ENGLISH]


def the_tool() -> ModuleType:
    path = Path(__file__).parents[2] / "tools" / "texts.py"
    spec = importlib.util.spec_from_file_location("texts", path)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


@pytest.fixture(scope="module")
def said() -> set[str]:
    return {str(message.id) for message in the_tool().found() if message.id}


def test_the_languages_are_those_of_managed_login() -> None:
    assert len(LANGUAGES) == 12


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(said: set[str], language: str) -> None:
    assert sorted(said - set(catalogue(language))) == []


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_of_a_text_that_nobody_says(said: set[str], language: str) -> None:
    assert sorted(set(catalogue(language)) - said) == []


@pytest.mark.parametrize("language", OTHERS)
def test_placeholders_survive_translation(language: str) -> None:
    for text, translated in catalogue(language).items():
        names = r"%\(\w+\)s|%"
        assert sorted(re.findall(names, text)) == sorted(re.findall(names, translated)), text


def test_what_is_filled_in_is_escaped_and_the_text_too() -> None:
    assert Texts("en")("<b> %(name)s", name="<i>") == "&lt;b&gt; &lt;i&gt;"
