"""What the load generator makes of an answer: nothing, SRP's claim, or the request with the next refresh token.

The client's part of SRP is kept cheap, so that the generator is not what is measured: its secrets are small numbers.
The server's work does not depend on them.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Protocol

import gmpy2

from poolhouse.core import srp

X = 65_537
"""The private key that stands for a password, the same for everybody: `crowd` stores its power."""
SECRET_A = 64_063
SALT = 0x5A17
A = pow(srp.g, SECRET_A, srp.N)
V = pow(srp.g, X, srp.N)
KV = srp.k * V % srp.N

BODY = b"\r\n\r\n"
GROUP = "X-Bench-Pool"
"""The header in which a request carries the pool's name, which a client knows by itself."""


class Dialogue(Protocol):
    renews: bool
    """Whether requests are others afterwards."""

    def reply(self, request: bytes, body: bytes) -> bytes | None:
        """The request that this answer asks for; None where it is the last one."""

    def renewed(self, request: bytes, body: bytes) -> bytes | None:
        """What is to be sent in the place of `request` the next time; None for the same."""


def dialogue(name: str) -> Dialogue:
    return {"": Plain, "srp": Srp, "rotation": Rotation}[name]()


class Plain:
    renews = False

    def reply(self, request: bytes, body: bytes) -> bytes | None:
        return None

    def renewed(self, request: bytes, body: bytes) -> bytes | None:
        return None


class Srp(Plain):
    """PASSWORD_VERIFIER is answered with the claim."""

    def reply(self, request: bytes, body: bytes) -> bytes | None:
        if b'"PASSWORD_VERIFIER"' not in body:
            return None
        answer = json.loads(body)
        asked = answer["ChallengeParameters"]
        name: str = asked["USER_ID_FOR_SRP"]
        head, _, asking = request.partition(BODY)
        group = head.partition(f"{GROUP}: ".encode())[2].partition(b"\r\n")[0].decode()
        timestamp = srp.format_timestamp(datetime.now(UTC))
        B = int(asked["SRP_B"], 16)
        u = srp.scrambler(A, B)
        S = int(gmpy2.powmod(B - KV, SECRET_A + u * X, srp.N))
        block = base64.b64decode(asked["SECRET_BLOCK"])
        claim = srp.signature(srp.session_key(u, S), srp.Identity(group, name), block, timestamp)
        return api_request(
            "RespondToAuthChallenge",
            {
                "ChallengeName": "PASSWORD_VERIFIER",
                "ClientId": json.loads(asking)["ClientId"],
                "Session": answer["Session"],
                "ChallengeResponses": {
                    "USERNAME": name,
                    "PASSWORD_CLAIM_SECRET_BLOCK": asked["SECRET_BLOCK"],
                    "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(claim).decode(),
                    "TIMESTAMP": timestamp,
                },
            },
        )


class Rotation(Plain):
    """Each answer has the refresh token for the next request."""

    renews = True

    def renewed(self, request: bytes, body: bytes) -> bytes | None:
        asked = json.loads(request.partition(BODY)[2])
        asked["RefreshToken"] = json.loads(body)["AuthenticationResult"]["RefreshToken"]
        return api_request("GetTokensFromRefreshToken", asked)


def api_request(operation: str, content: object, **headers: str) -> bytes:
    body = json.dumps(content, separators=(",", ":"))
    head = {
        "Host": "127.0.0.1",
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}",
        "User-Agent": "bench",
        "Content-Length": str(len(body)),
        **headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"POST / HTTP/1.1\r\n{lines}\r\n{body}".encode("latin-1")
