"""The command behind `poolhouse verify TOKEN` and `python -m poolhouse_verify TOKEN`.

Exit codes: 0 verified, 1 not, 2 the command was not understood.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from poolhouse_verify.checks import LAST_DATE
from poolhouse_verify.explain import Explanation, explain
from poolhouse_verify.keys import StaticKeys

VERIFIED, REFUSED, USAGE = 0, 1, 2

_DATES = ("auth_time", "iat", "nbf", "exp")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments on a parser, which may be a subcommand's."""
    parser.add_argument("token", metavar="TOKEN", help="the token; - reads it from standard input")
    parser.add_argument("--issuer", help="what iss must be; taken from the token if not given")
    parser.add_argument("--client-id", action="append", help="an allowed client; may be repeated")
    parser.add_argument("--scope", action="append", default=[], help="a required scope; may be repeated")
    parser.add_argument("--audience", action="append", help="an accepted audience (aud); may be repeated")
    parser.add_argument("--token-use", choices=("access", "id"), help="the kind that it must be")
    parser.add_argument("--jwks", metavar="FILE", help="take the keys from a JWKS file, without the network")
    parser.add_argument(
        "--jwks-uri", metavar="URI", help="where the keys are, if not at the issuer's usual place"
    )
    parser.add_argument(
        "--allow-http", action="store_true", help="fetch keys over plain http from other hosts too"
    )
    parser.add_argument("--json", action="store_true", help="print the explanation as JSON")


def run(args: argparse.Namespace) -> int:
    """Explain the token of parsed arguments on standard output; the exit code."""
    token = sys.stdin.read() if args.token == "-" else args.token
    try:
        explanation = explain(
            _bare(token),
            issuer=args.issuer,
            client_ids=args.client_id,
            scopes=args.scope,
            token_use=args.token_use,
            audience=args.audience,
            jwks_uri=args.jwks_uri,
            allow_http=args.allow_http,
            keys=None if args.jwks is None else StaticKeys(Path(args.jwks).read_bytes()),
        )
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return USAGE
    print(as_json(explanation) if args.json else as_text(explanation, colour=_has_colour(sys.stdout)))
    return VERIFIED if explanation.is_verified else REFUSED


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m poolhouse_verify",
        description="Show what a token says, and either 'Signature verified' or exactly what is wrong.",
    )
    add_arguments(parser)
    return run(parser.parse_args(argv))


def as_json(explanation: Explanation) -> str:
    """The explanation as one JSON object."""
    return json.dumps(
        {
            "verified": explanation.is_verified,
            "signature": explanation.signature,
            "issuer": explanation.issuer,
            "issuer_from_token": explanation.issuer_from_token,
            "jwks_uri": explanation.jwks_uri,
            "problems": [{"code": p.code, "message": p.message} for p in explanation.problems],
            "header": explanation.header,
            "claims": explanation.claims,
        },
        indent=2,
    )


def as_text(explanation: Explanation, *, colour: bool = False) -> str:
    """The explanation for a person."""
    good, bad, plain = ("\x1b[32m", "\x1b[31m", "\x1b[0m") if colour else ("", "", "")
    lines = []
    for title, part in (("Header", explanation.header), ("Claims", explanation.claims)):
        lines += [title, *(_members(part) if part is not None else ["  (cannot be read)"]), ""]
    if explanation.signature == "verified":
        source = explanation.jwks_uri or "the given keys"
        lines.append(f"{good}Signature verified{plain} by a key of {printable(source)}")
    else:
        lines.append(f"{bad}Signature not verified{plain}")
    if explanation.signature == "verified" and explanation.issuer_from_token:
        lines.append(
            "The issuer was taken from the token itself: is it yours? --issuer says which it must be."
        )
    if explanation.problems:
        lines += [
            f"{bad}Refused:{plain}",
            *(f"  {p.code}: {printable(p.message)}" for p in explanation.problems),
        ]
    return "\n".join(lines)


def printable(text: str) -> str:
    """A token's text may hold anything: what would move the cursor or turn the writing round is escaped."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def _members(part: Mapping[str, Any]) -> list[str]:
    width = max((len(name) for name in part), default=0)
    lines = []
    for name, value in part.items():
        shown = printable(json.dumps(value, ensure_ascii=False))
        lines.append(f"  {printable(name):<{min(width, 24)}}  {shown}{_date(name, value)}")
    return lines or ["  (empty)"]


def _date(name: str, value: object) -> str:
    if name not in _DATES or not isinstance(value, int | float) or not 0 <= value <= LAST_DATE:
        return ""
    return f"  ({datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC)"


def _bare(token: str) -> str:
    """The token in what people paste: line ends around it, `Bearer` before it."""
    words = token.split()
    return words[1] if len(words) == 2 and words[0].lower() == "bearer" else token.strip()


def _has_colour(stream: TextIO) -> bool:
    return stream.isatty() and "NO_COLOR" not in os.environ
