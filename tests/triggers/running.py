"""Functions that really run, without a server around them.

async with running(tmp_path, '[function.hello]\nhandler = "hello.handler"', hello="def handler(event, context): …"):
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop

from poolhouse.config import Settings
from poolhouse.ports.functions.build import functions_from
from poolhouse.ports.functions.configured import ConfiguredFunctions

EVENT = {
    "version": "1",
    "triggerSource": "PreSignUp_SignUp",
    "region": "us-east-1",
    "userPoolId": "us-east-1_abcdefghi",
    "userName": "ana",
    "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "client"},
    "request": {"userAttributes": {"email": "ana@example.com"}, "validationData": None},
    "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
}
POOL = "us-east-1_abcdefghi"


def arn_of(name: str) -> str:
    return f"arn:aws:lambda:us-east-1:000000000000:function:{name}"


def settings_for(folder: Path, toml: str, **settings: Any) -> Settings:
    """Those of a server whose functions file says `toml`."""
    (folder / "functions.toml").write_text(toml)
    (folder / "functions.toml").chmod(0o600)
    return Settings(data_dir=folder / "data", functions_file=folder / "functions.toml", **settings)


@asynccontextmanager
async def running(
    folder: Path, toml: str, *, settings: dict[str, Any] | None = None, **modules: str
) -> AsyncIterator[ConfiguredFunctions]:
    """`modules` are the texts of Python files beside the functions file."""
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    functions = functions_from(settings_for(folder, toml, **(settings or {})), lambda: datetime.now(UTC))
    functions.start()
    try:
        yield functions
    finally:
        await functions.aclose()


async def ask(functions: ConfiguredFunctions, name: str, event: Any = EVENT, pool_id: str = POOL) -> Any:
    """What the function of this name answers."""
    return json.loads(await functions.invoke(arn_of(name), json.dumps(event).encode(), pool_id=pool_id))


def run(work: Coroutine[Any, Any, Any]) -> None:
    """On the loop that `poolhouse serve` runs on; test servers run on Python's own."""
    uvloop.run(asyncio.wait_for(work, 60))
