"""Runs a plain Python handler by the Lambda Runtime API, without any library: `python runtime.py app.handler`.

Source: AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes".
"""

from __future__ import annotations

import http.client
import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

Handler = Callable[[Any, "Context"], Any]
BASE = "/2018-06-01/runtime"


class Context:
    """What a handler is told beside its event."""

    def __init__(self, headers: http.client.HTTPMessage) -> None:
        self.aws_request_id = headers.get("Lambda-Runtime-Aws-Request-Id", "")
        self.invoked_function_arn = headers.get("Lambda-Runtime-Invoked-Function-Arn", "")
        self._deadline_ms = int(headers.get("Lambda-Runtime-Deadline-Ms", "0"))
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME", "")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", "")
        self.identity = None
        self.client_context = None

    def get_remaining_time_in_millis(self) -> int:
        return max(0, self._deadline_ms - int(time.time() * 1000))


class Api:
    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address)

    def next(self) -> tuple[http.client.HTTPMessage, bytes]:
        """The next event, whenever there is one."""
        self._connection.request("GET", f"{BASE}/invocation/next")
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            sys.exit(f"the server answered {answer.status}")
        return answer.headers, body

    def tell(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        self._connection.request("POST", BASE + path, body, {"content-type": "application/json", **headers})
        self._connection.getresponse().read()


def run(name: str) -> NoReturn:
    """`name` is `module.function`, as a function's handler is named in AWS Lambda; a module in a folder has slashes
    or dots."""
    api = Api(os.environ["AWS_LAMBDA_RUNTIME_API"])
    sys.path.insert(0, os.environ.get("LAMBDA_TASK_ROOT") or os.getcwd())
    try:
        handler = find(name)
    except BaseException as failed:
        traceback.print_exc()
        tell_failure(api, "/init/error", failed)
        sys.exit(1)
    while True:
        headers, event = api.next()
        context = Context(headers)
        invocation = f"/invocation/{context.aws_request_id}"
        try:
            answer = json.dumps(handler(json.loads(event), context)).encode()
        except Exception as failed:
            traceback.print_exc()
            tell_failure(api, f"{invocation}/error", failed)
        else:
            api.tell(f"{invocation}/response", answer, {})
        sys.stdout.flush()


def find(name: str) -> Handler:
    module, _, function = name.rpartition(".")
    if not module:
        raise ValueError(f"{name} is no handler: write module.function")
    handler: Handler = getattr(importlib.import_module(module.replace("/", ".")), function)
    return handler


def tell_failure(api: Api, path: str, failed: BaseException) -> None:
    kind = type(failed).__name__
    error = {
        "errorMessage": str(failed),
        "errorType": kind,
        "stackTrace": traceback.format_tb(failed.__traceback__),
    }
    api.tell(path, json.dumps(error).encode(), {"Lambda-Runtime-Function-Error-Type": f"Runtime.{kind}"})


if __name__ == "__main__":
    run(sys.argv[1])
