from __future__ import annotations

from dataclasses import dataclass

from poolhouse.ports.carriers import Carrier
from poolhouse.ports.passwords import PasswordHasher
from poolhouse.ports.powers import Powers
from poolhouse.ports.signer import Signer


@dataclass(frozen=True, slots=True)
class Ports:
    signer: Signer
    passwords: PasswordHasher
    powers: Powers
    mail: Carrier | None = None
    """None: nothing is configured to carry e-mail."""
    sms: Carrier | None = None

    def close(self) -> None:
        """Let go of threads, once nobody asks any more."""
        self.passwords.close()
        self.powers.close()
