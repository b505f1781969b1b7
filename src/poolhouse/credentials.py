"""The root's access key that the first start makes: an AWS credentials file in the data folder.

The format is the one that every AWS tool reads, so `AWS_SHARED_CREDENTIALS_FILE` can point at it too.
"""

from __future__ import annotations

import configparser
import os
import stat
from pathlib import Path
from typing import NamedTuple

from poolhouse.core.ids import Random, new_access_key_id, new_secret_access_key
from poolhouse.core.secret import Secret

FILE_NAME = "credentials"


class CredentialsError(Exception):
    """The credentials file can't be used; the text says why and what to do."""


class RootKeys(NamedTuple):
    access_key_id: str
    secret_access_key: Secret


def ensure_root_keys(data_dir: Path, random: Random) -> RootKeys:
    """The root's keys, made now if there are none. Of several processes that start at once, one makes them."""
    found = read_root_keys(data_dir)
    if found is not None:
        return found
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = data_dir / f".{FILE_NAME}.{random.token_bytes(8).hex()}"
    text = (
        "[default]\n"
        f"aws_access_key_id = {new_access_key_id(random)}\n"
        f"aws_secret_access_key = {new_secret_access_key(random)}\n"
    )
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, data_dir / FILE_NAME)  # whole or not at all, and never over another's
        except FileExistsError:
            pass
    finally:
        draft.unlink()
    made = read_root_keys(data_dir)
    if made is None:
        raise CredentialsError(f"{data_dir / FILE_NAME}: was removed while it was made. Start again.")
    return made


def read_root_keys(data_dir: Path) -> RootKeys | None:
    """None where no server has started with this data folder yet.

    Raises:
        CredentialsError: others can read the file, or it is not what was written.
    """
    path = data_dir / FILE_NAME
    try:
        with path.open(encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise CredentialsError(f"{path}: other users can read or change it. Run: chmod 600 {path}")
            text = file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CredentialsError(f"{path}: can't be read ({error.strerror}).") from error
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
        keys = parser["default"]
        return RootKeys(keys["aws_access_key_id"], Secret(keys["aws_secret_access_key"]))
    except (configparser.Error, KeyError):
        # The parser's own message would quote the line, which may hold the secret.
        raise CredentialsError(
            f"{path}: has no [default] section with aws_access_key_id and aws_secret_access_key."
        ) from None
