"""The functions of others that a pool's triggers ask: where they run, and how they are called."""

from poolhouse.ports.functions.port import (
    FunctionFailed,
    Functions,
    FunctionTimeout,
    FunctionUnavailable,
    FunctionUnreachable,
    NoFunctions,
)

__all__ = [
    "FunctionFailed",
    "FunctionTimeout",
    "FunctionUnavailable",
    "FunctionUnreachable",
    "Functions",
    "NoFunctions",
]
