"""What the server asks of where functions run."""

from __future__ import annotations

from typing import Protocol


class FunctionFailed(Exception):
    """The function was asked and threw. `message` is its own, as its runtime reports it."""

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.message, self.kind = message, kind


class FunctionUnavailable(Exception):
    """There is no answer: nothing runs under the ARN, it died, or it gave up. The text says why, without a secret."""


class FunctionTimeout(FunctionUnavailable):
    """It was asked, and did not answer in time."""


class Functions(Protocol):
    async def invoke(self, arn: str, event: bytes, *, pool_id: str) -> bytes:
        """Ask the function that runs under `arn`, and wait for its answer, 5 seconds at most for each try.

        Raises:
            FunctionFailed, FunctionTimeout, FunctionUnavailable
        """


class NoFunctions:
    """Where none is configured."""

    async def invoke(self, arn: str, event: bytes, *, pool_id: str) -> bytes:
        raise FunctionUnavailable(f"nothing is configured to run {arn}")
