"""The documentation says what is so: its links, its examples, its names, its commands."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from tests.conftest import Machine
from tests.harness import RunningServer

from poolhouse.cli.main import _parser
from poolhouse.config import Settings
from poolhouse.config.load import VARIABLES, load
from poolhouse.config.schema import BY_KEY
from poolhouse.core.policies import check_policy
from poolhouse.ports.functions.configuration import read_functions

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]
    + list((ROOT / "docs").glob("**/*.md"))
    + list((ROOT / "examples").glob("*/README.md"))
)
SECURITY = ROOT / "docs/security.md"
TRIGGERS = ROOT / "docs/triggers.md"


class Block(NamedTuple):
    page: Path
    language: str
    text: str


def blocks(*languages: str) -> list[Block]:
    """The fenced examples of all pages, without the indent of the list that they stand in."""
    found = []
    for page in PAGES:
        for indent, language, text in re.findall(
            r"^( *)```(\w*)\n(.*?)^\1```$", page.read_text(), re.MULTILINE | re.DOTALL
        ):
            if language in languages:
                plain = re.sub(rf"^{indent}", "", text, flags=re.MULTILINE)
                found.append(Block(page, language, plain))
    return found


def identify(value: object) -> str:
    if isinstance(value, Block):
        return value.page.name
    if isinstance(value, Path):
        return value.parent.name if value.parent.parent.name == "examples" else value.name
    return str(getattr(value, "name", value))


def anchors(page: Path) -> set[str]:
    """The names that a page's headings have, as code hosts make them."""
    without_code = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", without_code, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        if not linked.exists() or (anchor and anchor not in anchors(linked)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("block", blocks("json"), ids=identify)
def test_every_json_example_is_json_and_every_policy_is_one(block: Block) -> None:
    document = json.loads(block.text)
    if "Statement" in document:
        check_policy(document)


@pytest.mark.parametrize(
    "block", [block for block in blocks("toml") if "[function." not in block.text], ids=identify
)
def test_every_settings_file_is_one_that_the_server_takes(block: Block, tmp_path: Path) -> None:
    assert tomllib.loads(block.text).keys() <= BY_KEY.keys()
    file = tmp_path / "poolhouse.toml"
    file.write_text(block.text)
    load({}, {"HOME": str(tmp_path)}, file)


@pytest.mark.parametrize(
    "block", [block for block in blocks("toml") if "[function." in block.text], ids=identify
)
def test_every_functions_file_is_one_that_the_server_takes(block: Block, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    file = tmp_path / "functions.toml"
    file.write_text(re.sub(r'secret_file = "[^"]*"', f'secret_file = "{tmp_path}/secret"', block.text))
    file.chmod(0o600)
    for folder in re.findall(r'^folder = "([^"/]+)"', block.text, re.MULTILINE):
        (tmp_path / folder).mkdir()
    assert read_functions(Settings(functions_file=file)).functions


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_every_variable_that_is_named_is_a_setting(page: Path) -> None:
    named = set(re.findall(r"\bPOOLHOUSE_[A-Z][A-Z_]*[A-Z]\b", page.read_text()))
    assert named <= VARIABLES


def commands() -> Iterator[Any]:
    """Each line that calls `poolhouse`, as far as the shell hands it to the program."""
    for block in blocks("sh"):
        for line in block.text.replace("\\\n", " ").splitlines():
            called = re.search(r"(?:^|[ (/\"])poolhouse ((?:[a-z]|-).*)$", line)
            if called is None or re.match(
                r"\s*(#|pip |python3 |install |rm |pg_|createdb|systemctl|cp )", line
            ):
                continue
            words = shlex.split(re.split(r"[)|>;]", called[1].strip('"'))[0].replace('"', ""), comments=True)
            yield pytest.param(words, id=f"{block.page.name}-{' '.join(words)[:40]}")


@pytest.mark.parametrize("words", list(commands()))
def test_every_poolhouse_command_is_one(words: list[str]) -> None:
    assert _parser(words).parse_args(words).run


def test_the_commands_are_found() -> None:
    assert len(list(commands())) > 15


def test_every_metric_is_in_the_table_and_no_other(server: RunningServer) -> None:
    text = (ROOT / "docs/production.md").read_text()
    documented = set(re.findall(r"^\| `(poolhouse_\w+)` \|", text, re.MULTILINE))
    figures = requests.get(f"{server.base_url}/metrics", timeout=10).text
    assert documented == set(re.findall(r"^# TYPE (poolhouse_\w+) ", figures, re.MULTILINE))


def test_boto3_can_load_the_service_poolhouse_as_the_page_says(
    server: RunningServer, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (block,) = [block for block in blocks("python") if "search_paths" in block.text]
    source = block.text.replace("http://localhost:9229", server.base_url)
    source = source.replace("us-east-1_aBcDeFgHi", machine.pool_id)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.secret_access_key)
    monkeypatch.setenv("AWS_DEFAULT_REGION", server.region)
    names: dict[str, Any] = {}

    exec(compile(source, block.page.name, "exec"), names)

    admin = names["admin"]
    server.clients.append(admin)
    states = [key["Status"] for key in admin.list_signing_keys(UserPoolId=machine.pool_id)["SigningKeys"]]
    assert sorted(states) == ["PENDING", "PENDING", "SIGNING", "SIGNING"]


def test_the_fixtures_of_the_quick_start_work(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    for block in blocks("python"):
        name = re.match(r"# (conftest|test_\w+)\.py\n", block.text)
        if block.page.name == "quickstart.md" and name is not None:
            (tmp_path / f"{name[1]}.py").write_text(block.text)
    (tmp_path / "test_process.py").write_text(
        "def test_it_answers(cognito):\n    assert cognito.list_user_pools(MaxResults=1)['UserPools'] == []\n"
    )

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert "2 passed" in run.stdout, run.stdout + run.stderr


def names_in(file: Path) -> set[str]:
    """`name` and `Class::name` of what pytest collects in a file."""
    names = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ClassDef):
            names |= {f"{node.name}::{inner.name}" for inner in node.body if hasattr(inner, "name")}
    return {name for name in names if name.rpartition("::")[2].startswith("test_")}


@pytest.mark.parametrize(("page", "at_least"), [(SECURITY, 100), (TRIGGERS, 25)], ids=identify)
def test_every_test_that_a_page_names_is_there(page: Path, at_least: int) -> None:
    named = re.findall(r"`((?:packages/verify/)?tests/[\w/]+\.py)::([\w:]+)`", page.read_text())
    assert len(named) > at_least
    absent = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).exists() or name not in names_in(ROOT / path)
    ]
    assert absent == []


def test_each_statement_of_the_security_page_stands_once_and_says_how_it_is_held() -> None:
    rows = re.findall(r"^\| ([A-Z]{1,2}-\d+) \| (.+) \| (.+) \|$", SECURITY.read_text(), re.MULTILINE)
    names = [name for name, _, _ in rows]
    assert len(names) == len(set(names)) > 80
    assert [
        name for name, _, shown in rows if not re.search(r"`[^`]*tests/|by design:|not yet:", shown)
    ] == []
