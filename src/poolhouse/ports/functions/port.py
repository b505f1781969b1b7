"""What the server asks of where functions run."""

from __future__ import annotations

from typing import Protocol

ACCESS_DENIED = "AccessDeniedException"
"""The cause where there is no such function, or this pool may not ask it."""


class FunctionFailed(Exception):
    """The function was asked and threw. `message` is its own, as its runtime reports it."""

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.message, self.kind = message, kind


class FunctionUnavailable(Exception):
    """There is no answer: nothing runs under the ARN, or it could not be asked. The text says why, without a secret,
    for the operator; `cause` is what the caller is told, in AWS's words."""

    cause = "ServiceException"

    def __init__(self, message: str, cause: str = "") -> None:
        super().__init__(message)
        if cause:
            self.cause = cause


class FunctionTimeout(FunctionUnavailable):
    """It was asked, and did not answer in time."""

    cause = "Socket timeout while invoking Lambda function"


class FunctionUnreachable(FunctionUnavailable):
    """The way to it broke: nobody knows whether it was asked."""


class Functions(Protocol):
    async def invoke(self, arn: str, event: bytes, *, pool_id: str, in_background: bool = False) -> bytes:
        """Ask the function that runs under `arn`, and wait for its answer, 5 seconds at most for each try; in the
        background, where nobody waits and who asks will ask again, 25 seconds for the one try.

        Raises:
            FunctionFailed, FunctionTimeout, FunctionUnreachable, FunctionUnavailable
        """


class NoFunctions:
    """Where none is configured."""

    async def invoke(self, arn: str, event: bytes, *, pool_id: str, in_background: bool = False) -> bytes:
        raise FunctionUnavailable(f"nothing is configured to run {arn}", ACCESS_DENIED)
