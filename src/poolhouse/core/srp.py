"""SRP-6a as Cognito's clients compute it: a password is proved without being sent, in two steps.

The group is the 3072-bit one of RFC 3526 (group 15) with g = 2, the hash SHA-256. Single letters are those of RFC
5054: the client's secret `a` and public `A`, the server's `b` and `B`, the verifier `v`, the multiplier `k`, `u`
and the shared `S`. What RFC 5054 leaves to the application is as in amazon-cognito-identity-js: how numbers are
padded, how the key comes from S, and what the signature that proves it is made over.

Powers of secrets are not taken here: `ports.powers` does that, in a time that does not depend on the secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.ids import Random
from poolhouse.core.secret import Secret

N = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
"""Source: RFC 3526 §4."""
g = 2
SALT_BYTES = 16
PRIVATE_BYTES = 32
"""Of `b`: twice the strength that the group has."""
INFO = b"Caldera Derived Key"
LONGEST_PUBLIC = 2 * (N.bit_length() // 8 + 1)
"""Hexadecimal digits, with the zero byte that some clients put in front."""
TIMESTAMP_WINDOW = timedelta(minutes=5)
"""How far a client's clock may be off. Replay is prevented by the secret block, which works once; not by this."""
_HEX = re.compile(r"[0-9a-fA-F]+")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIMESTAMP = re.compile(
    rf"(?:{'|'.join(_DAYS)}) ({'|'.join(_MONTHS)}) {{1,2}}([0-9]{{1,2}})"
    r" ([0-9]{2}):([0-9]{2}):([0-9]{2}) UTC ([0-9]{4})"
)


def pad(number: int) -> bytes:
    """The least bytes that hold the number and a sign bit, as Java's BigInteger writes them; not as long as N."""
    return number.to_bytes(number.bit_length() // 8 + 1)


def _hash_to_number(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest())


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


k = _hash_to_number(pad(N), pad(g))


@dataclass(frozen=True, slots=True)
class Verifier:
    """What the server keeps of a password for SRP. Who has it can guess the password offline, at the speed of one
    SHA-256 and one power: it is stored sealed, and made only where a client of the pool may use SRP."""

    salt: int
    v: int

    def to_secret(self) -> Secret:
        """The text that is sealed."""
        return Secret(f"{self.salt:x}:{self.v:x}")

    @classmethod
    def from_secret(cls, secret: Secret) -> Self:
        salt, _, v = secret.reveal().partition(":")
        return cls(int(salt, 16), int(v, 16))

    def __repr__(self) -> str:
        return "Verifier(…)"


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose password it is: (pool name, USER_ID_FOR_SRP) of a person, (device group key, device key) of a device."""

    group: str
    name: str

    @classmethod
    def of_user(cls, pool_id: str, username: str) -> Self:
        """`username` is the person's real one, whatever name they sign in with: it never changes, so neither does
        the verifier."""
        return cls(pool_id.partition("_")[2], username)

    @classmethod
    def of_device(cls, device_group_key: str, device_key: str) -> Self:
        return cls(device_group_key, device_key)


def new_salt(random: Random) -> int:
    return int.from_bytes(random.token_bytes(SALT_BYTES))


def new_private(random: Random) -> int:
    """`b`, or `a`: never 0."""
    return int.from_bytes(random.token_bytes(PRIVATE_BYTES)) or 1


def private_key(identity: Identity, password: str, salt: int) -> int:
    """`x`, of which the verifier is the power g^x."""
    inner = hashlib.sha256(_bytes(f"{identity.group}{identity.name}:{password}")).digest()
    return _hash_to_number(pad(salt), inner)


def parse_public(text: str) -> int:
    """`A`, as SRP_A carries it: hexadecimal.

    Raises:
        InvalidParameterException: no number of the group. RFC 5054 §2.5.4: A mod N = 0 would make S known to anyone.
    """
    if len(text) > LONGEST_PUBLIC or not _HEX.fullmatch(text) or not 0 < (number := int(text, 16)) < N:
        raise InvalidParameterException("Invalid SRP_A value.")
    return number


def to_hex(number: int) -> str:
    """As SALT and SRP_B are sent: no zeros in front. Clients pad the text of the salt, so a zero would change it."""
    return f"{number:x}"


def scrambler(A: int, B: int) -> int:
    """`u`. RFC 5054 §2.5.3: the client gives up on 0, so the server does not serve it either."""
    return _hash_to_number(pad(A), pad(B))


def session_key(u: int, S: int) -> bytes:
    """The key of the claim's signature: HKDF (RFC 5869) of S, salted with u, 16 bytes long."""
    extracted = hmac.digest(pad(u), pad(S), hashlib.sha256)
    return hmac.digest(extracted, INFO + b"\x01", hashlib.sha256)[:16]


def signature(key: bytes, identity: Identity, secret_block: bytes, timestamp: str) -> bytes:
    message = _bytes(identity.group + identity.name) + secret_block + _bytes(timestamp)
    return hmac.digest(key, message, hashlib.sha256)


def claim_is_right(
    key: bytes, identity: Identity, *, secret_block: str, timestamp: str, presented: str
) -> bool:
    """Whether PASSWORD_CLAIM_SIGNATURE is what a client computes that knows the password; texts as they were sent."""
    try:
        block = base64.b64decode(_bytes(secret_block), validate=True)
        given = base64.b64decode(_bytes(presented), validate=True)
    except binascii.Error:
        return False
    return hmac.compare_digest(signature(key, identity, block, timestamp), given)


def parse_timestamp(text: str) -> datetime | None:
    """The time of `Tue Mar 4 05:06:07 UTC 2025`; None if it is none. The day may have a zero or a blank in front."""
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        return None
    month, day, hour, minute, second, year = found.groups()
    try:
        return datetime(
            int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC
        )
    except ValueError:
        return None


def format_timestamp(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{_DAYS[at.weekday()]} {_MONTHS[at.month - 1]} {at.day} {at:%H:%M:%S} UTC {at.year}"


def is_timely(timestamp: str, now: datetime) -> bool:
    at = parse_timestamp(timestamp)
    return at is not None and abs(now - at) <= TIMESTAMP_WINDOW


@dataclass(frozen=True, slots=True)
class Nobody:
    """What is said of somebody who isn't there: for the same name the same, on every node and for ever."""

    user_id: str
    verifier: Verifier


def nobody(key: bytes, pool_id: str, name: str, *, shows_names: bool) -> Nobody:
    """Made up from the name by a key that only the server has (RFC 5054 §2.5.1.3). `name` is the name as the pool
    compares it. Nobody can tell `v` from a power of g: it is only ever seen through B, where g^b hides it.

    `shows_names` says whether a person who signs in with such a name would be called by it; otherwise by a UUID.
    """

    def derived(what: str, size: int) -> bytes:
        # SHAKE256 may be keyed by what stands in front, and gives as much as is wanted (FIPS 202 §A.2).
        return hashlib.shake_256(key + _bytes(f"{what} {pool_id} {name}")).digest(size)

    # 16 bytes more than N has: what the remainder favours is then beyond counting.
    v = int.from_bytes(derived("v", N.bit_length() // 8 + 16)) % N
    salt = int.from_bytes(derived("salt", SALT_BYTES))
    text = derived("id", 16).hex()
    uuid = f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) & 3]}{text[17:20]}-{text[20:]}"
    return Nobody(name if shows_names else uuid, Verifier(salt, v))


def parse_device_verifier(password_verifier: str, salt: str) -> Verifier:
    """What ConfirmDevice carries: both base64 of unsigned numbers, a zero byte in front or not.

    Raises:
        InvalidParameterException: no base64, no number of the group, or a salt that no client makes.
    """
    try:
        v = base64.b64decode(_bytes(password_verifier), validate=True)
        salt_bytes = base64.b64decode(_bytes(salt), validate=True)
    except binascii.Error:
        raise InvalidParameterException("Invalid device secret verifier.") from None
    verifier = Verifier(int.from_bytes(salt_bytes), int.from_bytes(v))
    if not 0 < len(salt_bytes) <= 64 or len(v) > LONGEST_PUBLIC // 2 or not 1 < verifier.v < N - 1:
        raise InvalidParameterException("Invalid device secret verifier.")
    return verifier
