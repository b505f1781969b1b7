"""What the repositories promise, the same on both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.examples import (
    ACCOUNT,
    NOW,
    POOL,
    REGION,
    a_client,
    a_domain,
    a_group,
    a_pool,
    a_resource_server,
    a_secret,
    a_signing_key,
    an_access_key,
    an_audit_record,
)

from poolhouse.core.clients import ClientExtensions
from poolhouse.core.domains import DomainKind
from poolhouse.core.errors import (
    ConcurrentModificationException,
    GroupExistsException,
    InvalidParameterException,
    ResourceNotFoundException,
)
from poolhouse.store import Store, Transaction

Change = Callable[[Transaction], object]


@pytest.fixture
def with_pool(store: Store) -> Store:
    store.write_now(lambda tx: tx.pools.add(a_pool()))
    return store


def test_a_pool_is_read_as_it_was_written(store: Store) -> None:
    pool = a_pool(name="Ünï \x00 \ud800 😀", settings={"Policies": {"x": [1, None, 2.5]}}, tags={"a": "b"})
    store.write_now(lambda tx: tx.pools.add(pool))
    assert store.write_now(lambda tx: tx.pools.get(ACCOUNT, REGION, POOL)) == pool
    assert store.write_now(lambda tx: tx.pools.lock(ACCOUNT, REGION, POOL)) == pool
    assert store.write_now(lambda tx: tx.pools.find(POOL)) == pool


@pytest.mark.parametrize(
    "asked", [("111111111111", REGION, POOL), (ACCOUNT, "eu-west-1", POOL), (ACCOUNT, REGION, "x")]
)
def test_a_pool_of_another_account_or_region_is_unknown(
    with_pool: Store, asked: tuple[str, str, str]
) -> None:
    with pytest.raises(ResourceNotFoundException, match=f"User pool {asked[2]} does not exist."):
        with_pool.write_now(lambda tx: tx.pools.get(*asked))


def test_what_is_added_is_read_as_it_was_written(with_pool: Store) -> None:
    client = replace(
        a_client(AllowedOAuthScopes=["api/get"], AllowedOAuthFlowsUserPoolClient=True),
        extensions=ClientExtensions(audience="x"),
    )
    server, domain, group = a_resource_server("api", POOL, "get", "post"), a_domain(), a_group()
    secret, key, access_key, record = a_secret(), a_signing_key(), an_access_key(), an_audit_record()

    def write(tx: Transaction) -> None:
        tx.clients.add(client)
        tx.client_secrets.add(secret)
        tx.resource_servers.add(server)
        tx.domains.add(domain)
        tx.groups.add(group)
        tx.signing_keys.add(key)
        tx.access_keys.add(access_key)
        tx.audit.add(record)

    with_pool.write_now(write)

    def check(tx: Transaction) -> None:
        assert tx.clients.get(POOL, client.id) == tx.clients.find(client.id) == client
        assert tx.client_secrets.of(client.id) == [secret]
        assert tx.resource_servers.get(POOL, "api") == server
        assert tx.resource_servers.of(POOL) == [server]
        assert tx.domains.find(domain.name) == domain
        assert tx.domains.of(POOL) == [domain]
        assert tx.groups.get(POOL, group.name) == group
        assert tx.signing_keys.of(POOL) == [key]
        assert tx.access_keys.get(access_key.id) == access_key
        assert tx.audit.page(ACCOUNT, size=10) == [record]
        assert tx.audit.page(ACCOUNT, pool_id="another", size=10) == []

    with_pool.write_now(check)


def test_what_is_taken_is_refused_in_cognitos_words_and_the_transaction_goes_on(with_pool: Store) -> None:
    def twice(tx: Transaction) -> None:
        tx.clients.add(a_client())
        tx.resource_servers.add(a_resource_server())
        tx.domains.add(a_domain())
        tx.groups.add(a_group())
        for add, words in (
            (lambda: tx.pools.add(a_pool()), "already exists"),
            (lambda: tx.clients.add(a_client()), "already exists"),
            (
                lambda: tx.resource_servers.add(a_resource_server()),
                f"^api already exists in user pool {POOL}.$",
            ),
            (lambda: tx.domains.add(a_domain()), "^Domain already associated with another user pool.$"),
            (lambda: tx.domains.add(a_domain("other")), "^User pool already has a domain configured.$"),
        ):
            with pytest.raises(InvalidParameterException, match=words):
                add()
        with pytest.raises(GroupExistsException):
            tx.groups.add(a_group())
        tx.domains.add(a_domain("auth.example.com", kind=DomainKind.CUSTOM))

    with_pool.write_now(twice)
    kinds = [domain.kind for domain in with_pool.write_now(lambda tx: tx.domains.of(POOL))]
    assert sorted(kinds) == ["custom", "prefix"]


@pytest.mark.parametrize(
    ("get", "words"),
    [
        (lambda tx: tx.clients.get(POOL, "x"), "User pool client x does not exist."),
        (lambda tx: tx.resource_servers.get(POOL, "x"), "Resource server x does not exist."),
        (lambda tx: tx.groups.get(POOL, "x"), "Group not found."),
        (lambda tx: tx.access_keys.get("x"), "Access key x does not exist."),
    ],
)
def test_what_is_not_there_is_not_found(with_pool: Store, get: Change, words: str) -> None:
    with pytest.raises(ResourceNotFoundException, match=words):
        with_pool.write_now(get)


@pytest.mark.parametrize("key", ["a\x00b", "\ud800", "x" * 10_000, "'; DROP TABLE user_pool; --"])
def test_a_key_that_cannot_be_stored_is_simply_not_there(with_pool: Store, key: str) -> None:
    def check(tx: Transaction) -> None:
        assert tx.pools.find(key) is None
        assert tx.clients.find(key) is None
        assert tx.client_secrets.of(key) == []
        assert tx.client_secrets.remove("client1", key) is False
        assert tx.domains.find(key) is None
        assert tx.access_keys.find(key) is None
        assert tx.groups.find(POOL, key) is None
        assert tx.groups.page(key, size=1) == []
        assert tx.access_keys.remove(key) is False
        tx.domains.remove(key)
        for get in (tx.pools.get, tx.pools.lock):
            with pytest.raises(ResourceNotFoundException):
                get(ACCOUNT, REGION, key)

    with_pool.write_now(check)


@pytest.mark.parametrize(
    ("add", "change"),
    [
        (None, lambda tx: tx.pools.replace(a_pool(name="new"))),
        (
            lambda tx: tx.clients.add(a_client()),
            lambda tx: tx.clients.replace(a_client(AuthSessionValidity=5)),
        ),
        (
            lambda tx: tx.resource_servers.add(a_resource_server()),
            lambda tx: tx.resource_servers.replace(a_resource_server()),
        ),
        (lambda tx: tx.domains.add(a_domain()), lambda tx: tx.domains.replace(a_domain())),
        (lambda tx: tx.groups.add(a_group()), lambda tx: tx.groups.replace(a_group())),
        (lambda tx: tx.access_keys.add(an_access_key()), lambda tx: tx.access_keys.replace(an_access_key())),
    ],
)
def test_of_two_changes_to_one_version_the_second_is_refused(
    with_pool: Store, add: Change | None, change: Change
) -> None:
    if add is not None:
        with_pool.write_now(add)
    with_pool.write_now(change)
    with pytest.raises(ConcurrentModificationException):
        with_pool.write_now(change)


def test_a_replaced_pool_has_the_next_version(with_pool: Store) -> None:
    with_pool.write_now(lambda tx: tx.pools.replace(a_pool(name="new")))
    pool = with_pool.write_now(lambda tx: tx.pools.get(ACCOUNT, REGION, POOL))
    assert (pool.name, pool.version) == ("new", 2)


def test_a_removed_pool_takes_everything_in_it_along(with_pool: Store) -> None:
    def fill(tx: Transaction) -> None:
        tx.clients.add(a_client())
        tx.client_secrets.add(a_secret())
        tx.resource_servers.add(a_resource_server())
        tx.domains.add(a_domain())
        tx.groups.add(a_group())
        tx.signing_keys.add(a_signing_key())

    with_pool.write_now(fill)
    with_pool.write_now(lambda tx: tx.pools.remove(POOL))

    def check(tx: Transaction) -> None:
        for table in ("user_pool", "user_pool_client", "client_secret", "resource_server"):
            assert tx.connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 0
        for table in ("user_pool_domain", "user_group", "signing_key"):
            assert tx.connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 0
        keys = tx.connection.exec_driver_sql("SELECT pool_id FROM data_key").scalars().all()
        assert keys == [""]

    with_pool.write_now(check)


def test_a_client_cannot_be_added_to_a_pool_that_is_not_there(store: Store) -> None:
    with pytest.raises(ResourceNotFoundException, match=f"User pool {POOL} does not exist."):
        store.write_now(lambda tx: tx.clients.add(a_client()))
    with pytest.raises(ResourceNotFoundException):
        store.write_now(lambda tx: tx.groups.add(a_group()))


def test_pages_follow_each_other_bytewise(with_pool: Store) -> None:
    names = ["a", "B", "ä", "Z", "aa", "_", "10", "9", "😀", "a b"]
    for name in names:
        with_pool.write_now(lambda tx, name=name: tx.groups.add(a_group(name)))
    seen: list[str] = []
    while True:
        after = seen[-1] if seen else ""
        page = with_pool.write_now(lambda tx, after=after: tx.groups.page(POOL, after=after, size=3))
        seen += [group.name for group in page]
        if not page:
            break
    assert seen == sorted(names, key=lambda name: name.encode())
    assert with_pool.write_now(lambda tx: tx.groups.count(POOL)) == len(names)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=50)
)
def test_any_text_survives_as_a_key(with_pool: Store, name: str) -> None:
    def there_and_back(tx: Transaction) -> None:
        tx.groups.add(a_group(name))
        assert tx.groups.get(POOL, name).name == name
        tx.groups.remove(POOL, name)
        assert tx.groups.find(POOL, name) is None

    with_pool.write_now(there_and_back)


def test_secrets_come_oldest_first_and_go_one_by_one(with_pool: Store) -> None:
    def write(tx: Transaction) -> None:
        tx.clients.add(a_client())
        tx.client_secrets.add(a_secret("new", 2))
        tx.client_secrets.add(a_secret("old", 1))

    with_pool.write_now(write)
    secrets = with_pool.write_now(lambda tx: tx.client_secrets.of("client1"))
    assert [secret.value.reveal() for secret in secrets] == ["old", "new"]
    assert with_pool.write_now(lambda tx: tx.client_secrets.remove("client1", secrets[0].id))
    assert not with_pool.write_now(lambda tx: tx.client_secrets.remove("client1", secrets[0].id))
    assert with_pool.write_now(lambda tx: tx.client_secrets.of("client1")) == [secrets[1]]


def test_a_withdrawn_key_goes_when_its_time_has_passed(with_pool: Store) -> None:
    def write(tx: Transaction) -> None:
        for number in range(3):
            tx.signing_keys.add(a_signing_key(f"kid{number}"))
            tx.signing_keys.withdraw(f"kid{number}", NOW + timedelta(hours=number))
        # A key that is to go at once is not kept longer by a later plan.
        tx.signing_keys.withdraw("kid0", NOW + timedelta(days=9))

    with_pool.write_now(write)
    before = NOW + timedelta(hours=1, seconds=1)
    assert with_pool.write_now(lambda tx: tx.signing_keys.remove_withdrawn(before, 1)) == 1
    assert with_pool.write_now(lambda tx: tx.signing_keys.remove_withdrawn(before, 10)) == 1
    (left,) = with_pool.write_now(lambda tx: tx.signing_keys.of(POOL))
    assert (left.kid, left.withdrawn_at) == ("kid2", NOW + timedelta(hours=2))


def test_a_lease_has_one_holder_until_it_runs_out(store: Store) -> None:
    def take(holder: str, now_s: int, until_s: int) -> bool:
        now, until = NOW + timedelta(seconds=now_s), NOW + timedelta(seconds=until_s)
        return store.write_now(lambda tx: tx.leases.take("sweep", holder, until, now))

    assert take("a", 0, 10)
    assert not take("b", 9, 20)
    assert take("a", 9, 20), "the holder prolongs it"
    assert not take("b", 10, 30)
    assert take("b", 20, 30)
    assert not take("a", 21, 40)
    store.write_now(lambda tx: tx.leases.release("sweep", "a"))
    assert not take("c", 22, 40), "only its holder gives it back"
    store.write_now(lambda tx: tx.leases.release("sweep", "b"))
    assert take("c", 23, 40)


def test_a_server_fact_is_made_once(store: Store) -> None:
    assert store.write_now(lambda tx: tx.server.find_or_add("x", "1")) == "1"
    assert store.write_now(lambda tx: tx.server.find_or_add("x", "2")) == "1"
    store.write_now(lambda tx: tx.server.put("x", "3"))
    assert store.write_now(lambda tx: tx.server.find("x")) == "3"


def test_a_page_of_pools_holds_one_account_and_region(store: Store) -> None:
    def write(tx: Transaction) -> None:
        for pool_id in ("us-east-1_b", "us-east-1_a", "us-east-1_c"):
            tx.pools.add(a_pool(pool_id))
        tx.pools.add(a_pool("us-east-1_d", account_id="111111111111"))
        tx.pools.add(a_pool("eu-west-1_e", region="eu-west-1"))

    store.write_now(write)
    page = store.write_now(lambda tx: tx.pools.page(ACCOUNT, REGION, after="us-east-1_a", size=9))
    assert [pool.id for pool in page] == ["us-east-1_b", "us-east-1_c"]
    assert store.write_now(lambda tx: tx.pools.count(ACCOUNT, REGION)) == 3
