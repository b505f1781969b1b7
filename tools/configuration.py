"""Writes docs/configuration.md from the schema of the settings; with --check only says whether it is fresh."""

from __future__ import annotations

import argparse
import sys
from itertools import groupby
from pathlib import Path

from poolhouse.config import OPTIONS, Option

PAGE = Path(__file__).parent.parent / "docs/configuration.md"

INTRODUCTION = """\
# Configuration

<!-- Generated from src/poolhouse/config/settings.py by tools/configuration.py: run `make docs` after a change. -->

Poolhouse runs without any configuration. What you set comes from four places; a later one wins:

1. the defaults,
2. one settings file in TOML: the one that `--config` or `POOLHOUSE_CONFIG` names, else
   `~/.config/poolhouse/poolhouse.toml` (`$XDG_CONFIG_HOME`), else `/etc/poolhouse/poolhouse.toml`,
3. environment variables,
4. flags of `poolhouse serve`.

`poolhouse config show` says what is in force and where each value came from; `poolhouse config check` takes the same
flags as `serve` and says what is wrong. Unknown keys and unknown `POOLHOUSE_…` variables are errors, so that a typing
mistake is noticed. An empty variable counts as absent.

The key in the file is the setting's name, the variable is `POOLHOUSE_` and the name in capitals, and the flag is `--`
and the name with hyphens: `data_dir`, `POOLHOUSE_DATA_DIR`, `--data-dir`. A switch is turned off with `--no-…`.

```toml
# poolhouse.toml
public_url = "https://login.example.com"
trusted_proxies = ["10.0.0.0/8"]
request_deadline = "10s"
```

- **Secrets** have no flag, since every user of a machine can read a process's arguments. Each can also come from a
  file: `POOLHOUSE_MASTER_KEY_FILE=/run/secrets/master_key`. A file with secrets that every user can read is refused.
- **Durations** are written as `250ms`, `30s`, `5m`, `1h`, `2d`, or as a number of seconds.
- **Lists** are arrays in TOML, and texts with commas between the items elsewhere.
"""

AFTERWORD = """
## What is refused

- Plain HTTP on an address other than loopback, unless `tls_cert` and `tls_key` are set, `trusted_proxies` names the
  proxy that ends TLS, or `insecure_http` says that the network is trusted.
- `anonymous_admin` on an address other than loopback.
- `tls_cert` without `tls_key`, `root_access_key_id` without `root_secret_access_key`, and the other way round.
- A credentials file or master key in the data folder that other users can read.

## Variables of others that count

`AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION` and
`AWS_DEFAULT_REGION` say which server `poolhouse keys` and `poolhouse demo` speak to; where they are unset, it is this
machine's. `NO_COLOR` turns colours off. `NOTIFY_SOCKET` is systemd's. `OTEL_*` are OpenTelemetry's.
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit with 1 if the page is stale"
    )
    is_check = parser.parse_args().check
    page = render()
    if not is_check:
        PAGE.write_text(page)
        return 0
    if PAGE.exists() and PAGE.read_text() == page:
        return 0
    print("docs/configuration.md is stale: run `make docs`.", file=sys.stderr)
    return 1


def render() -> str:
    parts = [INTRODUCTION]
    for section, options in groupby(OPTIONS, key=lambda option: option.section):
        parts.append(
            f"\n## {section}\n\n| setting | kind | default | what it is |\n| --- | --- | --- | --- |\n"
        )
        parts += [_row(option) for option in options]
    return "".join([*parts, AFTERWORD])


def _row(option: Option) -> str:
    kind = option.kind.name.replace("|", " or ")
    if option.is_secret:
        kind += ", secret"
    default = option.default_text
    if option.default not in (None, (), "") and default and "`" not in default:
        default = f"`{default}`"
    help = option.help.replace("|", "\\|")
    return f"| `{option.key}` | {kind} | {default or '-'} | {help} |\n"


if __name__ == "__main__":
    sys.exit(main())
