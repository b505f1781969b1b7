"""Which settings don't go together, and which the server refuses to run with."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from poolhouse.config.schema import ConfigurationError
from poolhouse.config.settings import Settings
from poolhouse.core.loopback import is_near


def inconsistencies(settings: Settings) -> list[str]:
    """What makes no sense for any command."""
    problems = []
    if (settings.tls_cert is None) != (settings.tls_key is None):
        problems.append("tls_cert and tls_key go together: set both or neither.")
    if (settings.root_access_key_id is None) != (settings.root_secret_access_key is None):
        problems.append("root_access_key_id and root_secret_access_key go together: set both or neither.")
    if settings.admin_port is not None and settings.admin_port == settings.port:
        problems.append("admin_port must differ from port.")
    if (settings.lambda_access_key_id is None) != (settings.lambda_secret_access_key is None):
        problems.append("lambda_access_key_id and lambda_secret_access_key go together: set both or neither.")
    if settings.lambda_session_token is not None and settings.lambda_access_key_id is None:
        problems.append("lambda_session_token needs lambda_access_key_id.")
    if settings.compromised_passwords_file is not None and settings.compromised_passwords_url is not None:
        problems.append(
            "compromised_passwords_file and compromised_passwords_url are two ways for one thing: choose one."
        )
    if (settings.kms_access_key_id is None) != (settings.kms_secret_access_key is None):
        problems.append("kms_access_key_id and kms_secret_access_key go together: set both or neither.")
    problems += [
        f"{name} needs kms_access_key_id."
        for name in ("kms_session_token", "kms_endpoint_url")
        if getattr(settings, name) is not None and settings.kms_access_key_id is None
    ]
    problems += _delivery(settings)
    return problems


def _delivery(settings: Settings) -> Iterator[str]:
    if settings.smtp_host is not None and settings.mail_from is None:
        yield "smtp_host needs mail_from: who e-mail is from where a pool does not say."
    if (settings.smtp_username is None) != (settings.smtp_password is None):
        yield "smtp_username and smtp_password go together: set both or neither."
    if (settings.sms_webhook_url is None) != (settings.sms_webhook_secret is None):
        yield "sms_webhook_url and sms_webhook_secret go together: set both or neither."
    if (settings.events_webhook_url is None) != (settings.events_webhook_secret is None):
        yield "events_webhook_url and events_webhook_secret go together: set both or neither."
    if (settings.sns_access_key_id is None) != (settings.sns_secret_access_key is None):
        yield "sns_access_key_id and sns_secret_access_key go together: set both or neither."
    if settings.sms_webhook_url is not None and settings.sns_access_key_id is not None:
        yield "sms_webhook_url and sns_access_key_id are two ways for one thing: choose one."


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
    problems += _clear_text(settings)
    if problems:
        raise ConfigurationError(problems)


def _clear_text(settings: Settings) -> Iterator[str]:
    """Codes and passwords that would leave this machine unprotected."""
    if settings.insecure_http:
        return
    if (
        settings.smtp_host is not None
        and settings.smtp_security == "none"
        and not is_near(settings.smtp_host)
    ):
        yield (
            f"smtp_security is none, and smtp_host {settings.smtp_host} is not this machine: codes would cross the"
            " network in clear text. Use starttls or tls, or, on a network you trust, insecure_http."
        )
    for name, what in (
        ("sms_webhook_url", "codes"),
        ("sns_endpoint_url", "codes"),
        ("events_webhook_url", "events"),
        ("lambda_endpoint_url", "people's attributes"),
        ("kms_endpoint_url", "the keys of codes"),
    ):
        parts = urlsplit(getattr(settings, name) or "")
        if parts.scheme == "http" and not is_near(parts.hostname or ""):
            yield (
                f"{name} is plain HTTP to another machine: {what} would cross the network in clear text. Use"
                " https, or, on a network you trust, insecure_http."
            )


def _someone_ends_tls(settings: Settings) -> bool:
    return settings.tls_cert is not None or bool(settings.trusted_proxies)


def is_loopback(host: str) -> bool:
    return host == "localhost" or ipaddress.ip_address(host).is_loopback
