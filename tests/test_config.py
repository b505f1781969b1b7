"""The settings: which source wins, what is refused and how, and that the page about them is whole."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.config import OPTIONS, ConfigurationError, Settings, load, refuse_unsafe
from poolhouse.config.kinds import DURATION, show_duration

PAGE = Path(__file__).parent.parent / "docs/configuration.md"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The environment of a user who has set nothing."""
    return {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}


def a_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "poolhouse.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def problems_of(
    environ: dict[str, str], flags: dict[str, str | bool] | None = None, file: Path | None = None
) -> str:
    with pytest.raises(ConfigurationError) as refused:
        load(flags or {}, environ, file)
    return str(refused.value)


def test_nothing_needs_to_be_set(home, tmp_path):
    settings = load({}, home)
    assert (settings.host, settings.port) == ("localhost", 9229)
    assert settings.public_url == "http://localhost:9229"
    assert settings.data_dir == tmp_path / ".local/share/poolhouse"
    assert settings.origins == {}
    refuse_unsafe(settings)


def test_a_flag_wins_over_the_environment_which_wins_over_the_file(home, tmp_path):
    file = a_file(tmp_path, "port = 1001\nworkers = 2\nregion = 'eu-west-1'\n")
    environ = home | {"POOLHOUSE_PORT": "1002", "POOLHOUSE_WORKERS": "3"}
    settings = load({"port": "1003"}, environ, file)
    assert (settings.port, settings.workers, settings.region) == (1003, 3, "eu-west-1")
    assert settings.origins == {
        "port": "flag --port",
        "workers": "environment POOLHOUSE_WORKERS",
        "region": f"file {file}",
    }


def test_the_file_is_found_where_it_is_usual_and_where_a_variable_points(home, tmp_path):
    usual = tmp_path / "config/poolhouse/poolhouse.toml"
    usual.parent.mkdir(parents=True)
    usual.write_text("port = 1001")
    assert load({}, home).port == 1001
    other = a_file(tmp_path, "port = 1002")
    assert load({}, home | {"POOLHOUSE_CONFIG": str(other)}).port == 1002


def test_a_file_that_was_named_must_be_there_and_be_toml(home, tmp_path):
    assert "No such file" in problems_of(home, file=tmp_path / "absent.toml")
    assert "is not TOML" in problems_of(home, file=a_file(tmp_path, "port: 1"))


def test_the_public_url_follows_the_port_and_tls(home):
    assert load({"port": "80"}, home).public_url == "http://localhost:80"
    with_tls = load({"tls_cert": "c.pem", "tls_key": "k.pem"}, home)
    assert with_tls.public_url == "https://localhost:9229"
    given = load({"public_url": "https://login.example.com/"}, home)
    assert given.public_url == "https://login.example.com"


@pytest.mark.parametrize(
    ("name", "near"),
    [("POOLHOUSE_PROT", "POOLHOUSE_PORT"), ("POOLHOUSE_MASTER_KEYS", "POOLHOUSE_MASTER_KEY")],
)
def test_an_unknown_variable_is_refused_with_what_was_perhaps_meant(home, name, near):
    text = problems_of(home | {name: "1"})
    assert f"{name}: unknown variable" in text
    assert near in text.split("Did you mean", 1)[1]


def test_an_unknown_key_is_refused_and_all_problems_are_told_at_once(home, tmp_path):
    file = a_file(tmp_path, "prot = 1\nworkers = 0\n[server]\nport = 1\n")
    text = problems_of(home | {"POOLHOUSE_PORT": "x"}, file=file)
    assert "unknown key 'prot'. Did you mean port" in text
    assert "unknown key 'server'" in text
    assert "workers in" in text
    assert "POOLHOUSE_PORT: must be a whole number from 1 to 65535." in text
    assert len(text.splitlines()) == 4


def test_what_kubernetes_puts_into_every_pod_is_not_taken_for_a_setting(home):
    links = {
        "POOLHOUSE_PORT": "tcp://10.0.0.1:9229",
        "POOLHOUSE_SERVICE_HOST": "10.0.0.1",
        "POOLHOUSE_SERVICE_PORT_HTTP": "9229",
        "POOLHOUSE_PORT_9229_TCP_ADDR": "10.0.0.1",
    }
    assert load({}, home | links).port == 9229


def test_an_empty_variable_counts_as_absent(home):
    assert load({}, home | {"POOLHOUSE_DATABASE_URL": "", "POOLHOUSE_PORT": ""}).database_url is None


class TestSecrets:
    def test_come_by_variable_or_by_a_file_of_theirs(self, home, tmp_path):
        file = tmp_path / "key"
        file.write_text("new\nold\n")
        file.chmod(0o600)
        settings = load(
            {},
            home | {"POOLHOUSE_MASTER_KEY_FILE": str(file), "POOLHOUSE_DATABASE_URL": "postgresql://u:p@h/d"},
        )
        assert [key.reveal() for key in settings.master_keys] == ["new", "old"]
        assert settings.database_url is not None
        assert settings.database_url.reveal() == "postgresql://u:p@h/d"

    def test_have_no_flag(self):
        secret = {option.name for option in OPTIONS if option.is_secret}
        assert secret == {
            "database_url",
            "root_secret_access_key",
            "master_keys",
            "events_webhook_secret",
            "kms_secret_access_key",
            "kms_session_token",
            "lambda_secret_access_key",
            "lambda_session_token",
            "smtp_password",
            "sms_webhook_secret",
            "sns_secret_access_key",
        }
        assert all(option.flag is None for option in OPTIONS if option.is_secret)

    def test_are_in_no_text(self, home):
        canary = "canary7f3a"
        settings = load(
            {},
            home
            | {
                "POOLHOUSE_MASTER_KEY": canary,
                "POOLHOUSE_ROOT_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
                "POOLHOUSE_ROOT_SECRET_ACCESS_KEY": canary,
                "POOLHOUSE_DATABASE_URL": f"postgresql://u:{canary}@h/d",
            },
        )
        assert canary not in repr(settings)
        assert all(canary not in option.show(getattr(settings, option.name)) for option in OPTIONS)
        refused = problems_of(home | {"POOLHOUSE_DATABASE_URL": f"mysql://u:{canary}@h/d"})
        assert "must begin with postgresql://" in refused
        assert canary not in refused

    def test_in_a_file_that_everybody_can_read_are_refused(self, home, tmp_path):
        file = a_file(tmp_path, "master_key = 'x'", mode=0o644)
        assert "chmod o-r" in problems_of(home, file=file)
        assert "chmod o-r" in problems_of(home | {"POOLHOUSE_MASTER_KEY_FILE": str(file)})

    def test_a_file_without_secrets_may_be_read_by_everybody(self, home, tmp_path):
        assert load({}, home, a_file(tmp_path, "port = 1", mode=0o644)).port == 1

    def test_given_twice_are_refused(self, home, tmp_path):
        file = tmp_path / "key"
        file.touch(mode=0o600)
        both = {"POOLHOUSE_MASTER_KEY": "x", "POOLHOUSE_MASTER_KEY_FILE": str(file)}
        assert "are both set" in problems_of(home | both)


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("port", "0", "1 to 65535"),
        ("port", "９２２９", "1 to 65535"),
        ("host", "example.com", "IP address"),
        ("public_url", "login.example.com", "http:// or https://"),
        ("public_url", "https://example.com/auth", "no path"),
        ("public_url", "https://u:p@example.com", "no path"),
        ("public_url", "https://example.com:x", "must be a URL"),
        ("account_id", "12", "12 digits"),
        ("region", "Europe", "region"),
        ("clock_skew", "-1", "duration"),
        ("clock_skew", "5 minutes", "duration"),
        ("trusted_proxies", "10.0.0.1/8", "host bits"),
        ("allowed_hosts", "https://a.example", "host name"),
        ("domain_form", "both", "one of path, host"),
        ("anonymous_admin", "maybe", "true or false"),
        ("token_rate_per_client", "nan", "requests a second"),
        ("root_access_key_id", "short", "16 to 128"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(home, setting, value, expected):
    text = problems_of(home, {setting: value})
    assert expected in text
    assert f"--{setting.replace('_', '-')}: " in text


@pytest.mark.parametrize("raw", ["true", "-1", "1.5", "[1]", "{}", "1180591620717411303424", "nan", "0x0"])
def test_toml_values_of_the_wrong_type_are_refused(home, tmp_path, raw):
    assert "workers in" in problems_of(home, file=a_file(tmp_path, f"workers = {raw}\n"))


@pytest.mark.parametrize("raw", ["true", "-1", "[1]", "{}", "1e300", "nan", "inf"])
def test_toml_durations_of_the_wrong_type_are_refused(home, tmp_path, raw):
    assert "clock_skew in" in problems_of(home, file=a_file(tmp_path, f"clock_skew = {raw}\n"))


@given(st.integers(min_value=0, max_value=10**9).map(lambda ms: timedelta(milliseconds=ms)))
def test_durations_survive_being_written(duration):
    assert DURATION.read(show_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("250ms", 0.25), ("30s", 30), ("30", 30), ("5m", 300), ("1h", 3600), ("2d", 172800)]
)
def test_durations_are_read_in_their_units(text, seconds):
    assert DURATION.read(text) == timedelta(seconds=seconds)


class TestSafety:
    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
    def test_plain_http_on_an_open_address_is_refused(self, home, host):
        with pytest.raises(ConfigurationError, match="not loopback"):
            refuse_unsafe(load({"host": host}, home))

    @pytest.mark.parametrize(
        "remedy",
        [
            {"insecure_http": True},
            {"trusted_proxies": "10.0.0.0/8"},
            {"tls_cert": "c.pem", "tls_key": "k.pem"},
        ],
    )
    def test_unless_someone_is_said_to_see_to_it(self, home, remedy):
        refuse_unsafe(load({"host": "0.0.0.0"} | remedy, home))

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "::1", "[::1]"])
    def test_loopback_is_never_refused(self, home, host):
        refuse_unsafe(load({"host": host, "anonymous_admin": True}, home))

    def test_anonymous_administration_stays_on_loopback_whatever_else_is_set(self, home):
        flags = {"host": "0.0.0.0", "anonymous_admin": True, "insecure_http": True}
        with pytest.raises(ConfigurationError, match="anonymous_admin"):
            refuse_unsafe(load(flags, home))

    @pytest.mark.parametrize(
        "far",
        [
            {"smtp_host": "mail.example.com", "smtp_security": "none", "mail_from": "a@b.example"},
            {"sms_webhook_url": "http://sms.example.com/send", "POOLHOUSE_SMS_WEBHOOK_SECRET": "s"},
            {"sns_endpoint_url": "http://10.0.0.9/"},
        ],
    )
    def test_codes_leave_this_machine_encrypted(self, home, far):
        secrets = {name: value for name, value in far.items() if name.isupper()}
        flags = {name: value for name, value in far.items() if not name.isupper()}
        with pytest.raises(ConfigurationError, match="clear text"):
            refuse_unsafe(load(flags, home | secrets))
        refuse_unsafe(load(flags | {"insecure_http": True}, home | secrets))

    @pytest.mark.parametrize(
        ("flags", "problem"),
        [
            ({"smtp_host": "mail.example.com"}, "needs mail_from"),
            ({"smtp_username": "u"}, "go together"),
            ({"sms_webhook_url": "https://sms.example.com"}, "go together"),
            ({"sns_access_key_id": "AKIAIOSFODNN7EXAMPLE"}, "go together"),
        ],
    )
    def test_half_a_carrier_is_refused(self, home, flags, problem):
        assert problem in problems_of(home, flags)

    @pytest.mark.parametrize(
        "half", [{"tls_cert": "c.pem"}, {"root_access_key_id": "A" * 20}, {"admin_port": "9229"}]
    )
    def test_halves_are_refused(self, home, half):
        assert "must differ" in (text := problems_of(home, half)) or "go together" in text


def test_every_setting_is_documented_and_has_its_place():
    page = PAGE.read_text()
    fields = {field.name for field in dataclasses.fields(Settings)} - {"origins"}
    assert fields == {option.name for option in OPTIONS}
    assert [option.key for option in OPTIONS if f"| `{option.key}` |" not in page] == []


def test_the_names_that_scripts_rely_on_are_there():
    names = {option.environment for option in OPTIONS}
    assert names >= {
        "POOLHOUSE_HOST",
        "POOLHOUSE_PORT",
        "POOLHOUSE_DATA_DIR",
        "POOLHOUSE_DATABASE_URL",
        "POOLHOUSE_PUBLIC_URL",
        "POOLHOUSE_WORKERS",
        "POOLHOUSE_ROOT_ACCESS_KEY_ID",
        "POOLHOUSE_ROOT_SECRET_ACCESS_KEY",
        "POOLHOUSE_MASTER_KEY",
    }
