from __future__ import annotations

from dataclasses import dataclass, field

from poolhouse.ports.bounded import BoundedPool
from poolhouse.ports.carriers import Carrier
from poolhouse.ports.compromised import CommonPasswords, CompromisedPasswords
from poolhouse.ports.functions import Functions, NoFunctions
from poolhouse.ports.guarded import GuardedOutbound
from poolhouse.ports.key_sets import KeySets
from poolhouse.ports.kms import RemoteKms
from poolhouse.ports.passwords import PasswordHasher
from poolhouse.ports.powers import Powers
from poolhouse.ports.signer import Signer


@dataclass(frozen=True, slots=True)
class Ports:
    signer: Signer
    passwords: PasswordHasher
    powers: Powers
    documents: BoundedPool
    """Where XML that others wrote is read."""
    outbound: GuardedOutbound
    """Requests to addresses that somebody else chose."""
    key_sets: KeySets
    """The public keys of identity providers."""
    mail: Carrier | None = None
    """None: nothing is configured to carry e-mail."""
    sms: Carrier | None = None
    kms: RemoteKms | None = None
    """What holds the keys of pools that don't use the server's own; None: nothing is configured."""
    functions: Functions = field(default_factory=NoFunctions)
    """Where the functions of the pools' triggers run."""
    compromised: CompromisedPasswords = field(default_factory=CommonPasswords)
    """Which passwords others know."""

    def close(self) -> None:
        """Let go of threads, once nobody asks any more."""
        self.passwords.close()
        self.powers.close()
        self.documents.close()
