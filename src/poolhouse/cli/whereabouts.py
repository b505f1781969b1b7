"""Where the server is and which key to sign with: from the shell, or from the settings of this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from poolhouse.cli.failures import CommandFailed
from poolhouse.config import Settings
from poolhouse.core.secret import Secret
from poolhouse.credentials import RootKeys, read_root_keys


@dataclass(frozen=True, slots=True)
class Whereabouts:
    endpoint: str
    region: str
    keys: RootKeys
    session_token: Secret | None = None


def root_keys(settings: Settings) -> RootKeys:
    """The root's keys that the settings give, else those that the first start left in the data folder.

    Raises:
        CommandFailed: there are none.
    """
    if settings.root_access_key_id is not None and settings.root_secret_access_key is not None:
        return RootKeys(settings.root_access_key_id, settings.root_secret_access_key)
    found = read_root_keys(settings.data_dir)
    if found is None and settings.database_url is not None:
        raise CommandFailed(
            "the root has no access key: with a database of your own, set POOLHOUSE_ROOT_ACCESS_KEY_ID and"
            " POOLHOUSE_ROOT_SECRET_ACCESS_KEY here and for the server."
        )
    if found is None:
        raise CommandFailed(
            f"there is no access key in {settings.data_dir} yet: the first `poolhouse serve` makes one. If the"
            " server has another data folder, say so with --data-dir or POOLHOUSE_DATA_DIR."
        )
    return found


def whereabouts(
    settings: Settings, endpoint_url: str | None = None, environ: Mapping[str, str] = os.environ
) -> Whereabouts:
    """`endpoint_url`, else AWS_ENDPOINT_URL with the shell's keys, else this machine's own server with the root's.

    Keys of the shell go only to the endpoint of the shell: they may be those of a real AWS account.
    """
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or settings.region
    endpoint = endpoint_url or environ.get("AWS_ENDPOINT_URL")
    if not endpoint:
        return Whereabouts(settings.public_url, settings.region, root_keys(settings))
    key_id, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    if not key_id or not secret:
        return Whereabouts(endpoint.rstrip("/"), region, root_keys(settings))
    token = environ.get("AWS_SESSION_TOKEN")
    return Whereabouts(
        endpoint.rstrip("/"), region, RootKeys(key_id, Secret(secret)), Secret(token) if token else None
    )
