"""The styles of managed login by the API: merged, bounded, cleaned."""

from __future__ import annotations

import base64
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import awscli
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import an_app, refusal

from poolhouse.core.audit import AuditRecord
from poolhouse.core.branding_defaults import DEFAULTS
from poolhouse.core.branding_settings import check_settings, merge, with_defaults
from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.svg import clean_svg

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
ICO = b"\0\0\1\0\1\0" + b"\0" * 40
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4"/></svg>'
SETTINGS = {
    "components": {"primaryButton": {"lightMode": {"defaults": {"backgroundColor": "7c3aedff"}}}},
    "categories": {"global": {"colorSchemeMode": "DYNAMIC"}},
}
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
OF_NOBODY = "00000000-0000-4000-8000-000000000000"
INVALID = "InvalidParameterException"


def a_client(cognito: Any) -> dict[str, str]:
    pool_id = a_pool(cognito)
    return {"UserPoolId": pool_id, "ClientId": an_app(cognito, pool_id)["ClientId"]}


def a_style(cognito: Any, client: dict[str, str], **options: Any) -> dict[str, Any]:
    answer = cognito.create_managed_login_branding(**client, **options)
    style: dict[str, Any] = answer["ManagedLoginBranding"]
    return style


def ids_of(style: dict[str, Any]) -> dict[str, str]:
    return {name: style[name] for name in ("UserPoolId", "ManagedLoginBrandingId")}


def an_asset(category: str = "FORM_LOGO", content: bytes = PNG, **more: str) -> dict[str, Any]:
    return {"Category": category, "ColorMode": "LIGHT", "Extension": "PNG", "Bytes": content, **more}


def test_a_style_has_what_it_was_given(cognito: Any) -> None:
    client = a_client(cognito)
    assets = [an_asset(), an_asset("FAVICON_ICO", ICO, Extension="ICO", ColorMode="DYNAMIC")]
    style = a_style(cognito, client, Settings=SETTINGS, Assets=assets)
    assert re.fullmatch(UUID, style["ManagedLoginBrandingId"])
    assert style["CreationDate"] == style["LastModifiedDate"]
    assert (style["UseCognitoProvidedValues"], style["Settings"]) == (False, SETTINGS)
    assert sorted(style["Assets"], key=lambda asset: str(asset["Category"]), reverse=True) == assets
    described = cognito.describe_managed_login_branding(**ids_of(style))["ManagedLoginBranding"]
    assert sorted(described.pop("Assets"), key=str) == sorted(style.pop("Assets"), key=str)
    assert described == style
    by_client = cognito.describe_managed_login_branding_by_client(**client)["ManagedLoginBranding"]
    assert {**by_client, "Assets": None} == {**style, "Assets": None}


def test_a_client_has_one_style(cognito: Any) -> None:
    client = a_client(cognito)
    style = a_style(cognito, client, UseCognitoProvidedValues=True)
    assert style["UseCognitoProvidedValues"] is True
    assert "Settings" not in style
    told = refusal(cognito.create_managed_login_branding, **client, Settings=SETTINGS)
    assert told[0] == "ManagedLoginBrandingExistsException"
    cognito.delete_managed_login_branding(**ids_of(style))
    for operation in (
        cognito.describe_managed_login_branding,
        cognito.delete_managed_login_branding,
        cognito.update_managed_login_branding,
    ):
        assert refusal(operation, **ids_of(style))[0] == "ResourceNotFoundException"
    assert refusal(cognito.describe_managed_login_branding_by_client, **client) == (
        "ResourceNotFoundException",
        f"Managed login branding does not exist for client {client['ClientId']}.",
    )
    a_style(cognito, client, Settings=SETTINGS)


def test_the_default_values_stand_alone(cognito: Any) -> None:
    client = a_client(cognito)
    for more in ({"Settings": SETTINGS}, {"Assets": [an_asset()]}, {"Settings": {}}):
        told = refusal(a_style, cognito, client, UseCognitoProvidedValues=True, **more)
        assert told == (
            INVALID,
            "Settings and Assets must not be provided when UseCognitoProvidedValues is true.",
        )
    style = a_style(cognito, client, UseCognitoProvidedValues=True, Assets=[])
    changed = cognito.update_managed_login_branding(**ids_of(style), Settings=SETTINGS)
    assert changed["ManagedLoginBranding"]["UseCognitoProvidedValues"] is False
    again = cognito.update_managed_login_branding(**ids_of(style), UseCognitoProvidedValues=True)
    assert again["ManagedLoginBranding"]["UseCognitoProvidedValues"] is True
    assert "Settings" not in again["ManagedLoginBranding"]


def test_an_update_keeps_what_it_does_not_name(cognito: Any) -> None:
    style = a_style(cognito, a_client(cognito), Settings=SETTINGS, Assets=[an_asset()])
    more = {
        "components": {
            "primaryButton": {"lightMode": {"defaults": {"textColor": "ffffffff"}}, "darkMode": None},
            "form": {"borderRadius": 0.0},
        },
        "categories": {"global": {"colorSchemeMode": None}},
    }
    dark = an_asset(content=SVG, Extension="SVG", ColorMode="DARK")
    changed = cognito.update_managed_login_branding(**ids_of(style), Settings=more, Assets=[dark])
    changed = changed["ManagedLoginBranding"]
    assert changed["Settings"] == {
        "components": {
            "primaryButton": {
                "lightMode": {"defaults": {"backgroundColor": "7c3aedff", "textColor": "ffffffff"}}
            },
            "form": {"borderRadius": 0.0},
        },
        "categories": {"global": {}},
    }
    assert {(asset["ColorMode"], asset["Bytes"]) for asset in changed["Assets"]} == {
        ("LIGHT", PNG),
        ("DARK", SVG),
    }
    assert changed["LastModifiedDate"] > style["LastModifiedDate"] == changed["CreationDate"]
    replaced = cognito.update_managed_login_branding(
        **ids_of(style), Assets=[an_asset(content=SVG, Extension="SVG")]
    )
    assets = replaced["ManagedLoginBranding"]["Assets"]
    assert {(asset["ColorMode"], asset["Bytes"]) for asset in assets} == {("LIGHT", SVG), ("DARK", SVG)}
    assert replaced["ManagedLoginBranding"]["Settings"] == changed["Settings"]


def test_images_of_one_place_are_told_apart_by_their_ids(cognito: Any) -> None:
    icons = [
        an_asset("IDP_BUTTON_ICON", SVG, Extension="SVG", ResourceId=name) for name in ("Google", "Acme 1")
    ]
    style = a_style(cognito, a_client(cognito), Assets=icons)
    assert sorted(asset["ResourceId"] for asset in style["Assets"]) == ["Acme 1", "Google"]
    twice = refusal(cognito.update_managed_login_branding, **ids_of(style), Assets=[icons[0], icons[0]])
    assert twice == (
        INVALID,
        "There is more than one asset of category IDP_BUTTON_ICON and color mode LIGHT.",
    )


def test_merged_resources_are_the_whole_document(cognito: Any) -> None:
    client = a_client(cognito)
    style = a_style(cognito, client, Settings=SETTINGS)
    for describe, ids in (
        (cognito.describe_managed_login_branding, ids_of(style)),
        (cognito.describe_managed_login_branding_by_client, client),
    ):
        plain = describe(**ids)["ManagedLoginBranding"]
        merged = describe(**ids, ReturnMergedResources=True)["ManagedLoginBranding"]
        assert plain["Settings"] == SETTINGS
        assert merged["Settings"] == with_defaults(SETTINGS)
        assert merged["Settings"].keys() == {"categories", "componentClasses", "components"}
        button = merged["Settings"]["components"]["primaryButton"]["lightMode"]
        assert button["defaults"] == {"backgroundColor": "7c3aedff", "textColor": "ffffffff"}
        assert button["hover"]["backgroundColor"] == "033160ff"


def test_the_example_of_the_reference_is_a_style_and_its_settings_are_the_defaults(cognito: Any) -> None:
    """The AWS CLI ships the example with its full document."""
    page = Path(awscli.__file__).parent / "examples" / "cognito-idp" / "update-managed-login-branding.rst"
    text = page.read_text()
    example, _ = json.JSONDecoder().raw_decode(text[text.index("{") :])
    assert check_settings(example["Settings"]) == DEFAULTS
    style = a_style(cognito, a_client(cognito), UseCognitoProvidedValues=True)
    asset = example["Assets"][0]
    asset["Bytes"] = base64.b64decode(asset["Bytes"])
    changed = cognito.update_managed_login_branding(
        **ids_of(style), Settings=example["Settings"], Assets=[asset], UseCognitoProvidedValues=False
    )["ManagedLoginBranding"]
    assert changed["Settings"] == example["Settings"]
    assert changed["Assets"] == [asset]


WRONG_SETTINGS: list[tuple[Any, str]] = [
    ("text", "Settings must be an object"),
    ([], "Settings must be an object"),
    ({"colors": {}}, "colors is not known"),
    ({"components": []}, "components must be an object"),
    ({"components": {"form": "x"}}, "components.form must be an object"),
    (
        {"components": {"form": {"lightMode": {"backgroundColor": "#fff"}}}},
        "components.form.lightMode.backgroundColor must be a color of eight hexadecimal digits",
    ),
    (
        {"components": {"form": {"lightMode": {"backgroundColor": "red;}"}}}},
        "components.form.lightMode.backgroundColor must be a color of eight hexadecimal digits",
    ),
    (
        {"components": {"idpButton": {"custom": {"Acme": {"lightMode": {"textColor": 1}}}}}},
        "components.idpButton.custom.Acme.lightMode.textColor must be a color of eight hexadecimal digits",
    ),
    (
        {"components": {"form": {"borderRadius": -1}}},
        "components.form.borderRadius must be a number from 0 to 100",
    ),
    (
        {"components": {"form": {"borderRadius": True}}},
        "components.form.borderRadius must be a number from 0 to 100",
    ),
    (
        {"components": {"form": {"logo": {"enabled": "yes"}}}},
        "components.form.logo.enabled must be true or false",
    ),
    (
        {"categories": {"form": {"location": {"horizontal": "LEFT"}}}},
        "categories.form.location.horizontal must be one of START, CENTER, END",
    ),
    (
        {"categories": {"global": {"colorSchemeMode": "dark"}}},
        "categories.global.colorSchemeMode must be one of LIGHT, DARK, DYNAMIC",
    ),
    (
        {"categories": {"auth": {"authMethodOrder": [{"type": "FEDERATED"}]}}},
        "categories.auth.authMethodOrder must be a list of lists of methods",
    ),
    (
        {"categories": {"auth": {"authMethodOrder": [[{"type": "X", "display": "INPUT"}]]}}},
        "categories.auth.authMethodOrder.type must be one of FEDERATED, USERNAME_PASSWORD",
    ),
    (
        {"components": {"favicon": {"enabledTypes": ["GIF"]}}},
        "components.favicon.enabledTypes must be one of ICO, SVG",
    ),
]


@pytest.mark.parametrize(("settings", "text"), WRONG_SETTINGS)
def test_settings_that_make_no_sense_are_refused(settings: Any, text: str) -> None:
    with pytest.raises(InvalidParameterException) as refused:
        check_settings(settings)
    assert refused.value.message == f"The settings are invalid: {text}."


def test_what_the_defaults_have_not_is_kept(cognito: Any) -> None:
    own = {"components": {"form": {"shadow": {"depth": 3, "textKey": ["a", None]}}}, "categories": {"x": "y"}}
    style = a_style(cognito, a_client(cognito), Settings=own)
    assert style["Settings"] == own


def test_what_is_refused_changes_nothing(cognito: Any) -> None:
    client = a_client(cognito)
    style = a_style(cognito, client, Settings=SETTINGS, Assets=[an_asset()])
    before = cognito.describe_managed_login_branding(**ids_of(style))["ManagedLoginBranding"]
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"Settings": {"colors": {}}}, "The settings are invalid: colors is not known."),
        (
            {"Settings": {"components": {"x": "y" * 262_144}}},
            "Settings must not be larger than 262144 bytes.",
        ),
        (
            {"Assets": [an_asset(content=b"GIF89a")]},
            "The asset of category FORM_LOGO is not a valid PNG file.",
        ),
        (
            {"Assets": [an_asset(content=PNG, Extension="JPEG")]},
            "The asset of category FORM_LOGO is not a valid JPEG file.",
        ),
        (
            {"Assets": [an_asset(content=ICO, Extension="ICO")]},
            "An asset of category FORM_LOGO must be one of JPEG, PNG, SVG, WEBP.",
        ),
        ({"Assets": [an_asset(content=b"")]}, "The asset of category FORM_LOGO has no bytes."),
        ({"Assets": [an_asset(content=b"<svg", Extension="SVG")]}, "The SVG file is not valid."),
        (
            {"Assets": [an_asset(content=b"<html/>", Extension="SVG")]},
            "The SVG file is not valid: its root element is not svg.",
        ),
        (
            {"Assets": [an_asset(content=b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + SVG, Extension="SVG")]},
            "The SVG file is not valid: it must not define a document type.",
        ),
    ]
    for request, text in wrong:
        told = refusal(cognito.update_managed_login_branding, **ids_of(style), **request)
        assert told == (INVALID, text)
    for missing in ("UserPoolId", "ManagedLoginBrandingId"):
        ids = {name: value for name, value in ids_of(style).items() if name != missing}
        assert refusal(cognito.update_managed_login_branding, **ids)[0] == INVALID
    assert cognito.describe_managed_login_branding(**ids_of(style))["ManagedLoginBranding"] == before


def test_a_style_has_forty_images_at_most_over_all_requests(cognito: Any) -> None:
    icons = [
        an_asset("IDP_BUTTON_ICON", SVG, Extension="SVG", ResourceId=f"icon {number}") for number in range(41)
    ]
    client = a_client(cognito)
    assert refusal(a_style, cognito, client, Assets=icons)[0] == INVALID
    style = a_style(cognito, client, Assets=icons[:30])
    told = refusal(cognito.update_managed_login_branding, **ids_of(style), Assets=icons[30:])
    assert told == (INVALID, "A style must not have more than 40 assets.")
    described = cognito.describe_managed_login_branding(**ids_of(style))["ManagedLoginBranding"]
    assert len(described["Assets"]) == 30
    cognito.update_managed_login_branding(**ids_of(style), Assets=icons[:40])


def test_an_image_has_a_megabyte_and_a_request_two(cognito: Any) -> None:
    client = a_client(cognito)
    largest = PNG + b"\0" * (1_000_000 - len(PNG))
    style = a_style(cognito, client, Assets=[an_asset(content=largest)])
    described = cognito.describe_managed_login_branding_by_client(**client)["ManagedLoginBranding"]
    assert described["Assets"][0]["Bytes"] == largest
    code, _ = refusal(
        cognito.update_managed_login_branding, **ids_of(style), Assets=[an_asset(content=largest + b"\0")]
    )
    assert code == INVALID
    two = [an_asset(content=largest), an_asset(content=largest, ColorMode="DARK")]
    told = refusal(cognito.update_managed_login_branding, **ids_of(style), Assets=two)
    assert told[0] == "RequestEntityTooLargeException"


def test_of_many_who_make_a_style_at_once_one_does(server: RunningServer, cognito: Any) -> None:
    client = a_client(cognito)

    def make(number: int) -> str:
        own = server.client()
        try:
            own.create_managed_login_branding(**client, UseCognitoProvidedValues=True)
        except ClientError as refused:
            return str(refused.response["Error"]["Code"])
        return "made"

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(make, range(8)))
    assert sorted(set(outcomes)) == ["ManagedLoginBrandingExistsException", "made"]
    assert outcomes.count("made") == 1


def test_changes_that_meet_are_laid_over_each_other_or_refused(server: RunningServer, cognito: Any) -> None:
    """None is lost without being told."""
    style = a_style(cognito, a_client(cognito), UseCognitoProvidedValues=True)

    def change(number: int) -> str:
        own = server.client()
        settings = {"components": {"idpButton": {"custom": {f"provider {number}": {}}}}}
        try:
            own.update_managed_login_branding(**ids_of(style), Settings=settings)
        except ClientError as refused:
            return str(refused.response["Error"]["Code"])
        return "kept"

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(change, range(8)))
    described = cognito.describe_managed_login_branding(**ids_of(style))["ManagedLoginBranding"]
    custom = described["Settings"]["components"]["idpButton"]["custom"]
    kept = {f"provider {number}" for number, outcome in enumerate(outcomes) if outcome == "kept"}
    assert custom.keys() == kept != set()
    assert set(outcomes) <= {"kept", "ConcurrentModificationException"}


def test_the_audit_record_keeps_settings_and_no_image(server: RunningServer, cognito: Any) -> None:
    client = a_client(cognito)
    a_style(cognito, client, Settings=SETTINGS, Assets=[an_asset()])

    async def records() -> list[AuditRecord]:
        parts = server.server.parts
        found = await parts.store.read(
            lambda tx: tx.audit.page(server.settings.account_id, pool_id=client["UserPoolId"], size=100)
        )
        return list(found)

    (record,) = [r for r in server.run(records()) if r.event_name == "CreateManagedLoginBranding"]
    kept = record.request_parameters
    assert kept["Settings"] == SETTINGS
    assert kept["Assets"] == [{"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG"}]


def test_a_style_is_of_its_pool_alone_and_goes_with_its_client(cognito: Any) -> None:
    client, other = a_client(cognito), a_client(cognito)
    style = a_style(cognito, client, Settings=SETTINGS, Assets=[an_asset()])
    elsewhere = {**ids_of(style), "UserPoolId": other["UserPoolId"]}
    for operation in (
        cognito.describe_managed_login_branding,
        cognito.update_managed_login_branding,
        cognito.delete_managed_login_branding,
    ):
        assert refusal(operation, **elsewhere)[0] == "ResourceNotFoundException"
    mixed = {"UserPoolId": other["UserPoolId"], "ClientId": client["ClientId"]}
    expected = ("ResourceNotFoundException", f"User pool client {client['ClientId']} does not exist.")
    assert refusal(a_style, cognito, mixed, UseCognitoProvidedValues=True) == expected
    assert refusal(cognito.describe_managed_login_branding_by_client, **mixed) == expected
    cognito.delete_user_pool_client(**client)
    assert refusal(cognito.describe_managed_login_branding, **ids_of(style))[0] == "ResourceNotFoundException"


def svg(inside: str, root: str = "", before: str = "") -> bytes:
    return (
        f'{before}<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {root}>'
        f"{inside}</svg>"
    ).encode()


HARMLESS = [
    '<rect width="1" fill="url(#a)" style="stroke: url(\'#b\')"/>',
    '<defs><linearGradient id="a"><stop offset="0" stop-color="red"/></linearGradient></defs>',
    '<use xlink:href="#a"/><use href="#a"/>',
    "<style>.a { fill: url(#b) }</style>",
    '<image href="data:image/png;base64,iVBORw0KGgo="/>',
    "<!-- a comment --><title>x &amp; y</title>",
    '<text x="1" xml:space="preserve"> a <tspan>b</tspan></text>',
    '<filter id="f"><feGaussianBlur in="SourceGraphic" stdDeviation="5"/></filter>',
]


@pytest.mark.parametrize("inside", HARMLESS)
def test_an_image_that_is_clean_keeps_its_bytes(inside: str) -> None:
    assert clean_svg(svg(inside)) == svg(inside)


ACTIVE = [
    "<script>alert(1)</script>",
    "<SCRIPT>alert(1)</SCRIPT>",
    '<script xlink:href="https://evil.test/a.js"/>',
    '<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>',
    '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml" onload="alert(1)"/></foreignObject>',
    '<a href="javascript:alert(1)"><rect/></a>',
    '<rect onclick="alert(1)" ONLOAD="alert(1)"/>',
    '<use href="https://evil.test/a.svg#x"/>',
    '<use xlink:href="data:image/svg+xml;base64,PHN2Zz4="/>',
    '<image href="https://evil.test/a.png"/>',
    '<image xlink:href="data:image/svg+xml;base64,PHN2Zz4="/>',
    '<animate attributeName="href" values="javascript:alert(1)"/>',
    '<set attributeName="onload" to="alert(1)"/>',
    "<style>@import 'https://evil.test/a.css';</style>",
    "<style>.a { fill: url(https://evil.test/a) }</style>",
    "<style>.a { fill: u\\72l(https://evil.test/a) }</style>",
    "<style><![CDATA[@import 'https://evil.test/a.css';]]></style>",
    '<rect fill="url(https://evil.test/a)"/>',
    '<rect fill="url ( //evil.test/a )"/>',
    '<rect style="fill: url(&#x22;https://evil.test/a&#x22;)"/>',
    '<rect style="fill: image-set(&quot;https://evil.test/a&quot; 1x)"/>',
    "<feImage href='https://evil.test/a'/>",
    '<handler xmlns="http://www.w3.org/2001/xml-events">alert(1)</handler>',
    '<iframe src="https://evil.test"/>',
    '<?xml-stylesheet href="https://evil.test/a.css"?>',
    '<rect xml:base="https://evil.test/"/>',
]


@pytest.mark.parametrize("inside", ACTIVE)
def test_what_could_act_is_taken_out(inside: str) -> None:
    cleaned = clean_svg(svg(f'before{inside}behind<rect width="1"/>')).decode()
    for harm in ("alert", "evil", "script:", "svg+xml", "foreign", "animate", "onload", "<set"):
        assert harm not in cleaned.lower(), cleaned
    assert "behind" in cleaned
    assert '<rect width="1"/>' in cleaned


def test_what_stands_around_the_image_is_taken_out_too() -> None:
    before = '<?xml-stylesheet href="https://evil.test/a.css"?>'
    assert b"evil" not in clean_svg(svg("<rect/>", before=before))
    assert b"onload" not in clean_svg(svg("<rect/>", root='onload="alert(1)"'))
    doctype = (
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    )
    assert b"DOCTYPE" not in clean_svg(svg("<rect/>", before=doctype))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe<\0s\0v\0g\0",
        svg("&a;", before="<!DOCTYPE svg [<!ENTITY a 'b'>]>"),
        svg("", root='id="&a;"', before="<!DOCTYPE svg [<!ENTITY a 'b'>]>"),
        svg("&a;", before='<!DOCTYPE svg SYSTEM "file:///etc/passwd">'),
        svg("&unknown;"),
        b"<svg/>",
        b"<svg xmlns='http://www.w3.org/1999/xhtml'/>",
        svg("<g>" * 10_000),
    ],
)
def test_what_is_no_image_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidParameterException, match=r"^The SVG file is not valid"):
        clean_svg(content)


WORDS = st.sampled_from(["components", "form", "lightMode", "color", "borderRadius", "logo", "custom", "a"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 200) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, VALUES)
def test_settings_are_refused_or_merge(first: Any, second: Any) -> None:
    for document in (first, second):
        try:
            check_settings(document)
        except InvalidParameterException:
            return
    merged = merge(merge({}, first), second)
    assert merge(merged, second) == merged
    check_settings(merged)
    assert with_defaults(merged).keys() == DEFAULTS.keys()
