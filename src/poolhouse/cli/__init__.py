"""The command `poolhouse`: one file a command, each with `add_arguments(parser)` and `run(arguments) -> int`.

`main.py` holds the table of commands and imports only the one that was asked for, so that `--help` is quick.
Commands that administer speak to a server as clients (`client.py`), and so work from afar; those that need the
data folder or the database (`migrate`, `backup`, `restore`, `check`) work on this machine. Data goes to standard
output, everything else to standard error. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.
"""

from poolhouse.cli.main import main

__all__ = ["main"]
