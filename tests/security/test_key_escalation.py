"""No key can make, or become, one that may do more than it may itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.conftest import examples
from tests.fuzz.house import House
from tests.security.conftest import Key, a_key, allow, policy

KEYS = [f"poolhouse:{verb}AccessKey" for verb in ("Create", "Update", "Get", "Delete")]
EVERYTHING = allow("*")
DENY_ALL_POOLS = {"Effect": "Deny", "Action": "cognito-idp:*", "Resource": "*"}


def may_list_pools(house: House, key: Key) -> bool:
    reply = house.call("ListUserPools", **key.signing)
    assert reply.status == 200 or reply.error == "AccessDeniedException"
    return reply.status == 200


def test_a_key_that_a_key_made_may_do_no_more_than_its_maker(house: House) -> None:
    maker = a_key(house, allow([*KEYS, "cognito-idp:DescribeUserPool"]))
    child = a_key(house, EVERYTHING, made_by=maker)
    grandchild = a_key(house, EVERYTHING, made_by=child)
    for key in (maker, child, grandchild):
        assert not may_list_pools(house, key)
        assert house.call("RotateMasterKey", **key.signing).error == "AccessDeniedException"
        assert house.call("DescribeUserPool", **key.signing).status == 200


def test_a_maker_denied_something_denies_it_to_its_keys(house: House) -> None:
    maker = a_key(house, EVERYTHING, DENY_ALL_POOLS)
    assert not may_list_pools(house, a_key(house, EVERYTHING, made_by=maker))


def test_a_key_that_changes_its_own_policy_gains_nothing(house: House) -> None:
    key = a_key(house, allow(KEYS))
    for _ in range(2):
        house.call(
            "UpdateAccessKey", {"AccessKeyId": key.key_id, "Policy": policy(EVERYTHING)}, **key.signing
        )
        assert not may_list_pools(house, key)
        assert house.call("RotateMasterKey", **key.signing).error == "AccessDeniedException"


def test_a_key_that_changes_another_keys_policy_gives_no_more_than_it_has(house: House) -> None:
    weak = a_key(house, allow(KEYS))
    other = a_key(house, allow("cognito-idp:ListUserPools"))
    assert may_list_pools(house, other)
    house.call("UpdateAccessKey", {"AccessKeyId": other.key_id, "Policy": policy(EVERYTHING)}, **weak.signing)
    assert not may_list_pools(house, other)


def test_keys_do_not_gather_policies_without_bound(house: House) -> None:
    key = a_key(house, allow(KEYS))
    replies = [
        house.call(
            "UpdateAccessKey",
            {"AccessKeyId": key.key_id, "Policy": policy(allow([*KEYS, f"a:{number}"]))},
            **key.signing,
        )
        for number in range(12)
    ]
    assert replies[0].status == 200
    assert replies[-1].error == "LimitExceededException"
    held = house.call("GetAccessKey", {"AccessKeyId": key.key_id}).document["AccessKey"]
    assert len(held["InheritedPolicies"]) == 9


def test_the_audit_tells_keys_of_one_name_apart(house: House) -> None:
    """A key may give the keys that it makes any name, its maker's too."""
    one = a_key(house, EVERYTHING, name="admin")
    two = a_key(house, EVERYTHING, name="admin", made_by=one)
    for key in (one, two):
        house.call("TagResource", **key.signing)
    recorded = house.server.run(house.server.server.parts.store.read(lambda tx: tx.audit.page(
        house.server.settings.account_id, pool_id=house.machine.pool_id, size=10_000
    )))  # fmt: skip
    assert [record.access_key_id for record in recorded][-2:] == [one.key_id, two.key_id]


POWERS = [*KEYS, "cognito-idp:ListUserPools", "poolhouse:GetServerStatus", "poolhouse:ListAccessKeys"]
PROBES = {
    "cognito-idp:ListUserPools": "ListUserPools",
    "poolhouse:GetServerStatus": "GetServerStatus",
    "poolhouse:ListAccessKeys": "ListAccessKeys",
}


@examples(6)
@given(data=st.data())
def test_whatever_keys_make_and_change_powers_never_grow(house: House, data: st.DataObject) -> None:
    """A random walk of allowed calls: after it no key may do what the first one might not."""
    first_powers = data.draw(st.sets(st.sampled_from(POWERS)).map(lambda some: {*some, KEYS[0], KEYS[1]}))
    keys = [a_key(house, allow(sorted(first_powers)))]
    for _ in range(data.draw(st.integers(2, 6))):
        actor = data.draw(st.sampled_from(keys))
        wanted = policy(allow(sorted(data.draw(st.sets(st.sampled_from(POWERS), min_size=1))))) if data.draw(
            st.booleans()
        ) else policy(EVERYTHING)  # fmt: skip
        if data.draw(st.booleans()):
            reply = house.call("CreateAccessKey", {"UserName": "k", "Policy": wanted}, **actor.signing)
            if reply.status == 200:
                made = reply.document["AccessKey"]
                keys.append(Key(made["AccessKeyId"], made["SecretAccessKey"]))
        else:
            target = data.draw(st.sampled_from(keys))
            house.call("UpdateAccessKey", {"AccessKeyId": target.key_id, "Policy": wanted}, **actor.signing)
    for key in keys:
        for power, operation in PROBES.items():
            if power not in first_powers:
                assert house.call(operation, **key.signing).error == "AccessDeniedException"
