"""Identity providers for the tests: their details, and browsers that go to them and back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import httpx
from tests.browser.fake_provider import FakeProvider
from tests.browser.houses import CALLBACK, SCOPES, House, a_house, answer_of, new_browser
from tests.harness import RunningServer
from tests.people.tokens import claims_of

GOOGLE = {"client_id": "g", "client_secret": "s", "authorize_scopes": "openid email profile"}
OAUTH2 = {
    "poolhouse_type": "oauth2",
    "client_id": "hub",
    "client_secret": "hush",
    "authorize_scopes": "read",
    "authorize_url": "https://hub.example/authorize",
    "token_url": "https://hub.example/token",
    "attributes_url": "https://hub.example/user",
    "poolhouse_subject": "id",
}


def add_provider(
    cognito: Any, pool_id: str, name: str, type: str, details: dict[str, str], **more: Any
) -> dict[str, Any]:
    answer = cognito.create_identity_provider(
        UserPoolId=pool_id, ProviderName=name, ProviderType=type, ProviderDetails=details, **more
    )
    made: dict[str, Any] = answer["IdentityProvider"]
    return made


class Traveller:
    """A browser that goes from an application by this server to a provider and back, one redirect at a time."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.browser = new_browser()
        house.server.clients.append(self.browser)

    @property
    def home(self) -> str:
        """The canonical address of the domain: to which a provider sends browsers back."""
        return f"{self.house.server.settings.public_url}/domains/{self.house.domain}"

    def authorize(self, **changes: str | None) -> httpx.Response:
        asked = {"scope": "openid", **changes}
        return self.browser.get(f"{self.home}/oauth2/authorize?{urlencode(self.house.asking(**asked))}")

    def leave(self, provider: str = "Other", **changes: str | None) -> str:
        """The address of the provider that the browser is sent to."""
        answer = self.authorize(identity_provider=provider, **changes)
        assert answer.status_code == 302, answer.text
        address: str = answer.headers["location"]
        return address

    def sign_in(self, fake: FakeProvider, provider: str = "Other", **changes: str | None) -> dict[str, str]:
        """What the application is told in the end."""
        return answer_of(self.browser.get(fake.answer_to(self.leave(provider, **changes))))

    def tokens(self, code: str) -> dict[str, Any]:
        answer = self.house.redeem(code)
        assert answer.status_code == 200, answer.text
        return {name: claims_of(answer.json()[name]) for name in ("access_token", "id_token")}

    def user(self, name: str) -> dict[str, Any]:
        found = self.house.cognito.admin_get_user(UserPoolId=self.house.pool_id, Username=name)
        return {
            **{one["Name"]: one["Value"] for one in found["UserAttributes"]},
            "status": found["UserStatus"],
            "name_of": found["Username"],
        }


def a_traveller(server: RunningServer, fake: FakeProvider, **options: Any) -> Traveller:
    """Of a house whose application has the provider `Other`, which is `fake`."""
    mapping = options.pop("mapping", {"email": "email"})
    details = options.pop("details", {})
    more = options.pop("provider", {})
    house = a_house(server, **options)
    add_provider(
        house.cognito,
        house.pool_id,
        "Other",
        "OIDC",
        {**fake.details, **details},
        AttributeMapping=mapping,
        **more,
    )
    let_in(house, "Other")
    return Traveller(house)


def let_in(house: House, *names: str, **changes: Any) -> None:
    """Have the application take people of these providers."""
    house.client = house.cognito.update_user_pool_client(
        **{
            "UserPoolId": house.pool_id,
            "ClientId": house.client_id,
            "ClientName": "web",
            "AllowedOAuthFlowsUserPoolClient": True,
            "AllowedOAuthFlows": ["code"],
            "AllowedOAuthScopes": SCOPES,
            "CallbackURLs": [CALLBACK],
            "SupportedIdentityProviders": ["COGNITO", *names],
            **changes,
        }
    )["UserPoolClient"]
