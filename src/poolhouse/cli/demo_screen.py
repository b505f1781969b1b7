"""How the demo looks: numbered steps, each with the command that does it and what came back."""

from __future__ import annotations

from collections.abc import Mapping

from poolhouse.cli.terminal import Style
from poolhouse.edge.lines import harmless


def shortened(secret: str) -> str:
    """Enough of a secret or token to recognise it by, not to use it."""
    return f"{secret[:4]}…{secret[-4:]}"


class Screen:
    def __init__(self, style: Style) -> None:
        self._style = style

    def opening(self, where: str) -> None:
        print(f"\n{self._style.bold('Poolhouse demo')}: {harmless(where)}\n", flush=True)

    def step(self, number: str, title: str, command: str, prompt: str) -> None:
        style = self._style
        print(f"{style.bold(number)}  {style.bold(title)}")
        first, *rest = command.splitlines()
        print(f"     {style.dim(prompt)} {style.cyan(first)}")
        for line in rest:
            print(f"       {style.cyan(line)}")
        print(end="", flush=True)

    def answer(self, facts: Mapping[str, object]) -> None:
        width = max(map(len, facts), default=0)
        for name, value in facts.items():
            print(f"     {self._style.dim(name.ljust(width))}  {harmless(str(value))}")
        print(flush=True)

    def good(self, text: str) -> None:
        print(f"     {self._style.green('✓ ' + text)}")

    def note(self, text: str) -> None:
        print(self._style.dim(text), flush=True)

    def closing(self, lines: str) -> None:
        print(lines, flush=True)
