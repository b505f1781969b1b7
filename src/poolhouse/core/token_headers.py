"""How the header of a provider's token is read: what it says beyond its algorithm and key is the provider's affair.

Imported late, with what reads tokens.
"""

from __future__ import annotations

from joserfc.errors import UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jws import JWSRegistry


class LenientHeaders(JWSRegistry):
    """Members that are not known are ignored (RFC 7515 §4), and a certificate chain fits in. `crit` was refused before.

    `algorithms` are the ones that the provider announced, so nothing is said of them: many providers sign by EdDSA,
    though RFC 9864 would have them call it Ed25519.
    """

    max_header_length = 16 * 1024

    def __init__(self, *, algorithms: list[str]) -> None:
        super().__init__(algorithms=algorithms, strict_check_header=False)

    def get_alg(self, name: str) -> JWSAlgModel:
        if name not in (self.allowed or ()) or name not in self.algorithms:
            raise UnsupportedAlgorithmError(f"Algorithm of '{name}' is not allowed")
        return self.algorithms[name]
