"""The fixture `poolhouse_server`: a real server for the session. See `poolhouse.testing`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from poolhouse.testing import LocalServer


@pytest.fixture(scope="session")
def poolhouse_server() -> Iterator[LocalServer]:
    """A server on a free port, with its data in a temporary folder."""
    # Imported here, since every run of pytest loads the plugin.
    from poolhouse.testing import running_server

    with running_server() as server:
        yield server
