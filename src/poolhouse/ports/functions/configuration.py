"""The functions file: which functions there are, and where each runs. TOML, a table a function.

[function.pre-sign-up]
handler = "sign_up.handler"
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from poolhouse.config import ConfigurationError, Settings, kinds
from poolhouse.config.toml import TomlUnreadable, read_toml
from poolhouse.core.loopback import is_near
from poolhouse.core.secret import Secret

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
ARN = re.compile(
    r"arn:aws[a-z-]*:lambda:[a-z0-9-]{1,32}:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9$_-]{1,128})?"
)
WAYS = ("command", "handler", "url", "lambda")
TIMEOUT = timedelta(seconds=5)
"""Source: Cognito developer guide: a function answers within 5 seconds, which can't be changed."""
MAX_ANSWER = 6 * 1024 * 1024
"""Bytes. Source: AWS Lambda quotas, a synchronous invocation's payload."""
MEGABYTE = 1024 * 1024
MEMORY, MEMORY_OF_COMMANDS = 256 * MEGABYTE, 1024 * MEGABYTE
"""Bytes of a process, where its table says nothing. Node counts for half a gigabyte more than it uses: it reserves
that much before it begins."""


@dataclass(frozen=True, slots=True)
class Configured:
    """One function, as its table says."""

    name: str
    arn: str
    way: str
    command: tuple[str, ...] = ()
    handler: str = ""
    python: str = ""
    url: str = ""
    """Of the webhook, or of what speaks Lambda's Invoke."""
    secret: Secret | None = None
    lambda_name: str | None = None
    folder: Path = Path()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    pools: tuple[str, ...] | None = None
    """The user pools that may ask it; None for all."""
    concurrency: int = 2
    waiting: int = 100
    """Calls that are under way or wait, beyond which the next is refused."""
    memory: int = MEMORY
    timeout: float = TIMEOUT.total_seconds()
    max_answer: int = MAX_ANSWER
    watch: bool = False

    @property
    def where(self) -> str:
        """For a person's eyes."""
        return {"command": shlex.join(self.command), "handler": self.handler}.get(self.way, self.url)


@dataclass(frozen=True, slots=True)
class FunctionsFile:
    functions: tuple[Configured, ...] = ()
    isolation: str = "possible"
    calls_per_pool: int = 200

    @property
    def runs_processes(self) -> bool:
        return any(function.way in ("command", "handler") for function in self.functions)


def read_functions(settings: Settings) -> FunctionsFile:
    """What the functions file says; nothing where none is named.

    Raises:
        ConfigurationError: a line a problem.
    """
    path = settings.functions_file
    if path is None:
        return FunctionsFile()
    try:
        document, others_read = read_toml(path)
    except TomlUnreadable as unreadable:
        raise ConfigurationError([str(unreadable)]) from None
    reader = _Reader(settings, path.absolute(), others_read)
    read = reader.document(document)
    if reader.problems:
        raise ConfigurationError(reader.problems)
    return read


class _Reader:
    def __init__(self, settings: Settings, path: Path, others_read: bool) -> None:
        self._settings, self._path, self._others_read = settings, path, others_read
        self.problems: list[str] = []

    def document(self, document: Mapping[str, Any]) -> FunctionsFile:
        values: dict[str, Any] = {}
        for key, raw in document.items():
            if key == "isolation":
                values[key] = self._value(key, raw, kinds.one_of("possible", "required", "off").read)
            elif key == "calls_per_pool":
                values[key] = self._value(key, raw, kinds.COUNT.read)
            elif key != "function":
                self._problem(f"unknown key {key!r}: a function is a table [function.NAME]")
        tables = document.get("function", {})
        if not isinstance(tables, dict):
            self._problem("function must be tables, [function.NAME]")
            tables = {}
        functions = [self._function(name, table) for name, table in tables.items()]
        made = tuple(function for function in functions if function is not None)
        for arn in _repeated(function.arn for function in made):
            self._problem(f"{arn} is the ARN of more than one function")
        if self.problems:
            return FunctionsFile()
        return FunctionsFile(functions=made, **values)

    def _function(self, name: str, table: Any) -> Configured | None:
        at = f"function.{name}"
        if not NAME.fullmatch(name) or not isinstance(table, dict):
            self._problem(f"{at}: must be a table, its name 1 to 64 letters, digits, - or _")
            return None
        ways = [way for way in WAYS if way in table]
        if len(ways) != 1:
            self._problem(f"{at}: needs one of {', '.join(WAYS)}")
            return None
        values: dict[str, Any] = {"name": name, "way": ways[0]}
        for key, raw in table.items():
            known = KEYS.get(key)
            if known is None or (known.ways and ways[0] not in known.ways):
                self._problem(f"{at}: {key!r} is no key of a function by {ways[0]}")
                continue
            value = self._value(f"{at}.{key}", raw, known.read)
            if value is not None:
                values[known.field or key] = value
        values.setdefault(
            "arn", f"arn:aws:lambda:{self._settings.region}:{self._settings.account_id}:function:{name}"
        )
        if ways[0] == "command":
            values.setdefault("memory", MEMORY_OF_COMMANDS)
        values["folder"] = self._folder(at, values.get("folder"))
        self._check(at, values)
        if any(problem.startswith(f"{self._path}: {at}") for problem in self.problems):
            return None
        return Configured(**values)

    def _folder(self, at: str, given: Path | None) -> Path:
        folder = (self._path.parent / (given or ".")).resolve()
        if not folder.is_dir():
            self._problem(f"{at}.folder: {folder} is no folder")
        return folder

    def _check(self, at: str, values: Mapping[str, Any]) -> None:
        url = values.get("url")
        if values["way"] == "url" and "secret" not in values:
            self._problem(f"{at}: a webhook needs a secret, or secret_file, to sign with")
        if url is not None:
            parts = urlsplit(url)
            if (
                parts.scheme == "http"
                and not is_near(parts.hostname or "")
                and not self._settings.insecure_http
            ):
                self._problem(
                    f"{at}: is plain HTTP to another machine: people's attributes would cross the network in clear"
                    " text. Use https, or, on a network you trust, insecure_http."
                )
        has_secrets = values.get("environment") or "secret" in values
        if has_secrets and self._others_read:
            self._problem(
                f"{at}: holds secrets, and every user can read the file. Run: chmod o-r {self._path}"
            )

    def _value(self, at: str, raw: Any, read: Callable[[Any], Any]) -> Any:
        try:
            return read(raw)
        except ValueError as wrong:
            self._problem(f"{at}: {wrong}")
            return None

    def _problem(self, text: str) -> None:
        self.problems.append(f"{self._path}: {text}.".replace("..", "."))


@dataclass(frozen=True, slots=True)
class _Key:
    read: Callable[[Any], Any]
    ways: tuple[str, ...] = ()
    """Empty for all."""
    field: str = ""


def _command(raw: Any) -> tuple[str, ...]:
    words = shlex.split(raw) if isinstance(raw, str) else raw
    if (
        not isinstance(words, list)
        or not words
        or not all(isinstance(word, str) and "\0" not in word for word in words)
    ):
        raise ValueError("must be a command, or a list of its words")
    return tuple(words)


def _environment(raw: Any) -> dict[str, str]:
    if not isinstance(raw, dict) or not all(
        isinstance(value, str) and "\0" not in value for value in raw.values()
    ):
        raise ValueError("must be a table of texts")
    if wrong := [name for name in raw if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)]:
        raise ValueError(f"{wrong[0]!r} is no variable's name")
    return raw


def _paths(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list) or not all(isinstance(path, str) and os.path.isabs(path) for path in raw):
        raise ValueError("must be a list of absolute paths")
    return tuple(raw)


def _texts(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list) or not all(isinstance(text, str) for text in raw):
        raise ValueError("must be a list of texts")
    return tuple(raw)


def _secret_file(raw: Any) -> Secret:
    try:
        return Secret(Path(kinds.PATH.read(raw)).read_text().strip())
    except (OSError, UnicodeDecodeError):
        raise ValueError("can't be read") from None


def _timeout(raw: Any) -> float:
    seconds: float = kinds.DURATION.read(raw).total_seconds()
    if not 0 < seconds <= TIMEOUT.total_seconds():
        raise ValueError("must be 5s at most, as Cognito waits no longer")
    return seconds


def _megabytes(low: int, high: int) -> Callable[[Any], int]:
    return lambda raw: int(kinds.integer(low, high).read(raw)) * MEGABYTE


LOCAL = ("command", "handler")
KEYS = {
    "command": _Key(_command),
    "handler": _Key(kinds.matching("text", r"[A-Za-z0-9_./-]+\.[A-Za-z0-9_]+", "module.function").read),
    "url": _Key(kinds.URL.read),
    "lambda": _Key(kinds.URL.read, field="url"),
    "arn": _Key(kinds.matching("ARN", ARN.pattern, "the ARN of a Lambda function").read),
    "pools": _Key(_texts),
    "waiting": _Key(kinds.integer(1, 100_000).read),
    "timeout": _Key(_timeout),
    "max_answer": _Key(kinds.integer(1024, MAX_ANSWER).read),
    "secret": _Key(kinds.SECRET.read, ("url",)),
    "secret_file": _Key(_secret_file, ("url",), "secret"),
    "function": _Key(kinds.TEXT.read, ("lambda",), "lambda_name"),
    "python": _Key(kinds.TEXT.read, ("handler",)),
    "folder": _Key(kinds.PATH.read, LOCAL),
    "environment": _Key(_environment, LOCAL),
    "read": _Key(_paths, LOCAL),
    "write": _Key(_paths, LOCAL),
    "concurrency": _Key(kinds.integer(1, 1000).read, LOCAL),
    "memory": _Key(_megabytes(32, 1024 * 1024), LOCAL),
    "watch": _Key(kinds.BOOLEAN.read, LOCAL),
}
"""What a function's table may have."""


def _repeated(arns: Iterator[str] | Any) -> list[str]:
    seen: set[str] = set()
    return [arn for arn in arns if arn in seen or seen.add(arn)]  # type: ignore[func-returns-value]  # add says nothing
