"""The unit of all ratios: the CPU of one bare RSA-2048 PKCS #1 v1.5 SHA-256 signature.

Run in a process of its own (`python -m bench.signature COUNT`), by the library that Poolhouse signs with.
"""

from __future__ import annotations

import subprocess
import sys
import time

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

LIMIT = 120.0
"""Seconds the process may take."""


def signature_seconds(count: int) -> float:
    """CPU seconds of one signature: the mean of `count`, in a fresh process."""
    command = [sys.executable, "-m", "bench.signature", str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=LIMIT)
    return float(done.stdout)


def measure(count: int) -> float:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    padding, digest = PKCS1v15(), SHA256()
    message = b"x" * 430  # header.payload of a machine token is about that long
    for _ in range(50):
        key.sign(message, padding, digest)
    started = time.process_time()
    for _ in range(count):
        key.sign(message, padding, digest)
    return (time.process_time() - started) / count


if __name__ == "__main__":
    print(measure(int(sys.argv[1])))
