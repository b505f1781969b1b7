"""What a look is made of, below `/assets/`: style sheets and images that administrators uploaded.

They are answered with a policy of their own: opened by itself, an image runs nothing and loads nothing, and is of no
origin (CSP `sandbox`). A hash in the name says that the content is meant, so browsers may keep what fits for ever.
"""

from __future__ import annotations

import re

from poolhouse.core.domains import Domain
from poolhouse.core.images import MEDIA_TYPES, extension_of
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.http import Response
from poolhouse.operation import Parts
from poolhouse.pages.look import css_name, css_of
from poolhouse.pages.static_files import FOLDER, FOR_EVER
from poolhouse.userpools.looks import find_classic_look, find_image, find_look

_CSS = re.compile(r"look-(\w{1,128})-[0-9a-f]{16}\.css", re.ASCII)
_IMAGE = re.compile(r"image-([0-9a-f]{32})\.([a-z]{3,4})", re.ASCII)
_LOGO = re.compile(r"logo-(\w{1,128})-[0-9a-f]{32}\.[a-z]{3,4}", re.ASCII)

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    # An SVG may hold styles; nothing else in it is allowed to do anything.
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"),
)


async def look_file(parts: Parts, domain: Domain, path: str) -> Response | None:
    """The file at a path below the domain's base; None where there is none."""
    name = path.removeprefix(FOLDER)
    if match := _CSS.fullmatch(name):
        return await _style_sheet(parts, domain, name, match[1])
    if match := _IMAGE.fullmatch(name):
        image = await find_image(parts, domain.pool_id, match[1])
        if image is None or match[2] != image.asset.extension.lower():
            return None
        return _image(image.content, image.asset.extension)
    if match := _LOGO.fullmatch(name):
        look = await find_classic_look(parts, domain.pool_id, match[1])
        if look is None or look.image is None or look.image_name != name:
            return None
        return _image(look.image, extension_of(look.image) or "PNG")
    return None


async def _style_sheet(parts: Parts, domain: Domain, name: str, client_id: str) -> Response | None:
    app = await parts.cache.get("app", client_id)
    if not isinstance(app, AppSnapshot) or app.pool.id != domain.pool_id:
        return None
    css = css_of(await find_look(parts, domain.pool_id, client_id, domain.managed_login_version))
    if css is None:
        return None
    # A page that was rendered before the look was changed asks for the former one: it gets what there is.
    is_current = css_name(client_id, css) == name
    return _answer(css.encode(), b"text/css; charset=utf-8", FOR_EVER if is_current else b"no-cache")


def _image(content: bytes, extension: str) -> Response:
    return _answer(content, MEDIA_TYPES[extension].encode(), FOR_EVER)


def _answer(content: bytes, type: bytes, kept: bytes) -> Response:
    return Response(200, content, [(b"content-type", type), (b"cache-control", kept), *HEADERS])
