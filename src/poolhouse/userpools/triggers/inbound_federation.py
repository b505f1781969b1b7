"""What an identity provider says of somebody, before it is believed: a pool's function may change it.

Who they are, and how sure the provider is of that, it can't change: both were proved.

Source: Cognito developer guide, "Inbound federation Lambda trigger".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from poolhouse.core.attribute_mapping import as_text, claims_of, is_text
from poolhouse.core.errors import InvalidLambdaResponseException
from poolhouse.core.federation import Identity
from poolhouse.core.identity_providers import IdentityProvider, ProviderType
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.triggers import UNRECOGNIZABLE, Trigger
from poolhouse.operation import Call
from poolhouse.userpools.triggers.calling import run

TO_MAP = "userAttributesToMap"
OF_TOKEN_ANSWER = ("access_token", "id_token", "refresh_token", "token_type", "expires_in", "scope")
"""What the function sees of the provider's token answer."""


async def changed_by_function(
    call: Call, app: AppSnapshot, provider: IdentityProvider, identity: Identity
) -> Identity:
    """The identity with the attributes that the pool's function makes of it: all that it names, and no other; where it
    names none, as it was. They have the provider's names, and are mapped as those of the provider.

    Raises:
        UserLambdaValidationException: it refuses the person.
        UnexpectedLambdaException, InvalidLambdaResponseException: it gave no answer, or none that can be read.
    """
    answer = await run(
        call,
        app.user_pool,
        Trigger.INBOUND_FEDERATION,
        f"{Trigger.INBOUND_FEDERATION}_ExternalProvider",
        client_id=app.client.id,
        username=identity.subject,
        request={
            "providerName": provider.name,
            "providerType": provider.type.value,
            "attributes": _said(provider, identity),
        },
        response={TO_MAP: {}},
    )
    to_map = None if answer is None else answer.get(TO_MAP)
    if to_map is None or to_map == {}:
        return identity
    if not isinstance(to_map, dict):
        raise InvalidLambdaResponseException(UNRECOGNIZABLE)
    return replace(identity, attributes=claims_of(to_map))


def _said(provider: IdentityProvider, identity: Identity) -> dict[str, dict[str, str]]:
    """All values are texts, as an attribute's are."""
    if provider.type is ProviderType.SAML:
        return {"samlResponse": _texts(identity.attributes)}
    answer = identity.said.get("tokens", {})
    return {
        "tokenResponse": _texts(
            claims_of({name: answer[name] for name in OF_TOKEN_ANSWER if name in answer})
        ),
        "idToken": _texts(claims_of(identity.said.get("id_token", {}))),
        "userInfo": _texts(claims_of(identity.said.get("user", {}))),
    }


def _texts(claims: Mapping[str, str | Sequence[str]]) -> dict[str, str]:
    """Without what is none, as half a surrogate pair, which JSON can name and no event can carry."""
    return {name: as_text(claim) for name, claim in claims.items() if is_text(name) and is_text(claim)}
