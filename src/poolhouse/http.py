"""A request and an answer as plain values: all that the faces know of HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field

FORM = "application/x-www-form-urlencoded"
"""The media type of a form."""


@dataclass(slots=True)
class Request:
    """One request, whole. Header names are lower case, values stripped of outer white space, in arrival order."""

    method: str
    path: str
    """The raw path, still percent-encoded, without the query."""
    query: str
    headers: list[tuple[bytes, bytes]]
    body: bytes
    id: str
    """The request id that the answer and the log carry."""
    peer: str
    """The caller's address: the socket's, or what a trusted proxy says."""
    scheme: str = "http"
    actor: str = ""
    """Who asks, as soon as it is known: an ARN, or the id of a client, proved or not. For the log alone."""
    base: str = ""
    """What stands before the path of every address of a domain: "" where the host names it, else `/domains/{name}`."""
    is_admin: bool = False
    """Whether it came in by the listener that is for the operator alone."""

    def header(self, name: bytes) -> str | None:
        """The value of a header that is there once; None when absent; repeated ones joined with a comma."""
        found = [value for key, value in self.headers if key == name]
        if not found:
            return None
        return b",".join(found).decode("latin-1")

    @property
    def media_type(self) -> str:
        """What the body is said to be, in lower case and without parameters; "" where nothing is said."""
        return (self.header(b"content-type") or "").partition(";")[0].strip().lower()

    @property
    def user_agent(self) -> str:
        """What the client says of itself, bounded. A script in a browser says it in a header of AWS's own."""
        return (self.header(b"x-amz-user-agent") or self.header(b"user-agent") or "")[:512]

    def count(self, name: bytes) -> int:
        return sum(1 for key, _ in self.headers if key == name)


@dataclass(slots=True)
class Response:
    status: int
    body: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    reason: str = ""
    """Why, for the log alone: what the caller's message hides."""
    labels: tuple[tuple[str, str], ...] = ()
    """Closed-set facts for the log and the metrics, as ("operation", "CreateUserPool")."""
