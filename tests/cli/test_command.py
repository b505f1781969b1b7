"""The command without a server: help, exit codes, the settings, and what it refuses."""

from __future__ import annotations

import importlib
import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest

from poolhouse import __version__
from poolhouse.cli.main import COMMANDS
from poolhouse.credentials import ensure_root_keys
from poolhouse.operation import SystemRandom


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_every_command_has_help(command, arguments):
    done = command(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: poolhouse")


def test_help_lists_every_command_and_every_command_has_its_file(command):
    text = command("--help").stdout
    for name in COMMANDS:
        assert f"\n    {name} " in text
        module = importlib.import_module(f"poolhouse.cli.{name}")
        assert callable(module.run)


def test_help_is_quick_since_nothing_heavy_is_imported():
    script = (
        "import sys; from poolhouse.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'botocore', 'cryptography', 'uvicorn', 'asyncio', 'prometheus_client'}\n"
        "sys.exit(repr(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_version_is_told(command):
    assert command("--version").stdout == f"poolhouse {__version__}\n"


@pytest.mark.parametrize(
    "arguments", [[], ["sevre"], ["serve", "--prot", "1"], ["env", "--nonsense"], ["config"], ["keys"]]
)
def test_wrong_usage_is_2_and_goes_to_standard_error(command, arguments):
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: poolhouse" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "environ", "said"),
    [
        (["serve"], {"POOLHOUSE_HOST": "0.0.0.0"}, "not loopback"),
        (["serve", "--host", "::"], {}, "not loopback"),
        (["serve", "--host", "0.0.0.0", "--anonymous-admin", "--insecure-http"], {}, "anonymous_admin"),
        (["serve", "--port", "x"], {}, "--port: must be a whole number"),
        (["serve", "--config", "absent.toml"], {}, "absent.toml: can't be read"),
        (["env"], {"POOLHOUSE_PROT": "1"}, "Did you mean POOLHOUSE_PORT"),
        (["config", "check"], {"POOLHOUSE_HOST": "0.0.0.0"}, "not loopback"),
    ],
)
def test_wrong_settings_are_2_with_a_remedy_and_no_trace(command, arguments, environ, said):
    done = command(*arguments, **environ)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert all(line.startswith("poolhouse: ") for line in done.stderr.splitlines())


def test_secrets_have_no_flag(command):
    assert command("serve", "--master-key", "x").returncode == 2
    text = command("serve", "--help").stdout
    assert "--data-dir" in text
    assert not {"--master-key", "--database-url", "--root-secret-access-key"} & set(text.split())


def test_config_show_tells_each_value_and_where_it_came_from_but_no_secret(command, tmp_path):
    file = tmp_path / "poolhouse.toml"
    file.write_text("region = 'eu-west-1'\n")
    key = tmp_path / "key"
    key.touch(mode=0o600)
    key.write_text("canary7f3a")
    environ = {
        "POOLHOUSE_CONFIG": str(file),
        "POOLHOUSE_MASTER_KEY_FILE": str(key),
        "POOLHOUSE_DATABASE_URL": "postgresql://u:canary7f3a@db/poolhouse",
    }
    done = command("config", "show", "--json", "--port", "1234", **environ)
    shown = json.loads(done.stdout)
    assert shown["port"] == {"value": "1234", "origin": "flag --port"}
    assert shown["region"] == {"value": "eu-west-1", "origin": f"file {file}"}
    assert shown["workers"] == {"value": "1", "origin": "default"}
    assert shown["master_keys"] == {"value": "(set, hidden)", "origin": f"POOLHOUSE_MASTER_KEY_FILE ({key})"}
    table = command("config", "show", **environ).stdout
    assert "eu-west-1" in table
    assert "canary7f3a" not in done.stdout + table


class TestEnv:
    def test_before_the_first_start_there_is_no_key_and_it_is_said_so(self, command):
        done = command("env")
        assert (done.returncode, done.stdout) == (1, "")
        assert "the first `poolhouse serve` makes one" in done.stderr

    def test_refuses_a_key_that_others_can_read(self, command, tmp_path):
        ensure_root_keys(tmp_path / ".local/share/poolhouse", SystemRandom())
        (tmp_path / ".local/share/poolhouse/credentials").chmod(0o644)
        done = command("env")
        assert (done.returncode, done.stdout) == (1, "")
        assert "chmod 600" in done.stderr

    @pytest.mark.parametrize("secret", ["plain", "with 'quotes' $(touch owned) `x` \\ ;\"", "über"])
    def test_a_shell_reads_what_was_meant_whatever_is_in_it(self, command, tmp_path, secret):
        environ = {
            "POOLHOUSE_ROOT_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "POOLHOUSE_ROOT_SECRET_ACCESS_KEY": secret,
            "POOLHOUSE_PORT": "1234",
            "AWS_PROFILE": "production",
            "AWS_SESSION_TOKEN": "of somebody else",
            "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": "https://elsewhere.example",
        }
        script = 'eval "$("$PYTHON" -m poolhouse env)"; env -0'
        whole = command.whole_environ() | environ | {"PYTHON": sys.executable}
        done = subprocess.run(["sh", "-c", script], env=whole, cwd=tmp_path, capture_output=True, check=True)
        after = dict(line.split("=", 1) for line in done.stdout.decode().split("\0") if "=" in line)
        assert after["AWS_SECRET_ACCESS_KEY"] == secret
        assert after["AWS_ENDPOINT_URL"] == "http://localhost:1234"
        assert after["AWS_DEFAULT_REGION"] == after["AWS_REGION"] == "us-east-1"
        assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"} & set(
            after
        )
        assert not (tmp_path / "owned").exists()

    def test_other_shells_and_programs_have_their_forms(self, command, tmp_path):
        keys = ensure_root_keys(tmp_path / ".local/share/poolhouse", SystemRandom())
        assert "set -gx AWS_ENDPOINT_URL http://localhost:9229" in command("env", "--fish").stdout
        assert "$env:AWS_ENDPOINT_URL = 'http://localhost:9229'" in command("env", "--powershell").stdout
        assert json.loads(command("env", "--json").stdout)["AWS_ACCESS_KEY_ID"] == keys.access_key_id


def test_colours_are_for_terminals_that_want_them(command, tmp_path):
    def on_a_terminal(**environ: str) -> bytes:
        terminal, inner = pty.openpty()
        whole = command.whole_environ() | {"TERM": "xterm"} | environ
        process = subprocess.Popen(
            [sys.executable, "-m", "poolhouse", "config", "show"], stdout=inner, env=whole, cwd=tmp_path
        )
        os.close(inner)
        shown = b""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                piece = os.read(terminal, 65536)
            except OSError:
                break
            shown += piece
        os.close(terminal)
        assert process.wait() == 0
        return shown

    assert b"\x1b[" in on_a_terminal()
    assert b"\x1b[" not in on_a_terminal(NO_COLOR="1")
    assert b"\x1b[" not in on_a_terminal(TERM="dumb")
    assert "\x1b[" not in command("config", "show").stdout


def test_a_reader_that_has_seen_enough_is_no_error_with_a_trace(command, tmp_path):
    done = subprocess.run(
        ["sh", "-c", '"$PYTHON" -m poolhouse config show | true'],
        env=command.whole_environ() | {"PYTHON": sys.executable},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["backup", "check"])
def test_what_needs_a_database_says_that_there_is_none(command, name):
    done = command(name, *(["copy.db"] if name == "backup" else []))
    assert (done.returncode, done.stdout) == (1, "")
    assert "no database" in done.stderr
    assert "Traceback" not in done.stderr


def test_postgresql_has_its_own_tools_for_backups(command):
    done = command("backup", "copy.db", POOLHOUSE_DATABASE_URL="postgresql://u:canary7f3a@localhost:1/d")
    assert done.returncode == 1
    assert "pg_dump" in done.stderr
    assert "canary7f3a" not in done.stderr


def test_a_database_that_does_not_answer_is_told_without_its_password(command):
    done = command("migrate", POOLHOUSE_DATABASE_URL="postgresql://u:canary7f3a@127.0.0.1:1/d")
    assert done.returncode == 1
    assert "127.0.0.1" in done.stderr
    assert "canary7f3a" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_every_command(command, shell):
    script = command("completion", shell).stdout
    assert [name for name in COMMANDS if name not in script] == []


def test_the_generated_page_of_the_settings_is_fresh():
    tool = Path(__file__).parents[2] / "tools/configuration.py"
    assert subprocess.run([sys.executable, str(tool), "--check"], check=False).returncode == 0
