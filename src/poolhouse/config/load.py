"""Lays the sources over each other: defaults < TOML file < environment < flags."""

from __future__ import annotations

import difflib
import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from poolhouse.config.rules import inconsistencies
from poolhouse.config.schema import BY_KEY, OPTIONS, ConfigurationError, Option
from poolhouse.config.settings import Settings
from poolhouse.config.toml import TomlUnreadable, read_toml

PREFIX = "POOLHOUSE_"
FILE_VARIABLE = "POOLHOUSE_CONFIG"
VARIABLES = frozenset(
    [FILE_VARIABLE]
    + [option.environment for option in OPTIONS]
    + [option.environment_file for option in OPTIONS if option.environment_file]
)


def load(flags: Mapping[str, str | bool], environ: Mapping[str, str], file: Path | None = None) -> Settings:
    """The settings in force. `flags` has field names, with values as they were typed; `file` is the TOML file
    that was asked for, without which the usual places are looked into.

    Raises:
        ConfigurationError: a value that can't be read, an unknown key or variable, settings that conflict.
    """
    sources = Sources(environ)
    sources.add_file(file)
    sources.add_environment()
    sources.add_flags(flags)
    if sources.problems:
        raise ConfigurationError(sources.problems)
    values = sources.values
    values.setdefault("data_dir", default_data_dir(environ))
    scheme = "https" if "tls_cert" in values else "http"
    values.setdefault("public_url", f"{scheme}://localhost:{values.get('port', BY_KEY['port'].default)}")
    settings = Settings(**values, origins=sources.origins)
    if problems := inconsistencies(settings):
        raise ConfigurationError(problems)
    return settings


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """Source: XDG Base Directory Specification (a relative path there is to be ignored)."""
    given = environ.get("XDG_DATA_HOME", "")
    base = (
        Path(given)
        if os.path.isabs(given)
        else Path(environ.get("HOME") or "~").expanduser() / ".local/share"
    )
    return base / "poolhouse"


def usual_files(environ: Mapping[str, str]) -> Iterable[Path]:
    """Where a settings file is looked for when none is named; the first found is the only one read."""
    given = environ.get("XDG_CONFIG_HOME", "")
    base = Path(given) if os.path.isabs(given) else Path(environ.get("HOME") or "~").expanduser() / ".config"
    return (base / "poolhouse/poolhouse.toml", Path("/etc/poolhouse/poolhouse.toml"))


@dataclass(slots=True)
class Sources:
    """What has been read so far; a later source replaces an earlier one's value."""

    environ: Mapping[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add_file(self, file: Path | None) -> None:
        named = file or (Path(given) if (given := self.environ.get(FILE_VARIABLE)) else None)
        path = named or next((usual for usual in usual_files(self.environ) if usual.is_file()), None)
        if path is None:
            return
        try:
            document, others_read = read_toml(path, remedy=" Name another with --config.")
        except TomlUnreadable as unreadable:
            self.problems.append(str(unreadable))
            return
        for key, raw in document.items():
            option = BY_KEY.get(key)
            if option is None:
                self.problems.append(f"{path}: unknown key {key!r}. {_did_you_mean(key, BY_KEY)}")
            elif option.is_secret and others_read:
                self.problems.append(
                    f"{path}: holds {key} and can be read by every user. Run: chmod o-r {path}"
                )
            else:
                self._set(option, raw, f"{key} in {path}", f"file {path}")

    def add_environment(self) -> None:
        for option in OPTIONS:
            text = self._variable(option)
            if text is not None:
                self._set(option, text, option.environment, f"environment {option.environment}")
            file_variable = option.environment_file
            if file_variable is None or not (path := self.environ.get(file_variable)):
                continue
            if text is not None:
                self.problems.append(
                    f"{option.environment} and {file_variable} are both set. Unset one of them."
                )
            elif (text := self._secret_file(file_variable, Path(path))) is not None:
                self._set(option, text, file_variable, f"{file_variable} ({path})")
        for name in sorted(self.environ):
            if name.startswith(PREFIX) and name not in VARIABLES and not _is_service_link(name):
                self.problems.append(f"{name}: unknown variable. {_did_you_mean(name, VARIABLES)}")

    def add_flags(self, flags: Mapping[str, str | bool]) -> None:
        by_name = {option.name: option for option in OPTIONS}
        for name, raw in flags.items():
            flag = by_name[name].flag
            assert flag is not None, f"{name} is a secret and has no flag"
            self._set(by_name[name], raw, flag, f"flag {flag}")

    def _variable(self, option: Option) -> str | None:
        """An empty variable counts as absent: that is what `${NAME:-}` in a compose file gives."""
        text = self.environ.get(option.environment) or None
        if text is not None and option.name == "port" and text.startswith("tcp://"):
            return None  # Kubernetes: see _is_service_link
        return text

    def _secret_file(self, variable: str, path: Path) -> str | None:
        try:
            with path.open(encoding="utf-8") as opened:
                if os.fstat(opened.fileno()).st_mode & stat.S_IROTH:
                    self.problems.append(
                        f"{variable}: {path} can be read by every user. Run: chmod o-r {path}"
                    )
                    return None
                return opened.read()
        except OSError as error:
            self.problems.append(f"{variable}: {path} can't be read ({error.strerror}).")
        except UnicodeDecodeError:
            self.problems.append(f"{variable}: {path} is not UTF-8 text.")
        return None

    def _set(self, option: Option, raw: Any, place: str, origin: str) -> None:
        try:
            self.values[option.name] = option.kind.read(raw)
            self.origins[option.name] = origin
        except ValueError as expected:
            self.problems.append(f"{place}: {expected}.")


def _is_service_link(name: str) -> bool:
    """Kubernetes puts POOLHOUSE_SERVICE_HOST, POOLHOUSE_PORT_9229_TCP and so on into every pod beside a service
    called poolhouse; that is nobody's mistake."""
    return bool(
        re.fullmatch(r"POOLHOUSE_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT_[0-9]+_(TCP|UDP)(_.+)?)", name)
    )


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.7)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    return "See `poolhouse config show` for those there are."
