"""What a person's tokens say, and who is let in with one."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from tests.admin import admin_client
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import a_person, an_app
from tests.people.tokens import a_call, at_once, claims_of, header_of, issue, refusal

from poolhouse.aws.model import service_model
from poolhouse.core.errors import (
    InvalidParameterException,
    NotAuthorizedException,
    PasswordResetRequiredException,
    ResourceNotFoundException,
    UserNotConfirmedException,
)
from poolhouse.core.groups import Group
from poolhouse.core.tokens import signing_input, token
from poolhouse.core.user_tokens import preferred_role
from poolhouse.core.users import UserStatus
from poolhouse.userpools.person import WITHOUT_USER_NOT_FOUND, authenticate_person
from poolhouse.userpools.user_tokens import SELF_SERVICE, issue_user_tokens
from poolhouse_verify import TokenVerifier

ROLE = "arn:aws:iam::000000000000:role/"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def a_user_token(
    server: RunningServer, cognito: Any, **client: Any
) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """The tokens of Ada, her sub, and the client."""
    pool_id = a_pool(cognito)
    sub = a_person(cognito, pool_id, email="ada@example.com", email_verified="true", name="Ada")
    app = an_app(cognito, pool_id, **client)
    return issue(server, app["ClientId"], sub), sub, app


def test_a_sign_in_gives_the_claims_that_cognito_gives(server: RunningServer, cognito: Any) -> None:
    tokens, sub, app = a_user_token(server, cognito)
    assert tokens.keys() == {"AccessToken", "IdToken", "RefreshToken", "ExpiresIn", "TokenType"}
    assert (tokens["ExpiresIn"], tokens["TokenType"]) == (3600, "Bearer")
    access, identity = claims_of(tokens["AccessToken"]), claims_of(tokens["IdToken"])
    issuer = f"{server.settings.public_url}/{app['UserPoolId']}"
    assert access == {
        "sub": sub,
        "iss": issuer,
        "client_id": app["ClientId"],
        "origin_jti": access["origin_jti"],
        "event_id": access["event_id"],
        "token_use": "access",
        "scope": "aws.cognito.signin.user.admin",
        "auth_time": access["iat"],
        "exp": access["iat"] + 3600,
        "iat": access["iat"],
        "jti": access["jti"],
        "username": "ada",
    }
    assert identity == {
        "sub": sub,
        "iss": issuer,
        "aud": app["ClientId"],
        "cognito:username": "ada",
        "email": "ada@example.com",
        "email_verified": True,
        "name": "Ada",
        "origin_jti": access["origin_jti"],
        "event_id": access["event_id"],
        "token_use": "id",
        "auth_time": access["iat"],
        "exp": access["iat"] + 3600,
        "iat": access["iat"],
        "jti": identity["jti"],
    }
    for claim in ("origin_jti", "event_id", "jti"):
        uuid.UUID(access[claim])
    assert len({access["jti"], identity["jti"], access["origin_jti"]}) == 3


def test_both_tokens_verify_and_have_keys_of_their_own(server: RunningServer, cognito: Any) -> None:
    tokens, sub, app = a_user_token(server, cognito)
    address = f"{server.base_url}/{app['UserPoolId']}"
    issuer = f"{server.settings.public_url}/{app['UserPoolId']}"
    for use, name in (("access", "AccessToken"), ("id", "IdToken")):
        verifier = TokenVerifier(
            issuer,
            token_use=use,
            client_ids=app["ClientId"],
            jwks_uri=f"{address}/.well-known/jwks.json",
            allow_http=True,
        )
        assert verifier.verify(tokens[name]).subject == sub
    headers = [header_of(tokens[name]) for name in ("AccessToken", "IdToken")]
    assert [header.keys() for header in headers] == [{"kid", "alg"}] * 2
    assert headers[0]["kid"] != headers[1]["kid"]


def test_without_token_revocation_there_is_no_origin_and_no_jti_in_the_id_token(
    server: RunningServer, cognito: Any
) -> None:
    tokens, _, _ = a_user_token(server, cognito, EnableTokenRevocation=False)
    access, identity = claims_of(tokens["AccessToken"]), claims_of(tokens["IdToken"])
    assert "origin_jti" not in access
    assert "jti" in access
    assert not {"origin_jti", "jti"} & identity.keys()


def test_lifetimes_are_the_clients(server: RunningServer, cognito: Any) -> None:
    tokens, _, _ = a_user_token(
        server,
        cognito,
        AccessTokenValidity=5,
        IdTokenValidity=7_200,
        TokenValidityUnits={"AccessToken": "minutes", "IdToken": "seconds"},
    )
    access, identity = claims_of(tokens["AccessToken"]), claims_of(tokens["IdToken"])
    assert access["exp"] - access["iat"] == tokens["ExpiresIn"] == 300
    assert identity["exp"] - identity["iat"] == 7_200


def test_an_id_token_shows_what_its_client_may_read(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool(
        cognito,
        Schema=[
            {"Name": "level", "AttributeDataType": "Number"},
            {"Name": "inside", "AttributeDataType": "String", "DeveloperOnlyAttribute": True},
        ],
    )
    sub = a_person(
        cognito,
        pool_id,
        email="ada@example.com",
        address="1 Street",
        updated_at="1700000000",
        **{"custom:level": "7", "dev:custom:inside": "secret"},
    )
    by_default = claims_of(issue(server, an_app(cognito, pool_id)["ClientId"], sub)["IdToken"])
    assert by_default["address"] == {"formatted": "1 Street"}
    assert by_default["updated_at"] == 1_700_000_000
    assert not {"custom:level", "dev:custom:inside"} & by_default.keys(), "standard ones alone"
    reader = an_app(cognito, pool_id, ReadAttributes=["custom:level"])
    chosen = claims_of(issue(server, reader["ClientId"], sub)["IdToken"])
    assert chosen["custom:level"] == "7"
    assert not {"email", "address", "updated_at", "dev:custom:inside"} & chosen.keys()


def test_groups_and_their_roles_are_in_the_tokens(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool(cognito)
    sub = a_person(cognito, pool_id)
    for name, precedence, role in (("staff", 5, "staff"), ("admins", 1, "admins"), ("all", None, None)):
        cognito.create_group(
            UserPoolId=pool_id,
            GroupName=name,
            **({} if precedence is None else {"Precedence": precedence}),
            **({} if role is None else {"RoleArn": ROLE + role}),
        )
        cognito.admin_add_user_to_group(UserPoolId=pool_id, Username="ada", GroupName=name)
    tokens = issue(server, an_app(cognito, pool_id)["ClientId"], sub)
    access, identity = claims_of(tokens["AccessToken"]), claims_of(tokens["IdToken"])
    assert access["cognito:groups"] == identity["cognito:groups"] == ["admins", "staff", "all"]
    assert identity["cognito:roles"] == [ROLE + "admins", ROLE + "staff"]
    assert identity["cognito:preferred_role"] == ROLE + "admins"
    assert not {"cognito:roles", "cognito:preferred_role"} & access.keys()


GROUPS = st.lists(
    st.builds(
        lambda number, precedence, role: Group(
            "us-east-1_a", f"g{number}", NOW, NOW, role_arn=role, precedence=precedence
        ),
        st.integers(0, 99),
        st.sampled_from([None, 0, 1, 2]),
        st.sampled_from([None, "a", "b", "c"]),
    ),
    max_size=6,
    unique_by=lambda group: group.name,
)


@given(GROUPS)
def test_the_preferred_role_is_the_one_role_that_stands_first(groups: Sequence[Group]) -> None:
    """The oracle is the reference's sentence: lowest precedence; a tie of different roles gives none; one role, it."""
    roles = {group.role_arn for group in groups if group.role_arn}
    ranked = sorted(
        (99 if group.precedence is None else group.precedence, group.role_arn)
        for group in groups
        if group.role_arn
    )
    first = {role for precedence, role in ranked if precedence == ranked[0][0]}
    expected = roles if len(roles) == 1 else first
    assert preferred_role(groups) == (next(iter(expected)) if len(expected) == 1 else None)


def test_an_access_token_that_nobody_would_accept_is_not_made(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool(cognito)
    sub = a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]

    def join_many(tx: Any) -> None:
        for number in range(98):
            group = Group(pool_id, f"{number:03}" + "g" * 125, NOW, NOW)
            tx.groups.add(group)
            tx.memberships.add(pool_id, group.name, sub, NOW)

    server.run(server.server.parts.store.write(join_many))
    with pytest.raises(InvalidParameterException, match="too many groups"):
        issue(server, client_id, sub)


# --- what is read again when tokens are issued -----------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("UNCONFIRMED", UserNotConfirmedException),
        ("RESET_REQUIRED", PasswordResetRequiredException),
        ("FORCE_CHANGE_PASSWORD", NotAuthorizedException),
    ],
)
def test_whoever_must_do_something_first_gets_no_tokens(
    server: RunningServer, cognito: Any, status: str, error: type[Exception]
) -> None:
    pool_id = a_pool(cognito)
    sub = a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]

    def set_status(tx: Any) -> None:
        pool = tx.pools.find(pool_id)
        user = tx.users.lock(pool_id, sub)
        tx.users.replace(pool, user.changed(user.modified_at, status=UserStatus(status)))

    server.run(server.server.parts.store.write(set_status))
    with pytest.raises(error):
        issue(server, client_id, sub)
    assert issue(server, client_id, sub, states={UserStatus(status)})["AccessToken"]


def test_what_the_caller_does_in_the_same_transaction_counts(server: RunningServer, cognito: Any) -> None:
    """A new password makes the person CONFIRMED there, and so the tokens are given."""
    pool_id = a_pool(cognito)
    cognito.admin_create_user(UserPoolId=pool_id, Username="ada", MessageAction="SUPPRESS")
    user = cognito.admin_get_user(UserPoolId=pool_id, Username="ada")
    sub = next(a["Value"] for a in user["UserAttributes"] if a["Name"] == "sub")
    client_id = an_app(cognito, pool_id)["ClientId"]

    def confirm(tx: Any, user: Any) -> None:
        tx.users.replace(tx.pools.find(pool_id), user.changed(user.modified_at, status=UserStatus.CONFIRMED))

    assert issue(server, client_id, sub, also=confirm)["AccessToken"]
    assert cognito.admin_get_user(UserPoolId=pool_id, Username="ada")["UserStatus"] == "CONFIRMED"


def test_what_the_caller_refuses_leaves_no_sign_in(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool(cognito)
    sub = a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]

    def refuse(tx: Any, user: Any) -> None:
        raise NotAuthorizedException("used already")

    with pytest.raises(NotAuthorizedException, match="used already"):
        issue(server, client_id, sub, also=refuse)
    ended = server.run(server.server.parts.store.write(lambda tx: tx.families.revoke_all(pool_id, sub, NOW)))
    assert ended == 0


def test_a_disabled_or_deleted_person_and_a_deleted_client_get_no_tokens(
    server: RunningServer, cognito: Any
) -> None:
    pool_id = a_pool(cognito)
    sub = a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]
    cognito.admin_disable_user(UserPoolId=pool_id, Username="ada")
    with pytest.raises(NotAuthorizedException, match="User is disabled"):
        issue(server, client_id, sub)
    cognito.admin_delete_user(UserPoolId=pool_id, Username="ada")
    with pytest.raises(NotAuthorizedException):
        issue(server, client_id, sub)

    async def with_a_deleted_client() -> None:
        app = await server.server.parts.cache.get("app", client_id)
        await server.server.parts.store.write(lambda tx: tx.clients.remove(pool_id, client_id))
        await issue_user_tokens(a_call(server), app, sub)

    with pytest.raises(ResourceNotFoundException):
        server.run(with_a_deleted_client())


def test_no_token_outlives_a_disabling_that_it_raced_with(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool(cognito)
    sub = a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]

    def act(which: int) -> str | None:
        if which == 7:
            server.client().admin_disable_user(UserPoolId=pool_id, Username="ada")
            return None
        try:
            return str(issue(server, client_id, sub)["AccessToken"])
        except NotAuthorizedException:
            return None

    given = [answer for answer in at_once(16, act) if answer]
    cognito.admin_enable_user(UserPoolId=pool_id, Username="ada")
    for access_token in given:
        assert refusal(cognito.get_user, AccessToken=access_token) == (
            "NotAuthorizedException: Access Token has been revoked"
        )


def test_a_disabling_waits_for_the_sign_in_that_it_meets_and_ends_it(
    own_server: Callable[..., RunningServer],
) -> None:
    """On PostgreSQL, where two write at once: without the person's lock the disabling would find nothing to end, and
    the tokens come after it."""
    server = own_server("postgres")
    cognito = server.client()
    pool_id = a_pool(cognito)
    sub = a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]
    disabling = Thread(target=lambda: cognito.admin_disable_user(UserPoolId=pool_id, Username="ada"))

    def meanwhile(tx: Any, user: Any) -> None:
        disabling.start()
        disabling.join(0.5)
        assert disabling.is_alive(), "it waits"

    tokens = issue(server, client_id, sub, also=meanwhile)
    disabling.join(10)
    cognito.admin_enable_user(UserPoolId=pool_id, Username="ada")
    assert refusal(cognito.get_user, AccessToken=tokens["AccessToken"]) == (
        "NotAuthorizedException: Access Token has been revoked"
    )


# --- who is let in with an access token ------------------------------------------------------------------

INVALID = "NotAuthorizedException: Invalid Access Token"


def test_an_access_token_opens_its_persons_account(server: RunningServer, cognito: Any) -> None:
    tokens, sub, _ = a_user_token(server, cognito)
    user = cognito.get_user(AccessToken=tokens["AccessToken"])
    assert {a["Name"]: a["Value"] for a in user["UserAttributes"]}["sub"] == sub


def test_kinds_of_tokens_are_never_mixed_up(server: RunningServer, cognito: Any, machine: Any) -> None:
    tokens, _, _ = a_user_token(server, cognito)
    answer = requests.post(
        f"{machine.domain_url}/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(machine.client_id, machine.client_secret),
        timeout=10,
    )
    for other in (tokens["IdToken"], tokens["RefreshToken"], answer.json()["access_token"]):
        assert refusal(cognito.get_user, AccessToken=other) == INVALID


def changed_claims(**changes: Any) -> Callable[[RunningServer, dict[str, Any], Any], str]:
    """The access token with other claims, signed with the pool's own key for access tokens."""

    def forge(server: RunningServer, tokens: dict[str, Any], app: Any) -> str:
        claims = {**claims_of(tokens["AccessToken"]), **changes}
        return _signed(server, app, app.pool.access_keys[0], claims)

    return forge


def signed_with_the_id_key(server: RunningServer, tokens: dict[str, Any], app: Any) -> str:
    return _signed(server, app, app.pool.id_keys[0], claims_of(tokens["AccessToken"]))


def under_anothers_kid(server: RunningServer, tokens: dict[str, Any], app: Any) -> str:
    signed = signing_input(app.pool.access_keys[0].kid, claims_of(tokens["AccessToken"]))
    return token(signed, server.run(_sign(server, app.pool.id_keys[0], signed)))


def unsigned(server: RunningServer, tokens: dict[str, Any], app: Any) -> str:
    header = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
    return f"{header}.{tokens['AccessToken'].split('.')[1]}."


def with_a_broken_signature(server: RunningServer, tokens: dict[str, Any], app: Any) -> str:
    head, _, signature = tokens["AccessToken"].rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def cut_short(server: RunningServer, tokens: dict[str, Any], app: Any) -> str:
    return str(tokens["AccessToken"].rpartition(".")[0])


def _signed(server: RunningServer, app: Any, key: Any, claims: dict[str, Any]) -> str:
    signed = signing_input(key.kid, claims)
    return token(signed, server.run(_sign(server, key, signed)))


async def _sign(server: RunningServer, key: Any, signed: bytes) -> bytes:
    return await server.server.parts.ports.signer.sign(key.private, signed)


@pytest.mark.parametrize(
    "forge",
    [
        signed_with_the_id_key,
        under_anothers_kid,
        unsigned,
        with_a_broken_signature,
        cut_short,
        changed_claims(token_use="id"),
        changed_claims(iss="https://elsewhere.example/us-east-1_a"),
        changed_claims(event_id=str(uuid.uuid4())),
        changed_claims(event_id=None),
        changed_claims(event_id="\x00"),
        changed_claims(exp="soon"),
        changed_claims(client_id="nobody"),
        changed_claims(client_id=7),
    ],
)
def test_a_token_that_is_not_the_pools_own_access_token_is_refused(
    server: RunningServer, cognito: Any, forge: Callable[..., str]
) -> None:
    tokens, _, client = a_user_token(server, cognito)
    app = server.run(server.server.parts.cache.get("app", client["ClientId"]))
    assert refusal(cognito.get_user, AccessToken=forge(server, tokens, app)) == INVALID


def test_a_token_of_one_pool_is_nothing_in_another(server: RunningServer, cognito: Any) -> None:
    """Not even with the same person's and sign-in's ids, and the other pool's client."""
    tokens, _, _ = a_user_token(server, cognito)
    _, _, elsewhere = a_user_token(server, cognito)
    app = server.run(server.server.parts.cache.get("app", elsewhere["ClientId"]))
    claims = {**claims_of(tokens["AccessToken"]), "client_id": elsewhere["ClientId"], "iss": app.pool.id}
    claims["iss"] = f"{server.settings.public_url}/{app.pool.id}"
    forged = _signed(server, app, app.pool.access_keys[0], claims)
    assert refusal(cognito.get_user, AccessToken=forged) == "UserNotFoundException: User does not exist."


def test_a_token_of_another_client_of_the_pool_is_refused(server: RunningServer, cognito: Any) -> None:
    tokens, _, client = a_user_token(server, cognito)
    other = an_app(cognito, client["UserPoolId"])
    app = server.run(server.server.parts.cache.get("app", other["ClientId"]))
    forged = _signed(
        server,
        app,
        app.pool.access_keys[0],
        {**claims_of(tokens["AccessToken"]), "client_id": other["ClientId"]},
    )
    assert refusal(cognito.get_user, AccessToken=forged) == INVALID


def test_a_token_whose_key_was_withdrawn_is_refused(server: RunningServer, cognito: Any) -> None:
    tokens, _, client = a_user_token(server, cognito)
    admin_client(server).rotate_signing_key(
        UserPoolId=client["UserPoolId"], Use="ACCESS", LeadSeconds=0, WithdrawNow=True
    )
    assert refusal(cognito.get_user, AccessToken=tokens["AccessToken"]) == INVALID


def test_an_access_token_ends_to_the_second(own_server: Callable[..., RunningServer]) -> None:
    server = own_server()
    cognito = server.client()
    tokens, _, _ = a_user_token(server, cognito)
    call = a_call(server, "GetUser")
    end = datetime.fromtimestamp(claims_of(tokens["AccessToken"])["exp"], UTC)
    a_moment_before = replace(call, now=end - timedelta(microseconds=1))
    assert server.run(authenticate_person(a_moment_before, tokens["AccessToken"])).user.username == "ada"
    with pytest.raises(NotAuthorizedException, match="Access Token has expired"):
        server.run(authenticate_person(replace(call, now=end), tokens["AccessToken"]))
    server.clock.advance(hours=1)
    assert refusal(server.client().get_user, AccessToken=tokens["AccessToken"]) == (
        "NotAuthorizedException: Access Token has expired"
    )


def test_a_token_without_the_scope_of_self_service_is_refused(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool(cognito)
    sub = a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]
    for scopes in (["openid"], ["aws.cognito.signin.user.admin.more"], []):
        tokens = issue(server, client_id, sub, scopes=scopes)
        assert refusal(cognito.get_user, AccessToken=tokens["AccessToken"]) == (
            "NotAuthorizedException: Access Token does not have required scopes"
        )
    both = issue(server, client_id, sub, scopes=["openid", SELF_SERVICE])
    assert refusal(cognito.get_user, AccessToken=both["AccessToken"]) == ""


def test_every_level_of_revocation_holds_alone(server: RunningServer, cognito: Any) -> None:
    def after(act: Callable[[str, str], Any]) -> str:
        tokens, _, client = a_user_token(server, cognito)
        act(client["UserPoolId"], client["ClientId"])
        return refusal(cognito.get_user, AccessToken=tokens["AccessToken"])

    assert after(lambda pool, _: cognito.admin_user_global_sign_out(UserPoolId=pool, Username="ada")) == (
        "NotAuthorizedException: Access Token has been revoked"
    )
    assert after(lambda pool, _: cognito.admin_disable_user(UserPoolId=pool, Username="ada")) == (
        "NotAuthorizedException: User is disabled."
    )
    assert after(lambda pool, _: cognito.admin_delete_user(UserPoolId=pool, Username="ada")) == (
        "UserNotFoundException: User does not exist."
    )
    assert (
        after(lambda pool, client: cognito.delete_user_pool_client(UserPoolId=pool, ClientId=client))
        == INVALID
    )
    assert after(lambda pool, _: cognito.delete_user_pool(UserPoolId=pool)) == INVALID


def test_the_operations_that_may_not_say_user_not_found_are_those_of_the_model() -> None:
    model = service_model("cognito-idp")
    silent = {
        name
        for name, operation in model.operations.items()
        if operation.input
        and "AccessToken" in model.shapes[operation.input]["members"]
        and operation.is_unsigned
        and "UserNotFoundException" not in operation.errors
    }
    assert silent == WITHOUT_USER_NOT_FOUND


def test_sign_ins_are_told_apart_by_their_event(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool(cognito)
    sub = a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]
    events = [claims_of(issue(server, client_id, sub)["AccessToken"])["event_id"] for _ in range(3)]
    assert all(one != other for one, other in itertools.combinations(events, 2))
