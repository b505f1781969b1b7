"""What an application says of itself when it registers, and the app client that comes of it.

What is not known here is ignored, and what is granted may be less than what was asked; the answer says what is
(RFC 7591 §2, §3.2.1).

Source: RFC 7591; Cognito API reference, DcrConfigurationType.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

from poolhouse.core.client_settings import check_address, new_settings
from poolhouse.core.clients import Registration, UserPoolClient
from poolhouse.core.errors import InvalidClientMetadata, InvalidParameterException, InvalidRedirectUri
from poolhouse.core.loopback import is_near
from poolhouse.core.scopes import DCR_SCOPE, MAX_SCOPES
from poolhouse.core.secret import Secret
from poolhouse.shapes.cognito_idp import DcrConfigurationType, UserPoolClientType

CODE = "authorization_code"
MACHINE = "client_credentials"
FLOWS = {CODE: "code", MACHINE: "client_credentials"}
"""grant_type -> what AllowedOAuthFlows calls it. A refresh token comes with every code."""
OIDC_SCOPES = ("openid", "email", "phone", "profile")
NO_SECRET = "none"
AUTH_METHODS = ("client_secret_basic", "client_secret_post", NO_SECRET)
ADDRESSES = ("client_uri", "logo_uri", "tos_uri", "policy_uri")
NAME = "client_name"
NAMELESS = "Registered application"
NOT_IN_NAMES = re.compile(r"[^\w\s+=,.@-]+")
"""The model's ClientNameType has no other characters."""
MAX_NAME = 128
MAX_ADDRESS = 1_024
"""Characters of an address. The model's RedirectUrlType."""
MAX_ADDRESSES = 100
MAX_TEXT = 256
MAX_CONTACTS = 10


@dataclass(frozen=True, slots=True)
class ClientMetadata:
    """What was asked, checked for form alone."""

    redirect_uris: tuple[str, ...] = ()
    logout_uris: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = (CODE,)
    response_types: tuple[str, ...] | None = None
    auth_method: str = AUTH_METHODS[0]
    scopes: tuple[str, ...] | None = None
    kept: Mapping[str, Any] = field(default_factory=dict)
    """What has no setting: names, addresses, contacts, software."""

    @property
    def has_secret(self) -> bool:
        return self.auth_method != NO_SECRET


def is_on(dcr: DcrConfigurationType | None) -> bool:
    """Whether applications may register at a pool with this DcrConfiguration."""
    return dcr is not None and dcr.get("EnableStatus", "Enabled") == "Enabled"


def parse_metadata(document: Any) -> ClientMetadata:
    """Raises InvalidRedirectUri, InvalidClientMetadata: RFC 7591 §3.2.2."""
    if not isinstance(document, dict):
        raise InvalidClientMetadata("The metadata must be a JSON object.")
    method = _text(document, "token_endpoint_auth_method") or AUTH_METHODS[0]
    if method not in AUTH_METHODS:
        raise InvalidClientMetadata(f"token_endpoint_auth_method must be one of {', '.join(AUTH_METHODS)}.")
    scope = _text(document, "scope", limit=MAX_SCOPES * 257)
    grants = _texts(document, "grant_types")
    return ClientMetadata(
        redirect_uris=_redirects(document, "redirect_uris"),
        logout_uris=_redirects(document, "post_logout_redirect_uris"),
        grant_types=(CODE,) if grants is None else grants,
        response_types=_texts(document, "response_types"),
        auth_method=method,
        scopes=None if scope is None else tuple(dict.fromkeys(scope.split())),
        kept=_kept(document),
    )


def settings_of(
    metadata: ClientMetadata,
    dcr: DcrConfigurationType,
    *,
    is_open: bool,
    live_scopes: Collection[str],
    providers: Sequence[str] = ("COGNITO",),
) -> UserPoolClientType:
    """The settings of the app client: of what was asked, what the pool allows. `live_scopes` are those that its
    resource servers declare, `providers` where its people may come from.

    Raises:
        InvalidClientMetadata, InvalidRedirectUri: nothing useful is left.
    """
    flows = _flows(metadata, dcr, is_open=is_open)
    if "code" in flows and not metadata.redirect_uris:
        raise InvalidRedirectUri("redirect_uris is required for the grant type authorization_code.")
    if metadata.response_types is not None and set(metadata.response_types) - {"code"}:
        raise InvalidClientMetadata("response_types can only hold code.")
    if MACHINE in flows and (len(flows) > 1 or not metadata.has_secret):
        raise InvalidClientMetadata(
            "client_credentials can not be registered with another grant type, nor for a client without a secret."
        )
    given: dict[str, Any] = {
        "AllowedOAuthFlows": list(flows),
        "AllowedOAuthScopes": _scopes(metadata, dcr, flows, live_scopes),
        "AllowedOAuthFlowsUserPoolClient": True,
        "PreventUserExistenceErrors": "ENABLED",
        **({"CallbackURLs": list(metadata.redirect_uris)} if "code" in flows else {}),
        **({"LogoutURLs": list(metadata.logout_uris)} if metadata.logout_uris else {}),
        **({"SupportedIdentityProviders": list(providers)} if "code" in flows else {}),
        **_sign_in(metadata),
    }
    return new_settings(given)


def client_name(metadata: ClientMetadata) -> str:
    """Its name in the form that Cognito's ClientName has; the page of consent shows the one that was given."""
    name = " ".join(NOT_IN_NAMES.sub(" ", metadata.kept.get(NAME, "")).split())
    return name[:MAX_NAME] or NAMELESS


def registration_of(metadata: ClientMetadata, *, is_open: bool) -> Registration:
    return Registration(metadata={**metadata.kept, "auth_method": metadata.auth_method}, is_open=is_open)


def describe(client: UserPoolClient, secret: Secret | None) -> dict[str, Any]:
    """The answer to a registration (RFC 7591 §3.2.1): everything that is registered now."""
    settings = client.settings
    kept = {} if client.registration is None else dict(client.registration.metadata)
    is_for_people = "code" in client.oauth_flows
    auth_method = kept.pop("auth_method", AUTH_METHODS[0])
    return {
        "client_id": client.id,
        "client_id_issued_at": int(client.created_at.timestamp()),
        **(
            {}
            if secret is None
            else {"client_secret": secret.reveal(), "client_secret_expires_at": 0}  # 0: never
        ),
        NAME: client.name,
        **kept,
        "token_endpoint_auth_method": auth_method,
        "grant_types": [CODE, "refresh_token"] if is_for_people else [MACHINE],
        "response_types": ["code"] if is_for_people else [],
        "redirect_uris": settings.get("CallbackURLs", []),
        **({"post_logout_redirect_uris": settings["LogoutURLs"]} if "LogoutURLs" in settings else {}),
        "scope": " ".join(client.oauth_scopes),
    }


def _flows(metadata: ClientMetadata, dcr: DcrConfigurationType, *, is_open: bool) -> tuple[str, ...]:
    """Those that were asked for and that this way of registering permits. `implicit` is never granted, though the
    configuration may name it (DcrConfigurationType)."""
    if is_open:
        permitted = dcr.get("OpenDcrGrantTypes", ["code"])
    else:
        permitted = dcr.get("AuthenticatedGrantTypes", ["code", "client_credentials"])
    flows = tuple(FLOWS[grant] for grant in FLOWS if grant in metadata.grant_types)
    allowed = tuple(flow for flow in flows if flow in permitted)
    if not allowed:
        raise InvalidClientMetadata("None of the grant types can be registered here.")
    return allowed


def _scopes(
    metadata: ClientMetadata, dcr: DcrConfigurationType, flows: Sequence[str], live: Collection[str]
) -> list[str]:
    own = [scope for scope in dcr.get("AllowedScopes", ()) if scope != DCR_SCOPE]
    if MACHINE in flows:
        allowed = [scope for scope in own if scope in live]
    else:
        known = {*live, "aws.cognito.signin.user.admin"}
        allowed = list(dict.fromkeys([*OIDC_SCOPES, *(scope for scope in own if scope in known)]))
    scopes = allowed if metadata.scopes is None else [scope for scope in metadata.scopes if scope in allowed]
    if not scopes:
        raise InvalidClientMetadata("None of the scopes can be registered here.")
    return scopes[:MAX_SCOPES]


def _sign_in(metadata: ClientMetadata) -> dict[str, Any]:
    """People sign in to it at the pages alone, where they are asked for consent. A public one's refresh tokens
    rotate (RFC 9700 §4.14.2), with which Cognito permits no ALLOW_REFRESH_TOKEN_AUTH; what stands in its place needs
    an administrator's signature."""
    if metadata.has_secret:
        return {"ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"]}
    return {
        "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH"],
        "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10},
    }


def _redirects(document: Mapping[str, Any], name: str) -> tuple[str, ...]:
    error = InvalidRedirectUri if name == "redirect_uris" else InvalidClientMetadata
    given = document.get(name)
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise error(f"{name} must be a list of texts.")
    addresses = tuple(dict.fromkeys(cast("list[str]", given)))
    if len(addresses) > MAX_ADDRESSES:
        raise error(f"{name} can hold {MAX_ADDRESSES} addresses at most.")
    for address in addresses:
        if not 0 < len(address) <= MAX_ADDRESS or not address.isascii() or not address.isprintable():
            raise error(f"{name} holds what is no address.")
        if " " in address or "*" in address or "\\" in address:
            raise error(f"{name} holds what is no address.")
        try:
            check_address(address)
            parts = urlsplit(address)
        except (InvalidParameterException, ValueError) as wrong:
            raise error(str(wrong)) from wrong
        if parts.username is not None or parts.password is not None:
            raise error(f"{name} holds an address with a user name.")
    return addresses


def _kept(document: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    name = _text(document, NAME)
    if name is not None and name.strip():
        kept[NAME] = name.strip()[:MAX_NAME]
    for member in ADDRESSES:
        address = _text(document, member, limit=MAX_ADDRESS)
        if address is not None:
            kept[member] = _page_address(member, address)
    for member in ("software_id", "software_version"):
        value = _text(document, member)
        if value is not None:
            kept[member] = value
    contacts = _texts(document, "contacts")
    if contacts:
        if len(contacts) > MAX_CONTACTS:
            raise InvalidClientMetadata(f"contacts can hold {MAX_CONTACTS} at most.")
        kept["contacts"] = list(contacts)
    return kept


def _page_address(member: str, address: str) -> str:
    """A link that people may follow: nothing but the web's own (RFC 7591 §5)."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        raise InvalidClientMetadata(f"{member} is no address.") from None
    is_web = parts.scheme == "https" or (parts.scheme == "http" and is_near(host))
    if not is_web or not host or " " in address or not address.isascii():
        raise InvalidClientMetadata(f"{member} must be an https address.")
    return address


def _text(document: Mapping[str, Any], name: str, *, limit: int = MAX_TEXT) -> str | None:
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > limit or not value.isprintable():
        raise InvalidClientMetadata(f"{name} must be a text of at most {limit} characters.")
    return value


def _texts(document: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or len(value) > MAX_ADDRESSES:
        raise InvalidClientMetadata(f"{name} must be a list of texts.")
    return tuple(dict.fromkeys(_text({name: item}, name) or "" for item in value))
