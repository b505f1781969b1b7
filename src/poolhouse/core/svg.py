"""SVG images that administrators upload, cleaned of whatever could act: they are served from the origin of the pages.

What is not on the lists is taken out: elements with all that is in them, attributes alone. An image that is clean
keeps its bytes. It is served with `Content-Security-Policy: sandbox` besides; this is the first of two locks.

Source: SVG 2 (W3C), for the names; the W3C's "secure static mode" for what an image may do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from poolhouse.core.errors import InvalidParameterException

SVG = "http://www.w3.org/2000/svg"
_OF_SVG = f"{{{SVG}}}"
XLINK = "http://www.w3.org/1999/xlink"
XML = "http://www.w3.org/XML/1998/namespace"

_ELEMENTS = """
    svg g defs symbol use title desc path rect circle ellipse line polyline polygon text tspan textPath image
    linearGradient radialGradient stop pattern clipPath mask marker style
    filter feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting
    feDisplacementMap feDistantLight feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge
    feMergeNode feMorphology feOffset fePointLight feSpecularLighting feSpotLight feTile feTurbulence"""
ELEMENTS = frozenset(_ELEMENTS.split())
_ATTRIBUTES = """
    id class style viewBox version width height x y x1 y1 x2 y2 cx cy r rx ry fx fy fr dx dy d points pathLength
    transform transform-origin preserveAspectRatio href offset
    alignment-baseline baseline-shift clip-path clip-rule color color-interpolation color-interpolation-filters
    cursor direction display dominant-baseline fill fill-opacity fill-rule filter flood-color flood-opacity
    font-family font-size font-size-adjust font-stretch font-style font-variant font-weight image-rendering
    letter-spacing lighting-color marker-end marker-mid marker-start mask mix-blend-mode opacity overflow
    paint-order shape-rendering stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset stroke-linecap
    stroke-linejoin stroke-miterlimit stroke-opacity stroke-width text-anchor text-decoration text-rendering
    unicode-bidi vector-effect visibility word-spacing writing-mode isolation
    gradientUnits gradientTransform spreadMethod patternUnits patternContentUnits patternTransform clipPathUnits
    maskUnits maskContentUnits mask-type markerUnits markerWidth markerHeight orient refX refY startOffset method
    spacing side textLength lengthAdjust rotate
    filterUnits primitiveUnits in in2 result mode type values operator k1 k2 k3 k4 order kernelMatrix divisor bias
    targetX targetY edgeMode preserveAlpha surfaceScale diffuseConstant specularConstant specularExponent
    limitingConeAngle pointsAtX pointsAtY pointsAtZ z azimuth elevation scale xChannelSelector yChannelSelector
    stdDeviation radius baseFrequency numOctaves seed stitchTiles tableValues slope intercept amplitude exponent
    role aria-label aria-hidden aria-labelledby focusable"""
ATTRIBUTES = frozenset(_ATTRIBUTES.split())
_DOCTYPE = re.compile(
    r"""<!DOCTYPE\s{1,9}svg\s{1,9}PUBLIC\s{1,9}"[^"<>&\[\]]{0,99}"\s{1,9}"[^"<>&\[\]]{0,99}"\s{0,9}>"""
)
"""Drawing programs write it: it names the public type and defines nothing."""
_ANY_DTD = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_FRAGMENT = re.compile(r"#[^\s\"'()<>]+")
_PICTURE = re.compile(r"data:image/(?:png|jpeg|webp|gif);base64,[A-Za-z0-9+/=\s]*")
_HARMFUL_STYLE = re.compile(r"[@\\<]|expression|image-set|behavior|-moz-binding", re.IGNORECASE)
_REFERENCE = re.compile(r"url\s{0,8}\(\s{0,8}([\"']?)#[^\s\"'()<>]+\1\s{0,8}\)", re.IGNORECASE)
_ANY_REFERENCE = re.compile(r"url\s*\(|(?<![a-z-])(?:image|src)\s*\(|javascript:", re.IGNORECASE)


def clean_svg(content: bytes) -> bytes:
    """The image without what could act, load or point elsewhere; the same bytes where there is nothing of it.

    Raises:
        InvalidParameterException: it is no SVG image in UTF-8, or it defines a document type, which has entities.
    """
    root, is_whole = _parse(content)
    if root.tag != f"{_OF_SVG}svg":
        raise InvalidParameterException("The SVG file is not valid: its root element is not svg.")
    if not _clean(root) and is_whole:
        return content
    return etree.tostring(root, encoding="utf-8")


def _parse(content: bytes) -> tuple[etree._Element, bool]:
    """The root, and whether nothing was taken out before it was read: the name of SVG 1.1's document type."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidParameterException("The SVG file is not valid: it is not UTF-8.") from error
    text, removed = _DOCTYPE.subn("", text, count=1)
    # Before the parser sees it: entities in attributes are expanded whatever it is told.
    if _ANY_DTD.search(text):
        raise InvalidParameterException("The SVG file is not valid: it must not define a document type.")
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InvalidParameterException("The SVG file is not valid.", detail=str(error)) from error
    return root, not removed


def _clean(root: etree._Element) -> bool:
    """Whether something was taken out."""
    has_changed = False
    for outside in (*root.itersiblings(preceding=True), *root.itersiblings()):
        # A processing instruction beside the root can name a style sheet; only a comment is harmless.
        has_changed = has_changed or not isinstance(outside, etree._Comment)
    for element in list(_unwanted(root)):
        _take_out(element)
        has_changed = True
    for element in root.iter(f"{_OF_SVG}*"):
        for name in [name for name in element.attrib if not _is_allowed(element, str(name))]:
            del element.attrib[name]
            has_changed = True
    return has_changed


def _unwanted(root: etree._Element) -> Iterator[etree._Element]:
    for element in root.iter():
        if not isinstance(element, etree._Comment) and not _is_allowed_element(element):
            yield element


def _is_allowed_element(element: etree._Element) -> bool:
    tag = element.tag
    if not isinstance(tag, str) or not tag.startswith(_OF_SVG) or tag[len(_OF_SVG) :] not in ELEMENTS:
        return False
    is_style = tag == f"{_OF_SVG}style"
    return not is_style or (len(element) == 0 and _is_harmless_style(element.text or ""))


def _take_out(element: etree._Element) -> None:
    """With all that is in it, but not with the text behind it."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _is_allowed(element: etree._Element, name: str) -> bool:
    value = str(element.attrib[name])
    if name in (f"{{{XML}}}space", f"{{{XML}}}lang"):
        return True
    if name.startswith(f"{{{XLINK}}}"):
        return name == f"{{{XLINK}}}href" and _may_be_referred_to(element, value)
    if name == "href":
        return _may_be_referred_to(element, value)
    return name in ATTRIBUTES and _is_harmless_style(value)


def _may_be_referred_to(element: etree._Element, value: str) -> bool:
    if _FRAGMENT.fullmatch(value.strip()):
        return True
    return element.tag == f"{_OF_SVG}image" and _PICTURE.fullmatch(value.strip()) is not None


def _is_harmless_style(text: str) -> bool:
    """Whether a style, or an attribute that takes one, refers to nothing outside the image."""
    return not _HARMFUL_STYLE.search(text) and not _ANY_REFERENCE.search(_REFERENCE.sub("", text))
