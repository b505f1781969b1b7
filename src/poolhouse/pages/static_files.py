"""The files that every page uses: a style sheet and a few scripts. Their addresses change with their content, so a
browser may keep them for ever."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from poolhouse.http import Response

FOLDER = "/assets/"
TYPES = {"css": b"text/css; charset=utf-8", "js": b"text/javascript; charset=utf-8", "svg": b"image/svg+xml"}
FOR_EVER = b"public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class StaticFile:
    path: str
    """Below the domain's base."""
    content: bytes
    type: bytes


@cache
def files() -> dict[str, StaticFile]:
    """By their plain name, as `style.css`."""
    found = {}
    for file in (resources.files("poolhouse.pages") / "static").iterdir():
        stem, dot, ending = file.name.rpartition(".")
        if dot and ending in TYPES:
            content = file.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:12]
            found[file.name] = StaticFile(f"{FOLDER}{stem}-{digest}.{ending}", content, TYPES[ending])
    return found


@cache
def _by_path() -> dict[str, StaticFile]:
    return {file.path: file for file in files().values()}


def static_answer(path: str) -> Response | None:
    """The file at a path below the base; None where there is none."""
    file = _by_path().get(path)
    if file is None:
        return None
    return Response(
        200,
        file.content,
        [
            (b"content-type", file.type),
            (b"cache-control", FOR_EVER),
            (b"x-content-type-options", b"nosniff"),
            (b"cross-origin-resource-policy", b"same-origin"),
        ],
    )
