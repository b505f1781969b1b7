"""Where AWS's services are. What names a region here are ARNs and settings of pools, whose owners may make regions up:
each made-up name would be looked up at the machine's resolver, which has few threads for that.

Source: botocore's `endpoints.json`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import orjson


def endpoint_of(service: str, region: str, partition: str | None = None) -> str | None:
    """The address of a service in a region of AWS; None for a region that there is not, or that is of another
    partition."""
    found = _regions().get(region)
    if found is None or partition not in (None, found[0]):
        return None
    return f"https://{service}.{region}.{found[1]}"


@cache
def _regions() -> Mapping[str, tuple[str, str]]:
    """The partition of each region, and the end of its hosts' names."""
    found = importlib.util.find_spec("botocore")
    if found is None or found.origin is None:
        return {}
    document = orjson.loads((Path(found.origin).parent / "data/endpoints.json").read_bytes())
    return {
        region: (partition["partition"], partition["dnsSuffix"])
        for partition in document["partitions"]
        for region in partition["regions"]
    }
