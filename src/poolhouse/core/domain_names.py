"""Which names a domain may have."""

from __future__ import annotations

import re

from poolhouse.core.errors import InvalidParameterException

PREFIX = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
LABEL = PREFIX
RESERVED_WORDS = ("aws", "amazon", "cognito")
MAX_HOST_NAME = 253


def check_prefix_domain(name: str) -> None:
    """Raises:
    InvalidParameterException: other characters than Cognito's, or a reserved word between the hyphens.
    """
    if not PREFIX.fullmatch(name):
        raise InvalidParameterException(
            "The domain name contains an invalid character. Domain names can only contain lower-case letters, "
            "numbers, and hyphens."
        )
    for word in RESERVED_WORDS:
        if word in name.split("-"):
            raise InvalidParameterException(f"Domain cannot contain reserved word: {word}")


def check_custom_domain(name: str) -> None:
    """Raises:
    InvalidParameterException: not a host name of at least two labels (RFC 1123 §2.1), in lower case.
    """
    labels = name.split(".")
    fits = len(name) <= MAX_HOST_NAME and all(LABEL.fullmatch(label) for label in labels)
    if len(labels) < 2 or not fits or labels[-1].isdigit():
        raise InvalidParameterException("Custom domain is not a valid subdomain")
