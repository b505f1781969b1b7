"""What an administrator says of a SAML provider: ProviderDetails, read and shown.

Source: Cognito API reference, CreateIdentityProvider (ProviderDetails, SAML).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from poolhouse.core.errors import InvalidParameterException

if TYPE_CHECKING:
    # Read by lxml, which takes a while to import and is not needed to look at a list of texts.
    from poolhouse.core.saml_metadata import Metadata

URL, FILE = "MetadataURL", "MetadataFile"
SIGNING = "RequestSigningAlgorithm"
SWITCHES = ("IDPSignout", "IDPInit", "EncryptedResponses")
SHOWN = ("SSORedirectBindingURI", "SLORedirectBindingURI", "ActiveEncryptionCertificate")
"""What describing adds. Tools send it back with an update: then it is left out, and never believed."""
RSA_SHA256 = "rsa-sha256"
MAX_FILE = 131_072
"""Characters. Source: the service model (StringType)."""


@dataclass(frozen=True, slots=True)
class SamlDetails:
    metadata_url: str | None
    metadata_file: str | None
    signs_requests: bool
    encrypts: bool
    """Whether the provider must encrypt its assertions; then plain ones are refused."""
    takes_unasked: bool
    """Whether the provider may begin."""
    signs_out: bool
    """Whether who signs out here is signed out there."""

    @classmethod
    def parse(cls, details: Mapping[str, str]) -> Self:
        """Raises InvalidParameterException: not what a SAML provider can be given."""
        for name in details:
            if name not in (URL, FILE, SIGNING, *SWITCHES, *SHOWN):
                raise InvalidParameterException(f"ProviderDetails contains an invalid key: {name}.")
        url, file = details.get(URL), details.get(FILE)
        if bool(url) == bool(file):
            raise InvalidParameterException(
                "ProviderDetails of a SAML provider need exactly one of MetadataURL and MetadataFile."
            )
        if url:
            _check_url(url)
        elif len(file or "") > MAX_FILE:
            raise InvalidParameterException(f"MetadataFile is longer than {MAX_FILE} characters.")
        algorithm = details.get(SIGNING)
        if algorithm not in (None, "", RSA_SHA256):
            raise InvalidParameterException("RequestSigningAlgorithm can only be rsa-sha256.")
        encrypts, unasked, out = (
            _switch(details, name) for name in ("EncryptedResponses", "IDPInit", "IDPSignout")
        )
        return cls(url or None, file or None, algorithm == RSA_SHA256, encrypts, unasked, out)


def described(
    details: Mapping[str, str], metadata: Metadata, certificate: str | None = None
) -> dict[str, str]:
    """The details as they are shown: with the provider's addresses, and with what it is to encrypt for."""
    shown = {name: value for name, value in details.items() if name not in SHOWN}
    shown["SSORedirectBindingURI"] = metadata.sso_redirect
    if metadata.slo_redirect is not None:
        shown["SLORedirectBindingURI"] = metadata.slo_redirect
    if certificate is not None:
        shown["ActiveEncryptionCertificate"] = certificate
    return shown


def _switch(details: Mapping[str, str], name: str) -> bool:
    text = details.get(name, "false").lower()
    if text not in ("true", "false", ""):
        raise InvalidParameterException(f"{name} must be true or false.")
    return text == "true"


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or not url.isascii() or not url.isprintable() or " " in url or len(url) > 2_048:
        raise InvalidParameterException("MetadataURL is not a web address.")
