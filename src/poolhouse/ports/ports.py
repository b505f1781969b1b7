from __future__ import annotations

from dataclasses import dataclass

from poolhouse.ports.signer import Signer


@dataclass(frozen=True, slots=True)
class Ports:
    signer: Signer
