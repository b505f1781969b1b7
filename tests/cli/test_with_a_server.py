"""The command against a running server: the demo, the keys, backup and restore."""

from __future__ import annotations

import io
import json
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.cli.conftest import Command, Served, free_port, wait_until_ready

from poolhouse.cli.serve import guide
from poolhouse.cli.terminal import Style
from poolhouse.config import load


def cognito(exports: dict[str, str], service: str = "cognito-idp"):
    return boto3.session.Session().client(
        service,
        endpoint_url=exports["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id=exports["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=exports["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def pool(served: Served) -> str:
    return cognito(served.exports()).create_user_pool(PoolName="pool")["UserPool"]["Id"]


def exports_of(text: str) -> dict[str, str]:
    return dict(line.removeprefix("export ").split("=", 1) for line in text.splitlines())


class TestServe:
    def test_keeps_what_it_makes_for_its_owner_alone(self, served):
        assert stat.S_IMODE(served.data_dir.stat().st_mode) == 0o700
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in served.data_dir.iterdir()}
        assert modes["credentials"] == modes["master.key"] == modes["poolhouse.db"] == 0o600

    def test_writes_json_lines_where_there_is_no_terminal(self, served, pool):
        assert served.exports()
        lines = [json.loads(line) for line in served.log.read_text().splitlines()]
        assert lines[0]["event"].startswith("poolhouse ")
        assert all({"time", "level", "event"} <= set(line) for line in lines)

    def test_tells_a_person_at_a_terminal_what_to_do_next_in_a_shell_that_knows_nothing(self, served):
        settings = load({}, served.command.whole_environ())
        flags = f"--port {settings.port} --data-dir {served.data_dir}"
        shown = guide(settings, Style(io.StringIO()))
        assert f'eval "$(poolhouse env {flags})"' in shown
        assert "poolhouse demo " in shown
        newcomer = Command(served.command.home)
        assert f"AWS_ENDPOINT_URL={served.url}\n" in newcomer("env", *flags.split()).stdout

    def test_a_port_that_is_taken_is_told(self, served):
        done = served.command("serve")
        assert done.returncode == 1
        assert re.search(r"^poolhouse: .*port \d+ of .*something else", done.stderr, re.MULTILINE)
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_ends_in_order_when_told_to(self, tmp_path, number):
        port = free_port()
        command = Command(tmp_path, {"POOLHOUSE_PORT": str(port)})
        log = tmp_path / "log"
        with log.open("wb") as opened:
            process = subprocess.Popen(
                [sys.executable, "-m", "poolhouse", "serve"],
                env=command.whole_environ(),
                cwd=tmp_path,
                stdout=opened,
                stderr=subprocess.STDOUT,
            )
        wait_until_ready(process, f"http://localhost:{port}", log)
        process.send_signal(number)
        assert process.wait(timeout=40) == 0
        assert "Traceback" not in log.read_text()

    def test_anonymous_keys_and_old_favourites_are_no_keys(self, served):
        for key, secret in (("test", "test"), ("admin", "admin"), ("AKIAIOSFODNN7EXAMPLE", "x" * 40)):
            exports = {
                "AWS_ENDPOINT_URL": served.url,
                "AWS_ACCESS_KEY_ID": key,
                "AWS_SECRET_ACCESS_KEY": secret,
            }
            with pytest.raises(ClientError, match="UnrecognizedClient"):
                cognito(exports).list_user_pools(MaxResults=1)


class TestDemo:
    def test_walks_the_whole_way_on_the_running_server_and_leaves_nothing(self, served):
        before = cognito(served.exports()).list_user_pools(MaxResults=60)["UserPools"]
        done = served.command("demo")
        assert (done.returncode, done.stderr) == (0, "")
        assert served.url in done.stdout
        assert [f"{n}/8" for n in range(1, 9)] == re.findall(r"^(\d/8)", done.stdout, re.MULTILINE)
        assert "✓ Signature verified" in done.stdout
        assert re.search(r"scope +transactions/post", done.stdout)
        assert "\x1b" not in done.stdout
        assert cognito(served.exports()).list_user_pools(MaxResults=60)["UserPools"] == before

    def test_shows_no_whole_secret_and_no_whole_token(self, served):
        shown = served.command("demo").stdout
        assert re.search(r"ClientSecret +\S{4}…\S{4}\n", shown)
        assert re.search(r"access_token +\S{4}…\S{4}\n", shown)
        assert not re.search(r"eyJ\w{10}", shown)

    def test_leaves_everything_and_says_how_to_remove_it_when_asked(self, served):
        shown = served.command("demo", "--keep").stdout
        pool_id = re.search(r"delete-user-pool --user-pool-id (\S+)", shown)[1]
        described = cognito(served.exports()).describe_user_pool(UserPoolId=pool_id)["UserPool"]
        assert f"delete-user-pool-domain --domain {described['Domain']} " in shown

    def test_starts_a_server_for_itself_where_none_runs(self, command):
        done = command("demo", POOLHOUSE_PORT=str(free_port()), TMPDIR=str(command.home))
        assert (done.returncode, done.stderr) == (0, "")
        assert "on a server of its own" in done.stdout
        assert "✓ Signature verified" in done.stdout
        # Its folder is gone, and no server of its own is left behind.
        assert [path.name for path in command.home.iterdir() if path.name.startswith("poolhouse-")] == []
        url = re.search(r"http://localhost:\d+", done.stdout.split("server of its own at")[1])[0]
        keys = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"}
        assert "no server answers" in command("keys", "list", "--endpoint-url", url, **keys).stderr

    def test_says_what_is_missing_where_a_server_runs_but_no_key_is_known(self, served, tmp_path):
        done = served.command("demo", POOLHOUSE_DATA_DIR=str(tmp_path))
        assert done.returncode == 1
        assert "there is no access key" in done.stderr


class TestKeys:
    def test_a_key_does_what_its_policy_says_until_it_is_deleted(self, served, pool):
        done = served.command("keys", "create", "ci", "--allow", "cognito-idp:List*")
        key = exports_of(done.stdout)
        exports = {"AWS_ENDPOINT_URL": served.url, **key}
        assert cognito(exports).list_user_pools(MaxResults=1)["UserPools"]
        with pytest.raises(ClientError, match="AccessDenied"):
            cognito(exports).create_user_pool(PoolName="x")
        listed = served.command("keys", "list")
        assert re.search(rf"{key['AWS_ACCESS_KEY_ID']} +ci +active", listed.stdout)
        assert key["AWS_SECRET_ACCESS_KEY"] not in listed.stdout

        served.command("keys", "update", key["AWS_ACCESS_KEY_ID"], "--inactive")
        with pytest.raises(ClientError, match="UnrecognizedClient"):
            cognito(exports).list_user_pools(MaxResults=1)
        assert served.command("keys", "delete", key["AWS_ACCESS_KEY_ID"]).returncode == 0
        assert key["AWS_ACCESS_KEY_ID"] not in served.command("keys", "list").stdout

    def test_a_policy_can_come_from_a_file_or_standard_input(self, served, tmp_path):
        policy = json.dumps({"Statement": [{"Effect": "Allow", "Action": "poolhouse:*", "Resource": "*"}]})
        (tmp_path / "policy.json").write_text(policy)
        for source in (str(tmp_path / "policy.json"), "-"):
            done = served.command("keys", "create", "admin", "--policy", source, "--json", input=policy)
            assert json.loads(done.stdout)["AccessKey"]["Policy"] == policy

    def test_a_key_without_a_word_on_what_it_may_is_not_made(self, served):
        done = served.command("keys", "create", "ci")
        assert (done.returncode, done.stdout) == (1, "")
        assert "--allow" in done.stderr

    def test_signing_keys_are_listed_and_rotated(self, served, pool):
        before = json.loads(served.command("keys", "list-signing", pool, "--json").stdout)["SigningKeys"]
        assert len(before) == 2
        done = served.command("keys", "rotate-signing", pool, "--use", "access", "--lead", "1h")
        assert done.returncode == 0, done.stderr
        after = json.loads(served.command("keys", "list-signing", pool, "--json").stdout)["SigningKeys"]
        assert len(after) == 3
        assert {key["KeyId"] for key in before} < {key["KeyId"] for key in after}

    def test_a_lead_that_is_no_duration_is_refused(self, served, pool):
        done = served.command("keys", "rotate-signing", pool, "--lead", "soon")
        assert done.returncode == 1
        assert "--lead must be a duration" in done.stderr

    def test_the_master_key_is_rotated(self, served):
        done = served.command("keys", "rotate-master")
        assert done.returncode == 0, done.stderr
        assert "sealed anew" in done.stdout

    def test_what_the_server_refuses_is_1_with_its_words(self, served):
        done = served.command("keys", "delete", "AKIAAAAAAAAAAAAAAAAA")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("poolhouse: ResourceNotFoundException: ")

    def test_keys_of_a_shell_go_only_to_the_endpoint_of_the_shell(self, served):
        """They may be those of a real account: without AWS_ENDPOINT_URL the root's own are used."""
        strange = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x" * 40}
        assert served.command("keys", "list", **strange).returncode == 0
        refused = served.command("keys", "list", **strange, AWS_ENDPOINT_URL=served.url)
        assert "UnrecognizedClient" in refused.stderr

    def test_nobody_there_is_told_with_a_remedy(self, served):
        done = served.command("keys", "list", "--endpoint-url", f"http://localhost:{free_port()}")
        assert done.returncode == 1
        assert "no server answers" in done.stderr
        assert "Traceback" not in done.stderr


class TestBackup:
    def test_a_backup_of_a_running_server_brings_everything_back(self, served, pool, tmp_path):
        copy = tmp_path / "copy.db"
        assert served.command("backup", str(copy)).returncode == 0
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        assert "is there already" in served.command("backup", str(copy)).stderr

        elsewhere = tmp_path / "data"
        elsewhere.mkdir(mode=0o700)
        (elsewhere / "master.key").touch(mode=0o600)
        (elsewhere / "master.key").write_bytes((served.data_dir / "master.key").read_bytes())
        command = Command(
            tmp_path, {"POOLHOUSE_DATA_DIR": str(elsewhere), "POOLHOUSE_PORT": str(free_port())}
        )
        restored = command("restore", str(copy))
        assert restored.returncode == 0, restored.stderr
        checked = command("check")
        assert (checked.returncode, checked.stderr) == (0, "")
        assert "sound" in checked.stdout
        again = command("restore", str(copy))
        assert again.returncode == 1
        assert "--overwrite" in again.stderr
        assert command("restore", str(copy), "--overwrite").returncode == 0

    def test_nothing_is_restored_under_a_running_server(self, served, tmp_path):
        copy = tmp_path / "copy.db"
        served.command("backup", str(copy))
        done = served.command("restore", str(copy), "--overwrite")
        assert done.returncode == 1
        assert "Stop it first" in done.stderr

    def test_a_spoiled_database_is_told(self, served, tmp_path):
        copy = tmp_path / "poolhouse.db"
        served.command("backup", str(copy))
        whole = bytearray(copy.read_bytes())
        for page in range(4096, len(whole), 4096):
            whole[page : page + 16] = b"\xff" * 16
        copy.write_bytes(whole)
        (tmp_path / "master.key").touch(mode=0o600)
        (tmp_path / "master.key").write_bytes(Path(served.data_dir / "master.key").read_bytes())
        done = Command(tmp_path, {"POOLHOUSE_DATA_DIR": str(tmp_path)})("check", "--json")
        assert done.returncode == 1
        assert json.loads(done.stdout)["problems"]
