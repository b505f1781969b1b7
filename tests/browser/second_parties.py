"""Identity providers that others wrote, each in a process of Node's, and the orders that a test gives to them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from tests.browser.browser import NODE, node, node_environment, node_modules


@dataclass
class Party:
    """A program of tests/browser/node that is running."""

    process: subprocess.Popen[str]
    errors: IO[str]

    def order(self, **order: Any) -> Any:
        """Have it do something; what it says to that."""
        orders, answers = self.process.stdin, self.process.stdout
        assert orders is not None
        assert answers is not None
        orders.write(json.dumps(order) + "\n")
        orders.flush()
        line = answers.readline()
        answer = json.loads(line) if line else {"failed": self.complaints()}
        assert "done" in answer, answer
        return answer["done"]

    def complaints(self) -> str:
        self.errors.seek(0)
        return self.errors.read()

    def end(self) -> None:
        """As when a machine loses its power."""
        self.process.kill()
        self.process.wait(10)

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """It takes connections, for its system does that, and answers nothing."""
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)


@contextmanager
def a_party(script: str) -> Iterator[Party]:
    node_modules()
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            [node(), script],
            cwd=NODE,
            env=node_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            yield Party(process, errors)
        finally:
            process.kill()
            process.communicate()
