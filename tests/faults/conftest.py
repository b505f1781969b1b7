"""Fixtures for servers in processes of their own, to which things happen."""

from __future__ import annotations

from tests.processes.serving import engine, postgres, serve

__all__ = ["engine", "postgres", "serve"]
