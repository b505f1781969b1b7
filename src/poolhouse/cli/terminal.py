"""What a person sees: colours where there is a terminal that wants them, tables, JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from poolhouse.edge.lines import harmless


class Style:
    """ANSI styles, or none: in a pipe, with NO_COLOR (no-color.org) or on a dumb terminal."""

    def __init__(self, stream: TextIO, environ: Mapping[str, str] = os.environ) -> None:
        self.is_on = stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"

    def bold(self, text: str) -> str:
        return self._with("1", text)

    def dim(self, text: str) -> str:
        return self._with("2", text)

    def green(self, text: str) -> str:
        return self._with("32", text)

    def cyan(self, text: str) -> str:
        return self._with("36", text)

    def _with(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.is_on else text


def print_json(document: Any) -> None:
    print(json.dumps(document, indent=2, default=str))


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns with two spaces between; the last one as long as it is."""
    cells = [heads, *[[harmless(cell) for cell in row] for row in rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    style = Style(sys.stdout)
    for number, row in enumerate(cells):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        print(style.bold(line) if number == 0 else line)
