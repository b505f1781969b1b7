"""The canonical request of Signature Version 4: the one text that signer and verifier must agree on.

Source: AWS, "Create a signed AWS API request" (the rules of services other than S3), and what botocore and
the JavaScript SDKs do, measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote, quote_from_bytes, unquote_to_bytes

from poolhouse.http import Request

Header = tuple[bytes, bytes]
_DEFAULT_PORTS = {"http": b":80", "https": b":443"}


def canonical_requests(
    request: Request, signed_headers: Sequence[str], payload_hash: str, public_hosts: Iterable[str] = ()
) -> Iterator[bytes]:
    """The canonical request; then the other forms that an honest signer may have signed.

    They differ in two things. A proxy, or a default port, makes another Host of what the client signed. And
    botocore signs a query as it is written, where the rule is to decode it and encode it anew.
    """
    path = canonical_path(request.path).encode()
    signed = ";".join(signed_headers).encode()
    names = [name.encode() for name in signed_headers]
    values = _values(request.headers)
    for query in canonical_queries(request.query):
        for host in _hosts(request, public_hosts):
            values[b"host"] = host
            lines = [name + b":" + values[name] + b"\n" for name in names]
            yield b"\n".join(
                (
                    request.method.encode(),
                    path,
                    query.encode(),
                    b"".join(lines),
                    signed,
                    payload_hash.encode(),
                )
            )


def canonical_path(path: str) -> str:
    """Dot segments and doubled slashes removed; then what arrived is encoded once more: `%20` as `%2520`."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    end = "/" if kept and path.endswith("/") else ""
    return quote("/" + "/".join(kept) + end, safe="/~", encoding="latin-1")


def canonical_queries(query: str) -> list[str]:
    """The query in order, encoded by the rule, and as it is written where that differs. The presigned form's
    own signature is left out."""
    if not query:
        return [""]
    pairs = [(name, value) for name, _, value in (pair.partition("=") for pair in query.split("&"))]
    unsigned = [(name, value) for name, value in pairs if name != "X-Amz-Signature"]
    by_rule = _joined((_encoded(name), _encoded(value)) for name, value in unsigned if name or value)
    as_written = _joined(unsigned)
    return [by_rule] if by_rule == as_written else [by_rule, as_written]


def _joined(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _encoded(text: str) -> str:
    return quote_from_bytes(unquote_to_bytes(text.encode("latin-1")), safe="-_.~")


def _hosts(request: Request, public_hosts: Iterable[str]) -> list[bytes]:
    """What the client may have called this server; as it was sent, first."""
    sent = b",".join(value for name, value in request.headers if name == b"host")
    port = _DEFAULT_PORTS.get(request.scheme, b"")
    other = sent.removesuffix(port) if port and sent.endswith(port) else sent + port
    return list(dict.fromkeys([sent, other, *(host.encode() for host in public_hosts)]))


def _values(headers: Iterable[Header]) -> dict[bytes, bytes]:
    """The headers as they are signed: white space folded; repeated ones joined in the order of their arrival."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(b" ".join(value.split()))
    return {name: b",".join(values) for name, values in found.items()}
