"""What pages say, in the languages of managed login. The texts are written in English and looked up by it.

The catalogues are `locales/{language}.po`, read when a language is first asked for; `make texts` finds new texts.

Source: Cognito developer guide, "Managed login localization".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

from markupsafe import Markup, escape

from poolhouse.cookies import cookie_name, cookie_of
from poolhouse.http import Request

ENGLISH = "en"
LANGUAGES: Mapping[str, str] = {
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "id": "Bahasa Indonesia",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "nl": "Nederlands",
    "pt-BR": "Português (Brasil)",
    "zh-CN": "简体中文",
    "zh-TW": "繁體中文",
}
"""What `lang` may be, and what its speakers call it."""
COOKIE = "lang"
COOKIE_LASTS = 365 * 24 * 3_600
_BY_LOWER = {language.lower(): language for language in LANGUAGES}


def N_(text: str) -> str:
    """Marks a text that is translated where it is shown."""
    return text


class Texts:
    """The texts of one language. What has no translation is said in English."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._catalogue = catalogue(language)

    def __call__(self, text: str, **values: object) -> Markup:
        """`text` in this language, its `%(name)s` filled in; safe in HTML, the values escaped."""
        return escape(self._catalogue.get(text, text)) % values


def language_of(request: Request, asked: str | None) -> str:
    """What `lang` says, else what it said before. Cognito does not ask the browser, nor do we."""
    for wish in (asked, cookie_of(request, cookie_name(request, COOKIE))):
        if wish is not None and wish.lower() in _BY_LOWER:
            return _BY_LOWER[wish.lower()]
    return ENGLISH


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> Mapping[str, str]:
    """English text -> text; empty for English, and for a language whose file is not there."""
    from babel.messages.pofile import read_po

    file = resources.files("poolhouse.pages") / "locales" / f"{language}.po"
    if language == ENGLISH or not file.is_file():
        return {}
    with file.open("rb") as lines:
        messages = read_po(lines)
    return {
        str(message.id): str(message.string)
        for message in messages
        if message.id and message.string and not message.fuzzy
    }
