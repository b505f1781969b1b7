"""The settings: one frozen object from defaults, a TOML file, the environment and flags.

`settings.py` is the schema: each field of `Settings` carries its kind, default and help, and everything else is
made from it, the flags of `poolhouse serve`, `poolhouse config show` and docs/configuration.md. `kinds.py` reads
values from text and TOML, `load.py` lays the sources over each other, `rules.py` says which settings don't go
together, `toml.py` reads a file. Imports only `core.secret`.
"""

from poolhouse.config.load import load
from poolhouse.config.rules import refuse_unsafe
from poolhouse.config.schema import OPTIONS, ConfigurationError, Option
from poolhouse.config.settings import Settings

__all__ = ["OPTIONS", "ConfigurationError", "Option", "Settings", "load", "refuse_unsafe"]
