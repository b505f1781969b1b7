"""The pages of a domain. Paths are in lower case: Cognito's own documents write them in several ways."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from poolhouse.http import Response
from poolhouse.pages import factors, sign_in
from poolhouse.pages.page import Visit

Handler = Callable[[Visit], Awaitable[Response]]


class Needs(Enum):
    """What a page can't be without."""

    REQUEST = auto()
    """The whole request of an application, as at `/oauth2/authorize`: `visit.asked`."""
    CLIENT = auto()
    """`client_id`: `visit.app`."""
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Route:
    name: str
    """For the log and the metrics."""
    handler: Handler
    needs: Needs = Needs.REQUEST


ROUTES: Mapping[str, Route] = {
    "/login": Route("login", sign_in.login),
    "/login/continue": Route("login_continue", sign_in.go_on),
    "/challenge": Route("challenge", factors.challenge),
}
