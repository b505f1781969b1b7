"""A boto3 client of Poolhouse's own administration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from tests.harness import RunningServer

import poolhouse

MODELS = Path(poolhouse.__file__).parent / "aws" / "models"


def admin_client(server: RunningServer, **options: Any) -> Any:
    options = {
        "endpoint_url": server.base_url,
        "region_name": server.region,
        "aws_access_key_id": server.access_key_id,
        "aws_secret_access_key": server.secret_access_key,
        **options,
    }
    client = new_admin_client(**options)
    server.clients.append(client)
    return client


def new_admin_client(**options: Any) -> Any:
    """A client of a server that is described by `options` alone; closed by who made it."""
    session = botocore.session.get_session()
    session.get_component("data_loader").search_paths.append(str(MODELS))
    options = {"config": Config(retries={"total_max_attempts": 1}, parameter_validation=False), **options}
    return boto3.Session(botocore_session=session).client("poolhouse", **options)
