"""`poolhouse verify TOKEN`: the command of the package poolhouse-verify, which services install by itself."""

from poolhouse_verify.command import add_arguments, run

__all__ = ["add_arguments", "run"]
