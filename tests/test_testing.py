"""What Poolhouse offers to other people's tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from poolhouse.testing import running_server

SOMEBODYS_TEST = """
import boto3

def test_mine(poolhouse_server):
    cognito = boto3.client("cognito-idp", **poolhouse_server.client_options())
    assert cognito.list_user_pools(MaxResults=1)["UserPools"] == []
    cognito.close()
"""


def test_a_server_runs_for_as_long_as_a_with_block() -> None:
    with running_server(region="eu-west-1") as server:
        client = boto3.client("cognito-idp", **server.client_options())
        pool = client.create_user_pool(PoolName="p")["UserPool"]
        assert pool["Id"].startswith("eu-west-1_")
        folder = server.settings.data_dir
        assert folder.is_dir()
        assert server.environment()["AWS_ENDPOINT_URL"] == server.url
    assert not folder.exists()
    with pytest.raises(Exception, match="Could not connect"):
        client.list_user_pools(MaxResults=1)
    client.close()


def test_what_keeps_it_from_starting_is_told(tmp_path: Path) -> None:
    (tmp_path / "poolhouse.db").write_bytes(b"no database")
    with pytest.raises(RuntimeError, match="did not start"), running_server(tmp_path):
        pass


def test_the_fixture_works_in_somebodys_project(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(SOMEBODYS_TEST)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(tmp_path),
            str(tmp_path),
        ],
        cwd=tmp_path,
        env=os.environ | {"PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
