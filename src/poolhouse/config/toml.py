"""Reading a TOML file that may hold secrets."""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path
from typing import Any


class TomlUnreadable(Exception):
    """The text says of which file, and why."""


def read_toml(path: Path, *, remedy: str = "") -> tuple[dict[str, Any], bool]:
    """What the file says, and whether every user of the machine can read it. `remedy` is what to do where it can't be
    read.

    Raises:
        TomlUnreadable
    """
    try:
        with path.open("rb") as opened:
            return tomllib.load(opened), bool(os.fstat(opened.fileno()).st_mode & stat.S_IROTH)
    except OSError as error:
        raise TomlUnreadable(f"{path}: can't be read ({error.strerror}).{remedy}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        # The parser's own words name a line and a column and quote at most one character.
        raise TomlUnreadable(f"{path}: is not TOML: {error}") from None
