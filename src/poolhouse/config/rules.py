"""Which settings don't go together, and which the server refuses to run with."""

from __future__ import annotations

import ipaddress

from poolhouse.config.schema import ConfigurationError
from poolhouse.config.settings import Settings


def inconsistencies(settings: Settings) -> list[str]:
    """What makes no sense for any command."""
    problems = []
    if (settings.tls_cert is None) != (settings.tls_key is None):
        problems.append("tls_cert and tls_key go together: set both or neither.")
    if (settings.root_access_key_id is None) != (settings.root_secret_access_key is None):
        problems.append("root_access_key_id and root_secret_access_key go together: set both or neither.")
    if settings.admin_port is not None and settings.admin_port == settings.port:
        problems.append("admin_port must differ from port.")
    return problems


def refuse_unsafe(settings: Settings) -> None:
    """Refuses what would expose the server without the operator having said so.

    Raises:
        ConfigurationError: with the remedy.
    """
    problems = []
    if settings.anonymous_admin and not is_loopback(settings.host):
        problems.append(
            f"anonymous_admin lets everybody administer, and host {settings.host} is not loopback."
            " Set host to localhost, or leave anonymous_admin out."
        )
    if not (is_loopback(settings.host) or _someone_ends_tls(settings) or settings.insecure_http):
        problems.append(
            f"host {settings.host} is not loopback, and nothing protects the secrets on the way. Set tls_cert and"
            " tls_key, or trusted_proxies to the proxy that ends TLS, or, on a network you trust, insecure_http."
        )
    if problems:
        raise ConfigurationError(problems)


def _someone_ends_tls(settings: Settings) -> bool:
    return settings.tls_cert is not None or bool(settings.trusted_proxies)


def is_loopback(host: str) -> bool:
    return host == "localhost" or ipaddress.ip_address(host).is_loopback
