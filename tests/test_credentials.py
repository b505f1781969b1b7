"""The root's first key: made once, whole, for its owner alone."""

from __future__ import annotations

import configparser
import os
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from poolhouse.credentials import CredentialsError, ensure_root_keys, read_root_keys
from poolhouse.edge import notify
from poolhouse.operation import SystemRandom

RANDOM = SystemRandom()


def test_keys_are_made_at_the_first_start_and_kept(tmp_path):
    folder = tmp_path / "data"
    assert read_root_keys(folder) is None
    made = ensure_root_keys(folder, RANDOM)
    assert ensure_root_keys(folder, RANDOM) == made
    assert read_root_keys(folder) == made
    assert made.access_key_id.startswith("AKIA")
    assert len(made.secret_access_key.reveal()) == 40
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [(path.name, stat.S_IMODE(path.stat().st_mode)) for path in folder.iterdir()] == [
        ("credentials", 0o600)
    ]


def test_another_server_has_other_keys(tmp_path):
    assert ensure_root_keys(tmp_path / "a", RANDOM) != ensure_root_keys(tmp_path / "b", RANDOM)


def test_the_file_is_one_that_aws_tools_read(tmp_path):
    made = ensure_root_keys(tmp_path, RANDOM)
    parser = configparser.RawConfigParser()
    parser.read(tmp_path / "credentials")
    assert parser["default"]["aws_access_key_id"] == made.access_key_id


def test_of_many_that_start_at_once_all_have_the_same_keys(tmp_path):
    with ThreadPoolExecutor(16) as starts:
        keys = set(starts.map(lambda _: ensure_root_keys(tmp_path, RANDOM), range(64)))
    assert len(keys) == 1
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_file_that_others_can_read_or_change_is_refused(tmp_path, mode):
    ensure_root_keys(tmp_path, RANDOM)
    (tmp_path / "credentials").chmod(mode)
    with pytest.raises(CredentialsError, match="chmod 600"):
        read_root_keys(tmp_path)
    with pytest.raises(CredentialsError, match="chmod 600"):
        ensure_root_keys(tmp_path, RANDOM)


@pytest.mark.parametrize(
    "text", ["", "canary7f3a", "[default]\naws_access_key_id = x\n", "[default]\ncanary7f3a"]
)
def test_a_broken_file_is_refused_without_its_text(tmp_path, text):
    path = tmp_path / "credentials"
    path.touch(mode=0o600)
    path.write_text(text)
    with pytest.raises(CredentialsError, match="no \\[default\\] section") as refused:
        read_root_keys(tmp_path)
    assert "canary7f3a" not in str(refused.value)


@pytest.mark.parametrize("is_abstract", [True, False])
def test_systemd_is_told(tmp_path: Path, is_abstract: bool):
    name = f"poolhouse-test-{os.getpid()}" if is_abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name if is_abstract else name)
        environ = {"NOTIFY_SOCKET": "@" + name if is_abstract else name}
        notify.ready(environ)
        assert manager.recv(100) == b"READY=1"
        notify.stopping(environ)
        assert manager.recv(100) == b"STOPPING=1"


def test_nobody_to_tell_is_no_error(tmp_path):
    notify.ready({})
    notify.ready({"NOTIFY_SOCKET": str(tmp_path / "gone")})
