"""What a page says of a pool's password policy."""

from __future__ import annotations

from markupsafe import Markup

from poolhouse.core import pool_settings
from poolhouse.pages.page import Visit

MINIMUM = 8


def rules(visit: Visit) -> list[Markup]:
    """What a new password has to have."""
    _ = visit.texts
    policy = pool_settings.password_policy(visit.app.user_pool.settings)
    found = [_("At least %(count)s characters", count=policy.get("MinimumLength", MINIMUM))]
    if policy.get("RequireLowercase"):
        found.append(_("A lower case letter"))
    if policy.get("RequireUppercase"):
        found.append(_("An upper case letter"))
    if policy.get("RequireNumbers"):
        found.append(_("A number"))
    if policy.get("RequireSymbols"):
        found.append(_("A special character or a space"))
    return found
