"""Where a sign-in can begin that no application asked for: after a link in a mail, or for a page that needs one."""

from __future__ import annotations

from poolhouse.core.authorize_request import render_query
from poolhouse.pages.page import Visit


def sign_in_at(visit: Visit, redirect_uri: str | None) -> str | None:
    """The address of a sign-in that ends at `redirect_uri`, one of the client's; None where the client has no code
    flow."""
    client = visit.app.client
    if not redirect_uri or not client.may_use_oauth or "code" not in client.oauth_flows:
        return None
    query = {"client_id": client.id, "response_type": "code", "redirect_uri": redirect_uri}
    return visit.beginning(render_query(query.items()))
