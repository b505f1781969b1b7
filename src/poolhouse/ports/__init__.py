"""The outside world, each part of it an interface with real implementations."""

from poolhouse.ports.ports import Ports

__all__ = ["Ports"]
