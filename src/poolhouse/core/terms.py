"""Terms of use and privacy policy of an app client: links by language, shown where people sign up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlsplit

from poolhouse.core.documents import from_iso, to_iso
from poolhouse.core.errors import InvalidParameterException

TERMS_OF_USE = "terms-of-use"
PRIVACY_POLICY = "privacy-policy"
DEFAULT_LANGUAGE = "cognito:default"

LANGUAGES: Mapping[str, str] = {
    "de": "cognito:german",
    "en": "cognito:english",
    "es": "cognito:spanish",
    "fr": "cognito:french",
    "id": "cognito:bahasa-indonesia",
    "it": "cognito:italian",
    "ja": "cognito:japanese",
    "ko": "cognito:korean",
    "nl": "cognito:dutch",
    "pt-BR": "cognito:portuguese-brazil",
    "zh-CN": "cognito:chinese-simplified",
    "zh-TW": "cognito:chinese-traditional",
}
"""The languages of the pages, and what links call them. Source: cognito-idp model, LanguageIdType."""


@dataclass(frozen=True, slots=True)
class Terms:
    """One of the two documents of a client."""

    pool_id: str
    id: str
    client_id: str
    name: str
    links: Mapping[str, str]
    created_at: datetime
    modified_at: datetime
    version: int = 1

    def link(self, language: str) -> str | None:
        """The document in a language of the pages, else the default one.

        Source: Cognito API reference, CreateTerms.
        """
        return self.links.get(LANGUAGES.get(language, "")) or self.links.get(DEFAULT_LANGUAGE)

    def to_document(self) -> dict[str, Any]:
        return {
            "links": dict(self.links),
            "created_at": to_iso(self.created_at),
            "modified_at": to_iso(self.modified_at),
        }

    @classmethod
    def from_document(
        cls, document: Mapping[str, Any], *, pool_id: str, id: str, client_id: str, name: str, version: int
    ) -> Self:
        return cls(
            pool_id=pool_id,
            id=id,
            client_id=client_id,
            name=name,
            links=document["links"],
            created_at=from_iso(document["created_at"]),
            modified_at=from_iso(document["modified_at"]),
            version=version,
        )


@dataclass(frozen=True, slots=True)
class TermsLinks:
    """Both documents in one language, as a page shows them."""

    terms_of_use: str
    privacy_policy: str


def links_of(documents: Mapping[str, Terms], language: str) -> TermsLinks | None:
    """The links of a page; None unless both documents have one: Cognito shows neither then.

    Source: Cognito API reference, CreateTerms.
    """
    found = [documents[name].link(language) for name in (TERMS_OF_USE, PRIVACY_POLICY) if name in documents]
    if len(found) != 2 or found[0] is None or found[1] is None:
        return None
    return TermsLinks(found[0], found[1])


def check_links(links: Mapping[str, str] | None) -> Mapping[str, str]:
    """The links, which a page may show as they are: http and https alone, for `javascript:` is a URL too.

    Raises:
        InvalidParameterException: there are none, or one is no web address.
    """
    if not links:
        raise InvalidParameterException("Links must be provided when TermsSource is LINK.")
    for language, url in links.items():
        if not _is_web_address(url):
            raise InvalidParameterException(f"The link for {language} is not a valid URL.")
    return links


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "\\" not in url
    except ValueError:
        return False
