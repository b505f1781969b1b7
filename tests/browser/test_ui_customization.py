"""The look of the classic pages: what may be set, and who sees it."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import an_app, refusal

from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.ui_customizations import CLASSES, check_css

CSS = """
/* Ours */
.logo-customizable { max-width: 60%; max-height: 30%; }
.submitButton-customizable:hover, .idpButton-customizable:hover { color: #fff; background-color: rgb(40, 96, 144) }
.inputField-customizable:focus { border-color: #66afe9; outline: 0; }
.label-customizable { font-family: "Open Sans", sans-serif; }
"""
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 100

_numbers = count()


def a_house(server: RunningServer, cognito: Any, version: int = 1) -> tuple[dict[str, str], str, str]:
    """(pool and client, the client's id, the address of the pool's domain)."""
    pool_id = a_pool(cognito)
    name = f"look-{id(server)}-{next(_numbers)}"
    cognito.create_user_pool_domain(UserPoolId=pool_id, Domain=name, ManagedLoginVersion=version)
    client_id = an_app(
        cognito,
        pool_id,
        CallbackURLs=["https://app.example/back"],
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid"],
        AllowedOAuthFlowsUserPoolClient=True,
        SupportedIdentityProviders=["COGNITO"],
    )["ClientId"]
    return {"UserPoolId": pool_id}, client_id, f"{server.settings.public_url}/domains/{name}"


def test_a_pool_without_a_domain_has_no_pages_to_style(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    assert refusal(cognito.set_ui_customization, UserPoolId=pool_id, CSS=CSS) == (
        "InvalidParameterException",
        "There has to be an existing domain associated with this user pool",
    )
    assert cognito.get_ui_customization(UserPoolId=pool_id)["UICustomization"] == {}


def test_a_clients_own_look_replaces_the_pools_as_a_whole(server: RunningServer, cognito: Any) -> None:
    pool, client_id, domain = a_house(server, cognito)
    client = {**pool, "ClientId": client_id}
    of_pool = cognito.set_ui_customization(**pool, CSS=CSS, ImageFile=PNG)["UICustomization"]
    assert re.fullmatch(rf"{domain}/assets/logo-ALL-[0-9a-f]{{32}}\.png", of_pool.pop("ImageUrl"))
    changed = of_pool.pop("LastModifiedDate")
    assert of_pool.pop("CreationDate") == changed
    assert of_pool.pop("CSSVersion") == changed.astimezone(UTC).strftime("%Y%m%d%H%M%S")
    assert of_pool == {**pool, "ClientId": "ALL", "CSS": CSS}
    seen = cognito.get_ui_customization(**client)["UICustomization"]
    assert (seen["ClientId"], seen["CSS"]) == ("ALL", CSS)

    own = ".banner-customizable { padding: 25px 0px 25px 0px; background-color: lightgray }"
    cognito.set_ui_customization(**client, CSS=own)
    seen = cognito.get_ui_customization(**client)["UICustomization"]
    assert (seen["ClientId"], seen["CSS"], seen.get("ImageUrl")) == (client_id, own, None)
    everybodys = cognito.get_ui_customization(**pool, ClientId="ALL")["UICustomization"]
    assert everybodys == cognito.get_ui_customization(**pool)["UICustomization"]
    assert everybodys["CSS"] == CSS


def test_a_look_that_is_set_to_nothing_is_no_more(server: RunningServer, cognito: Any) -> None:
    pool, client_id, _ = a_house(server, cognito)
    cognito.set_ui_customization(**pool, CSS=CSS)
    cognito.set_ui_customization(**pool, ClientId=client_id, ImageFile=JPEG)
    only_image = cognito.get_ui_customization(**pool, ClientId=client_id)["UICustomization"]
    assert "CSS" not in only_image
    assert only_image["ImageUrl"].endswith(".jpeg")
    cognito.set_ui_customization(**pool, ClientId=client_id)
    assert cognito.get_ui_customization(**pool, ClientId=client_id)["UICustomization"]["ClientId"] == "ALL"
    cognito.set_ui_customization(**pool, CSS="")
    assert cognito.get_ui_customization(**pool)["UICustomization"] == {}


def test_setting_it_again_keeps_when_it_began(server: RunningServer, cognito: Any) -> None:
    pool, _, _ = a_house(server, cognito)
    first = cognito.set_ui_customization(**pool, CSS=CSS)["UICustomization"]
    second = cognito.set_ui_customization(**pool, CSS=CSS + " ")["UICustomization"]
    assert second["CreationDate"] == first["CreationDate"] < second["LastModifiedDate"]


def test_the_look_of_a_client_goes_with_it(server: RunningServer, cognito: Any) -> None:
    pool, client_id, _ = a_house(server, cognito)
    cognito.set_ui_customization(**pool, ClientId=client_id, CSS=CSS)
    cognito.delete_user_pool_client(**pool, ClientId=client_id)
    code = "ResourceNotFoundException"
    assert refusal(cognito.get_ui_customization, **pool, ClientId=client_id)[0] == code
    assert refusal(cognito.set_ui_customization, **pool, ClientId=client_id, CSS=CSS)[0] == code
    rows = server.run(
        server.server.parts.store.read(lambda tx: tx.ui_customizations.find(pool["UserPoolId"], client_id))
    )
    assert rows is None


REFUSED = [
    "@import 'https://evil.test/a.css';",
    "@media print { .logo-customizable { color: red } }",
    "@supports (color: red) {}",
    "@page { margin: 0 }",
    ".logo-customizable { background: url(https://evil.test/a.png) }",
    ".logo-customizable { background: URL ( 'x' ) }",
    ".logo-customizable { background: u\\72l(x) }",
    ".logo-customizable { background: image-set('a' 1x) }",
    ".logo-customizable { background: u/**/rl(x) } /*",
    ".logo-customizable { width: expression(alert(1)) }",
    ".logo-customizable { behavior: x }",
    ".logo-customizable { color: red } </style><script>alert(1)</script>",
    "body { display: none }",
    "*{ color: red }",
    ".logo-customizable .label-customizable { color: red }",
    ".logo-customizable > a { color: red }",
    ".logo-customizable::before { content: 'x' }",
    ".logo-customizable[x] { color: red }",
    ".logo-customizable:visited { color: red }",
    ".somethingElse { color: red }",
    "{ color: red }",
    ".logo-customizable { color: red",
    ".logo-customizable color: red }",
    ".logo-customizable { .label-customizable { color: red } }",
    ".logo-customizable { color }",
    ".logo-customizable { color: }",
    ".logo-customizable { background: javascript:alert(1) }",
    ".logo-customizable { font-family: 'open }",
]


@pytest.mark.parametrize("css", REFUSED)
def test_a_style_sheet_that_reaches_beyond_its_classes_is_refused(css: str) -> None:
    with pytest.raises(InvalidParameterException, match=r"^The CSS is invalid: "):
        check_css(css)


def test_what_is_refused_changes_nothing(server: RunningServer, cognito: Any) -> None:
    pool, client_id, _ = a_house(server, cognito)
    before = cognito.set_ui_customization(**pool, CSS=CSS)["UICustomization"]
    for wrong, text in (
        ({"CSS": REFUSED[0]}, "The CSS is invalid: it must not contain @."),
        ({"CSS": "body {}"}, "The CSS is invalid: body can not be customized."),
        ({"ImageFile": b"GIF89a"}, "The image file must be a PNG or JPEG."),
        (
            {"ImageFile": b"<svg xmlns='http://www.w3.org/2000/svg'/>"},
            "The image file must be a PNG or JPEG.",
        ),
        ({"ImageFile": PNG + b"\0" * 102_400}, "The image file must not be larger than 100 KB."),
    ):
        assert refusal(cognito.set_ui_customization, **pool, **wrong) == ("InvalidParameterException", text)
    assert cognito.get_ui_customization(**pool, ClientId=client_id)["UICustomization"] == before


def test_every_class_of_the_classic_pages_may_be_styled() -> None:
    check_css("".join(f".{name} {{ color: red; }} .{name}:hover{{}}" for name in CLASSES))
    check_css("")
    check_css("/* nothing but a comment */")


HOSTILE = st.text(alphabet=st.sampled_from(" \n\t{}/*.:;@\\\"'()<>-abulrU"), max_size=200)


@given(HOSTILE)
def test_what_is_accepted_never_loads_or_leaves_its_rules(css: str) -> None:
    try:
        check_css(css)
    except InvalidParameterException:
        return
    assert not re.search(r"[@<\\]|url\s*\(", re.sub(r"/\*.*?\*/", " ", css, flags=re.DOTALL), re.IGNORECASE)


@pytest.mark.parametrize("text", ["/*", "{", "}", " ", "url ", ".a{b: c d", "a:", ".logo-customizable{x:' "])
def test_a_long_hostile_style_sheet_is_refused_at_once(text: str) -> None:
    begin = datetime.now(UTC)
    for css in (text * 20_000, f".logo-customizable {{ {text * 20_000} }}"):
        try:
            check_css(css)
        except InvalidParameterException:
            pass
    assert (datetime.now(UTC) - begin).total_seconds() < 1
