"""What a pool's pages look like: a client that has everything, and one that has nothing yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

TERMS = {
    "TermsSource": "LINK",
    "Enforcement": "NONE",
    "Links": {"cognito:default": "https://example.com/terms"},
}
SETTINGS = {"categories": {"global": {"colorSchemeMode": "DYNAMIC"}}}
CSS = ".label-customizable { font-weight: 400 }"


@dataclass(frozen=True)
class Looks:
    dressed_id: str
    bare_id: str
    style_id: str
    terms_id: str

    def requests(self, pool_id: str) -> dict[str, dict[str, Any]]:
        pool = {"UserPoolId": pool_id}
        dressed, bare = {**pool, "ClientId": self.dressed_id}, {**pool, "ClientId": self.bare_id}
        style = {**pool, "ManagedLoginBrandingId": self.style_id}
        terms = {**pool, "TermsId": self.terms_id}
        return {
            "CreateManagedLoginBranding": {**bare, "Settings": SETTINGS},
            "CreateTerms": {**bare, "TermsName": "terms-of-use", **TERMS},
            "DeleteManagedLoginBranding": style,
            "DeleteTerms": terms,
            "DescribeManagedLoginBranding": {**style, "ReturnMergedResources": True},
            "DescribeManagedLoginBrandingByClient": dressed,
            "DescribeTerms": terms,
            "DescribeTermsByClient": {**dressed, "TermsName": "terms-of-use"},
            "GetUICustomization": dressed,
            "ListTerms": pool,
            "SetUICustomization": {**dressed, "CSS": CSS},
            "UpdateManagedLoginBranding": {**style, "Settings": SETTINGS},
            "UpdateTerms": {**terms, "Links": TERMS["Links"]},
        }


def decorate(ask: Callable[[str, Mapping[str, Any]], Any], pool_id: str) -> Looks:
    pool = {"UserPoolId": pool_id}
    ids = [
        ask("CreateUserPoolClient", {**pool, "ClientName": name})["UserPoolClient"]["ClientId"]
        for name in ("dressed", "bare")
    ]
    dressed = {**pool, "ClientId": ids[0]}
    style = ask("CreateManagedLoginBranding", {**dressed, "UseCognitoProvidedValues": True})
    terms = ask("CreateTerms", {**dressed, "TermsName": "terms-of-use", **TERMS})
    ask("SetUICustomization", {**pool, "CSS": CSS})
    return Looks(
        ids[0],
        ids[1],
        style["ManagedLoginBranding"]["ManagedLoginBrandingId"],
        terms["Terms"]["TermsId"],
    )
