"""Standard input, output and error, where whoever started the command has closed them."""

from __future__ import annotations

import os
import sys


def occupy_standard_files() -> None:
    """The next file that is opened would take the number of a closed one, and the log would be written into it,
    or to a caller. Python itself has no such file then, not even an empty one."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number there is: this one
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)
