"""The README says what is so."""

from __future__ import annotations

import inspect
import re
from datetime import timedelta
from pathlib import Path

import poolhouse_verify as pv
from poolhouse_verify.testing import LocalIssuer

README = (Path(__file__).parent.parent / "README.md").read_text()


def test_every_error_is_in_the_readmes_table_with_its_code():
    documented = dict(re.findall(r"^\| `(\w+)` \| `(\w+)` \|", README, re.MULTILINE))
    exported = [getattr(pv, name) for name in pv.__all__]
    causes = [
        e for e in exported if isinstance(e, type) and issubclass(e, pv.TokenError) and e is not pv.TokenError
    ]
    assert documented == {cause.__name__: cause.code for cause in causes}


def test_every_argument_is_in_the_readmes_table():
    documented = set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE))
    assert set(inspect.signature(pv.TokenVerifier).parameters) - {"clock"} <= documented
    for name in set(inspect.signature(pv.RemoteKeys).parameters) - {"uri", "allow_http", "monotonic"}:
        assert re.search(rf"`{name}`|\b{name}=", README), name


def test_the_readmes_python_runs():
    """Block by block, in order, as one program: with an issuer and a token at hand."""
    issuer = LocalIssuer()
    names: dict[str, object] = {"timedelta": timedelta, "issuer": issuer.issuer}
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 7
    for block in blocks:
        source = block.replace("verifier.verify(text)", "None") if "verify(text)" in block else block
        source = re.sub(r"^print\(.*\n", "", source, flags=re.MULTILINE)
        if "poolhouse_verify.flask" in source:
            source = "from flask import Flask\napp = Flask('readme')\n" + source
        exec(compile(source, "README.md", "exec"), names)
