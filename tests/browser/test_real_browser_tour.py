"""Every page, on a phone and on a desk, in light and in dark: no rule of axe-core is broken, nothing overflows.

The pictures are in build/screenshots.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page
from tests.browser.application import Application, an_application
from tests.browser.browser import Complaints, keep_picture, node_modules
from tests.browser.houses import House, a_house
from tests.browser.houses import an_application as a_client
from tests.browser.providers import OAUTH2, add_provider
from tests.browser.test_challenge_pages import demand
from tests.browser.test_terms import some_terms
from tests.harness import RunningServer, running_server
from tests.people.people import PASSWORD

from poolhouse.core.terms import PRIVACY_POLICY, TERMS_OF_USE

SIZES = {"phone": (360, 740), "desktop": (1280, 800)}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHOICE = ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("data"), rate_per_person=0) as server:
        yield server


@pytest.fixture
def application() -> Iterator[Application]:
    with an_application() as application:
        yield application


class Tour:
    def __init__(self, page: Page, server: RunningServer, application: Application) -> None:
        self.page, self.server, self.application = page, server, application

    def house(self, **options: Any) -> House:
        client = {"CallbackURLs": [self.application.callback], **options.pop("client", {})}
        return a_house(self.server, client=client, **options)

    def open(self, house: House, path: str = "/login", query: dict[str, str] | None = None) -> None:
        asked = house.asking(redirect_uri=self.application.callback) if query is None else query
        base = f"http://localhost:{house.server.port}/domains/{house.domain}"
        self.page.goto(f"{base}{path}?{urlencode(asked)}")

    def submit(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.locator(f"[name='{name}']").fill(value)
        self.page.locator("button.primary").click()
        self.page.wait_for_load_state()

    def sign_in(self, house: House) -> None:
        self.open(house)
        self.submit(username="ada", password=PASSWORD)


def sign_in(tour: Tour) -> None:
    tour.open(tour.house())


def sign_in_refused(tour: Tour) -> None:
    sign_in(tour)
    tour.submit(username="ada", password="wrong")


def sign_in_in_german(tour: Tour) -> None:
    house = tour.house()
    tour.open(house, query={**house.asking(redirect_uri=tour.application.callback), "lang": "de"})


def sign_in_with_providers(tour: Tour) -> None:
    house = tour.house()
    details = {"client_id": "id", "client_secret": "secret", "authorize_scopes": "openid email"}
    for name in ("Google", "Facebook", "LoginWithAmazon"):
        house.cognito.create_identity_provider(
            UserPoolId=house.pool_id,
            ProviderName=name,
            ProviderType=name,
            ProviderDetails=details,
            AttributeMapping={"email": "email"},
        )
    house.client = a_client(
        house.cognito,
        house.pool_id,
        CallbackURLs=[tour.application.callback],
        SupportedIdentityProviders=["COGNITO", "Google", "Facebook", "LoginWithAmazon"],
    )
    tour.open(house)


def sign_in_by_domain(tour: Tour) -> None:
    house = tour.house()
    add_provider(house.cognito, house.pool_id, "Mill", "OIDC", OAUTH2, IdpIdentifiers=["mill.example"])
    house.client = a_client(
        house.cognito,
        house.pool_id,
        CallbackURLs=[tour.application.callback],
        SupportedIdentityProviders=["Mill"],
    )
    tour.open(house)


def sign_in_by_a_strange_domain(tour: Tour) -> None:
    sign_in_by_domain(tour)
    tour.submit(address="ada@elsewhere.example")


def sign_in_with_terms(tour: Tour) -> None:
    house = tour.house()
    house.cognito.update_user_pool_domain(
        UserPoolId=house.pool_id, Domain=house.domain, ManagedLoginVersion=2
    )
    for name in (TERMS_OF_USE, PRIVACY_POLICY):
        some_terms(house.cognito, {"UserPoolId": house.pool_id, "ClientId": house.client_id}, name)
    tour.open(house)


def sign_up_with_the_classic_look(tour: Tour) -> None:
    house = tour.house()
    css = (
        ".background-customizable { background-color: #fff7ed }"
        ".submitButton-customizable { background-color: #9a3412 }"
        ".submitButton-customizable:hover { background-color: #7c2d12 }"
        ".redirect-customizable { color: #9a3412 }"
    )
    house.cognito.set_ui_customization(UserPoolId=house.pool_id, CSS=css)
    tour.open(house, "/signup")


def sign_in_as_before(tour: Tour) -> None:
    house = tour.house()
    tour.sign_in(house)
    tour.page.wait_for_url(f"{tour.application.callback}**")
    tour.open(house)


def choose_factor(tour: Tour) -> None:
    policy = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"]}}
    tour.open(tour.house(Policies=policy, client={"ExplicitAuthFlows": CHOICE}))
    tour.submit(username="ada")


def password(tour: Tour) -> None:
    choose_factor(tour)
    tour.page.locator("button.way[value=PASSWORD]").click()
    tour.page.wait_for_selector("#password")


def code_by_mail(tour: Tour) -> None:
    choose_factor(tour)
    tour.page.locator("button.way[value=EMAIL_OTP]").click()
    tour.page.wait_for_selector("#code")


def set_up_app(tour: Tour) -> None:
    house = tour.house()
    house.cognito.set_user_pool_mfa_config(
        UserPoolId=house.pool_id, MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    tour.sign_in(house)


def who_needs(tour: Tour, *factors: str) -> None:
    """Somebody of whom a second factor is demanded that they have not."""
    house = tour.house(attributes={"name": "Ada"})
    demand(house, *factors)
    tour.sign_in(house)


def choose_what_to_set_up(tour: Tour) -> None:
    who_needs(tour, "SMS", "EMAIL")


def set_up_sms(tour: Tour) -> None:
    who_needs(tour, "SMS")


def set_up_email(tour: Tour) -> None:
    who_needs(tour, "EMAIL")


def set_up_email_refused(tour: Tour) -> None:
    set_up_email(tour)
    tour.submit(address="")


def code_by_sms(tour: Tour) -> None:
    set_up_sms(tour)
    tour.submit(address="+14155550100")


def new_password(tour: Tour) -> None:
    house = tour.house()
    house.cognito.admin_set_user_password(
        UserPoolId=house.pool_id, Username="ada", Password=PASSWORD, Permanent=False
    )
    tour.sign_in(house)


def sign_up(tour: Tour) -> None:
    schema = [
        {"Name": "email", "Required": True},
        {"Name": "name", "Required": True},
        {"Name": "birthdate", "Required": True},
    ]
    house = tour.house(
        Schema=schema, attributes={"email": "ada@example.com", "name": "Ada", "birthdate": "1815-12-10"}
    )
    tour.open(house, "/signup")


def sign_up_refused(tour: Tour) -> None:
    sign_up(tour)
    tour.submit(username="grace")


def confirm(tour: Tour) -> None:
    house = tour.house(AutoVerifiedAttributes=["email"])
    attributes = [{"Name": "email", "Value": "grace@example.com"}]
    house.cognito.sign_up(
        ClientId=house.client_id, Username="grace", Password=PASSWORD, UserAttributes=attributes
    )
    tour.open(house)
    tour.submit(username="grace", password=PASSWORD)


def forgot(tour: Tour) -> None:
    tour.open(tour.house(), "/forgotPassword")


def reset(tour: Tour) -> None:
    forgot(tour)
    tour.submit(username="ada")


def consent(tour: Tour) -> None:
    house = tour.house(DcrConfiguration={"OpenDcrEnabled": True})
    answer = house.browser.post(
        f"{house.address}/oauth2/register",
        json={
            "client_name": "Calendar (desktop)",
            "redirect_uris": [tour.application.callback],
            "token_endpoint_auth_method": "none",
            "client_uri": "https://calendar.example",
        },
    )
    house.client = {"ClientId": answer.json()["client_id"]}
    tour.sign_in(house)


def add_passkey(tour: Tour) -> None:
    policy = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
    house = tour.house(Policies=policy)
    tour.sign_in(house)
    tour.page.wait_for_url(f"{tour.application.callback}**")
    query = {"client_id": house.client_id, "redirect_uri": tour.application.callback}
    tour.open(house, "/passkeys/add", query)


def signed_out(tour: Tour) -> None:
    house = tour.house()
    tour.open(house, "/logout", {"client_id": house.client_id})


def error(tour: Tour) -> None:
    house = tour.house()
    tour.open(house, "/error", {"error": "redirect_mismatch", "client_id": house.client_id})


def nothing_here(tour: Tour) -> None:
    tour.open(tour.house(), "/no-such-page")


def forged(tour: Tour) -> None:
    sign_in(tour)
    tour.page.context.clear_cookies()
    tour.submit(username="ada", password=PASSWORD)


STOPS: list[tuple[Callable[[Tour], None], str]] = [
    (sign_in, "Sign in"),
    (sign_in_refused, "Sign in"),
    (sign_in_in_german, ""),
    (sign_in_with_providers, "Sign in"),
    (sign_in_by_domain, "Sign in"),
    (sign_in_by_a_strange_domain, "Sign in"),
    (sign_in_with_terms, "Sign in"),
    (sign_up_with_the_classic_look, "Create an account"),
    (sign_in_as_before, "Sign in"),
    (choose_factor, "How do you want to sign in?"),
    (password, "Type in your password"),
    (code_by_mail, ""),
    (set_up_app, ""),
    (choose_what_to_set_up, "Set up a second step"),
    (set_up_sms, "Set up text messages"),
    (set_up_email, "Set up email messages"),
    (set_up_email_refused, "Set up email messages"),
    (code_by_sms, "Type in the code"),
    (new_password, "Choose a new password"),
    (sign_up, ""),
    (sign_up_refused, ""),
    (confirm, ""),
    (forgot, ""),
    (reset, ""),
    (consent, "Allow access?"),
    (add_passkey, ""),
    (signed_out, ""),
    (error, ""),
    (nothing_here, "There is no such page"),
    (forged, ""),
]


@pytest.mark.parametrize(("stop", "title"), STOPS, ids=[stop.__name__ for stop, _ in STOPS])
def test_a_page_can_be_used_by_everybody_everywhere(
    page: Page,
    server: RunningServer,
    application: Application,
    complaints: Complaints,
    stop: Callable[[Tour], None],
    title: str,
) -> None:
    complaints.expected += ["status of 400", "status of 403", "status of 404"]
    stop(Tour(page, server, application))
    if title:
        assert page.inner_text("h1") == title
    assert page.locator("h1").count() == 1
    for scheme in ("light", "dark"):
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            keep_picture(page, f"{stop.__name__}-{size}-{scheme}")
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            assert broken_rules(page) == []


def broken_rules(page: Page) -> list[str]:
    """What axe-core finds. It runs past the page's own policy, as an extension of the browser would."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate((node_modules() / "axe-core" / "axe.min.js").read_text())
    found = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)
    return [
        f"{broken['id']}: {[node['target'] for node in broken['nodes']]}" for broken in found["violations"]
    ]
