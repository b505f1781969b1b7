"""The clients by which commands speak to a server: botocore's own, so that they sign and retry as every SDK does."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from poolhouse.cli.failures import CommandFailed
from poolhouse.cli.settings import add_whereabouts, settings_from
from poolhouse.cli.whereabouts import Whereabouts, whereabouts
from poolhouse.core.loopback import is_near_url

Client = Any
"""botocore makes a client's methods while it runs; there is no type for them."""


def add_server(parser: argparse.ArgumentParser) -> None:
    """The arguments that say which server is meant."""
    add_whereabouts(parser)
    parser.add_argument(
        "--endpoint-url", metavar="URL", help="the server (default: AWS_ENDPOINT_URL, else this machine's)"
    )


def whereabouts_from(arguments: argparse.Namespace, pool_id: str | None = None) -> Whereabouts:
    """Where the arguments point; in the region of the pool that is spoken of, as its id says."""
    found = whereabouts(settings_from(arguments), arguments.endpoint_url)
    if pool_id is not None and "_" in pool_id:
        return replace(found, region=pool_id.partition("_")[0])
    return found


@contextlib.contextmanager
def connected(service: str, place: Whereabouts) -> Iterator[Client]:
    """A client of `cognito-idp` or `poolhouse`.

    Raises:
        CommandFailed: for what the server refuses, or when none answers.
    """
    # Imported late: botocore takes a third of a second.
    from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, SSLError  # type: ignore[import-untyped]  # has no types

    client = _client(service, place)
    try:
        yield client
    except ClientError as refused:
        error = refused.response["Error"]
        raise CommandFailed(f"{error['Code']}: {error['Message']}") from refused
    except EndpointConnectionError as absent:
        raise CommandFailed(
            f"no server answers at {place.endpoint}. Start one with `poolhouse serve`, or name another with"
            " --endpoint-url."
        ) from absent
    except SSLError as distrusted:
        raise CommandFailed(
            f"the certificate of {place.endpoint} is not trusted; AWS_CA_BUNDLE can name its authority."
        ) from distrusted
    except BotoCoreError as failed:
        raise CommandFailed(str(failed)) from failed
    finally:
        client.close()


def _client(service: str, place: Whereabouts) -> Client:
    from botocore.config import Config  # type: ignore[import-untyped]  # has no types
    from botocore.session import Session  # type: ignore[import-untyped]  # has no types

    from poolhouse.aws.model import OWN_MODELS

    session = Session()
    session.set_config_variable("profile", None)
    session.get_component("data_loader").search_paths.append(str(OWN_MODELS))
    near = is_near_url(place.endpoint)
    return session.create_client(
        service,
        region_name=place.region,
        endpoint_url=place.endpoint,
        aws_access_key_id=place.keys.access_key_id,
        aws_secret_access_key=place.keys.secret_access_key.reveal(),
        aws_session_token=place.session_token.reveal() if place.session_token else None,
        config=Config(
            connect_timeout=5,
            read_timeout=60,
            retries={"mode": "standard", "max_attempts": 3},
            user_agent_extra="poolhouse-cli",
            # A proxy that the machine uses for the outside can't reach this machine's own server.
            proxies={} if near else None,
        ),
    )
