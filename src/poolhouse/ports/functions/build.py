"""Puts together where functions run, from the settings and the functions file."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from poolhouse.config import OPTIONS, ConfigurationError, Settings
from poolhouse.functions import confine
from poolhouse.ports.functions.configuration import (
    MAX_ANSWER,
    TIMEOUT,
    Configured,
    FunctionsFile,
    read_functions,
)
from poolhouse.ports.functions.configured import IN_BACKGROUND, ConfiguredFunctions, Target, Way
from poolhouse.ports.functions.gate import Breaker
from poolhouse.ports.functions.keeper import Keeper
from poolhouse.ports.functions.lambda_api import LambdaAccount, LambdaFunctions
from poolhouse.ports.functions.local import LocalFunction
from poolhouse.ports.functions.process import About
from poolhouse.ports.functions.shutting_in import PROGRAMS, Shell, kept_from_functions
from poolhouse.ports.functions.watching import Watcher
from poolhouse.ports.functions.webhook import Webhook


def functions_from(
    settings: Settings,
    now: Callable[[], datetime],
    monotonic: Callable[[], float] = time.monotonic,
) -> ConfiguredFunctions:
    """Raises ConfigurationError."""
    file = read_functions(settings)
    if problem := isolation_problem(file):
        raise ConfigurationError([problem])
    never, keeper = kept_from_functions(_secrets(settings)), Keeper()
    targets = {
        function.arn: Target(
            name=function.name,
            way=_way(function, file, settings, now, never, keeper),
            breaker=Breaker(monotonic),
            timeout=function.timeout,
            waiting=function.waiting,
            pools=function.pools,
            in_background=IN_BACKGROUND if function.timeout == TIMEOUT.total_seconds() else function.timeout,
        )
        for function in file.functions
    }
    return ConfiguredFunctions(targets, _others(settings), file.calls_per_pool, monotonic, keeper)


def isolation_problem(file: FunctionsFile) -> str | None:
    """Why functions can't be run as the file wants it."""
    if file.isolation == "required" and file.runs_processes and not confine.version():
        return (
            "isolation is required, and this kernel has no Landlock: use Linux 5.13 or newer with landlock among its"
            " security modules (lsm=), or run the functions elsewhere."
        )
    return None


def isolation_warning(file: FunctionsFile) -> str | None:
    """What the operator should know of how functions are kept from the server's secrets."""
    if not file.runs_processes:
        return None
    if file.isolation == "off":
        return "isolation is off: functions can read what the server's user can, the database and the master key too"
    if not confine.version():
        return (
            "this kernel has no Landlock: functions run with limits and a clean environment, but can read what the"
            " server's user can, the database and the master key too"
        )
    return None


def _way(
    function: Configured,
    file: FunctionsFile,
    settings: Settings,
    now: Callable[[], datetime],
    never: tuple[str, ...],
    keeper: Keeper,
) -> Way:
    if function.way == "url":
        assert function.secret is not None
        return Webhook(function.url, function.secret, now, function.max_answer)
    if function.way == "lambda":
        return LambdaFunctions(_account(settings, function.url), function.max_answer, function.lambda_name)
    shell = Shell(
        command=_command(function),
        folder=function.folder,
        environment={**_lambda_variables(function), **function.environment},
        memory=function.memory,
        read=function.read,
        write=function.write,
        never=never,
        is_shut_in=file.isolation != "off" and confine.version() > 0,
    )
    about = About(function.name, function.arn, shell, function.timeout, function.max_answer, keeper)
    return LocalFunction(about, function.concurrency, Watcher(function.folder) if function.watch else None)


def _command(function: Configured) -> tuple[str, ...]:
    if function.way == "command":
        return function.command
    return (function.python or sys.executable, str(PROGRAMS / "runtime.py"), function.handler)


def _lambda_variables(function: Configured) -> dict[str, str]:
    """What AWS Lambda tells a function of itself.

    Source: AWS Lambda developer guide, "Defined runtime environment variables"; of a command the last word is the
    handler, as AWS's runtime interface emulator has it.
    """
    region = function.arn.split(":")[3]
    named = function.command[-1] if len(function.command) > 1 else ""
    return {
        "_HANDLER": function.handler or named,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory // (1024 * 1024)),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "poolhouse",
        "LAMBDA_TASK_ROOT": str(function.folder),
    }


def _others(settings: Settings) -> LambdaFunctions | None:
    if settings.lambda_access_key_id is None and settings.lambda_endpoint_url is None:
        return None
    return LambdaFunctions(_account(settings, settings.lambda_endpoint_url), MAX_ANSWER)


def _account(settings: Settings, endpoint_url: str | None) -> LambdaAccount:
    return LambdaAccount(
        access_key_id=settings.lambda_access_key_id,
        secret_access_key=settings.lambda_secret_access_key,
        session_token=settings.lambda_session_token,
        endpoint_url=endpoint_url,
    )


def _secrets(settings: Settings) -> Iterator[Path | str]:
    """The files that hold the server's secrets, whether or not this server was started with them."""
    yield settings.data_dir
    yield from ("/etc/poolhouse", os.path.expanduser("~/.config/poolhouse"))
    for path in (settings.functions_file, settings.tls_key):
        if path is not None:
            yield path
    if settings.database_url is not None and settings.database_url.reveal().startswith("sqlite:///"):
        database = settings.database_url.reveal().removeprefix("sqlite:///").partition("?")[0]
        yield from (database, f"{database}-wal", f"{database}-shm", f"{database}-journal")
    files = [option.environment_file for option in OPTIONS if option.environment_file]
    for variable in ("POOLHOUSE_CONFIG", *files):
        if named := os.environ.get(variable):
            yield named
    for origin in settings.origins.values():
        if origin.startswith("file "):
            yield origin.removeprefix("file ")
