"""`python -m poolhouse_verify TOKEN`: what a person sees, and what a script gets."""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import time

import pytest

import poolhouse_verify as pv
from poolhouse_verify import command
from poolhouse_verify.explain import explain
from poolhouse_verify.testing import LocalIssuer


@pytest.fixture
def token_of(server, issuer):
    """Tokens that end an hour from now by the machine's clock, of the issuer that the server is."""
    server.jwks = issuer.jwks()
    now = int(time.time())

    def make(**claims):
        return issuer.access_token(
            scopes=["a/b"], claims={"iss": server.issuer, "exp": now + 3600, "iat": now, **claims}
        )

    return make


def codes(explanation):
    return [problem.code for problem in explanation.problems]


def test_a_good_token_is_shown_and_verified(server, token_of, capsys):
    assert (
        command.main([token_of(), "--issuer", server.issuer, "--scope", "a/b", "--client-id", "test-client"])
        == 0
    )
    shown = capsys.readouterr().out
    assert '"RS256"' in shown
    assert '"test-client"' in shown
    assert f"Signature verified by a key of {server.jwks_uri}" in shown
    assert "Refused" not in shown
    assert "\x1b" not in shown  # no colours in a pipe


def test_without_an_issuer_the_token_is_believed_and_the_reader_is_told(server, token_of, capsys):
    assert command.main([f"Bearer {token_of()}\n"]) == 0
    assert "taken from the token itself" in capsys.readouterr().out


def test_everything_that_is_wrong_is_said_at_once(server, token_of, capsys):
    token = token_of(exp=1_700_000_000, token_use="id")
    assert command.main([token, "--scope", "a/c", "--client-id", "other"]) == 1
    shown = capsys.readouterr().out
    assert "Signature verified" in shown
    for words in (
        "expired: The token expired at 2023-11-14 22:13:20 UTC",
        "wrong_token_use: token_use is 'id', expected 'access'",
        "wrong_client: ",
        "missing_scope: The token lacks a/c.",
    ):
        assert words in shown


def test_a_changed_token_is_named_as_such(server, token_of):
    header, claims, signature = token_of().split(".")
    explanation = explain(f"{header}.{claims}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}")
    assert explanation.signature == "bad"
    assert codes(explanation) == ["bad_signature"]


def test_another_issuer_than_the_expected_one_is_named(server, token_of, issuer):
    explanation = explain(token_of(), issuer=server.address + "/other")
    assert codes(explanation) == ["wrong_issuer"]
    assert not explanation.is_verified


def test_an_unsigned_token_is_shown_and_no_key_is_asked_for(server, token_of):
    claims = token_of().split(".")[1]
    explanation = explain(f"eyJhbGciOiJub25lIn0.{claims}.")
    assert explanation.header == {"alg": "none"}
    assert explanation.claims["iss"] == server.issuer
    assert codes(explanation) == ["wrong_algorithm"]
    assert server.requests == []


def test_an_issuer_that_cannot_be_reached_is_named(server, token_of):
    server.is_down()
    explanation = explain(token_of())
    assert (explanation.signature, codes(explanation)) == ("unchecked", ["keys_unavailable"])
    assert "503" in explanation.problems[0].message


@pytest.mark.parametrize("iss", ["http://169.254.169.254/latest", "file:///etc/passwd", "gopher://a/", "x"])
def test_a_token_cannot_send_us_to_any_address(token_of, iss):
    explanation = explain(token_of(iss=iss))
    assert (explanation.signature, codes(explanation)) == ("unchecked", ["keys_unavailable"])


@pytest.mark.parametrize("iss", [None, 5, "", ["https://a.example"]])
def test_a_token_without_issuer_is_nobodys(token_of, iss):
    assert codes(explain(token_of(iss=iss))) == ["wrong_issuer"]


def test_an_id_token_needs_no_options(server, issuer):
    server.jwks = issuer.jwks()
    claims = {"iss": server.issuer, "exp": int(time.time()) + 60, "iat": 1}
    assert explain(issuer.id_token(claims=claims)).is_verified
    assert codes(explain(issuer.id_token(claims=claims), client_ids="other")) == ["wrong_client"]
    assert codes(explain(issuer.id_token(claims=claims), token_use="access"))[0] == "wrong_token_use"
    assert "wrong_token_use" in codes(explain(issuer.id_token(claims=claims), scopes="a/b"))


def test_a_bound_token_is_checked_against_an_audience_only_where_one_is_given(token_of):
    token = token_of(aud="https://orders.example")
    assert explain(token).is_verified
    assert explain(token, audience="https://orders.example").is_verified
    assert codes(explain(token, audience="https://bills.example")) == ["wrong_audience"]


def test_what_is_no_token_is_taken_apart_as_far_as_possible(token_of):
    token = token_of()
    cut = explain(token[:-1])
    assert cut.claims is not None
    assert codes(cut) == ["malformed"]
    encrypted = explain("eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d")
    assert (encrypted.header, encrypted.claims) == (None, None)
    assert "encrypted" in encrypted.problems[0].message
    assert codes(explain("")) == ["malformed"]


def test_json_is_for_scripts(server, token_of, capsys):
    assert command.main([token_of(), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["verified"] is True
    assert shown["issuer_from_token"] is True
    assert shown["claims"]["client_id"] == "test-client"
    assert command.main([token_of(), "--json", "--client-id", "x"]) == 1
    assert json.loads(capsys.readouterr().out)["problems"][0]["code"] == "wrong_client"


def test_keys_may_come_from_a_file(token_of, issuer, stranger, tmp_path, server, capsys):
    (tmp_path / "jwks.json").write_text(json.dumps(issuer.jwks()))
    assert command.main([token_of(), "--jwks", str(tmp_path / "jwks.json")]) == 0
    (tmp_path / "jwks.json").write_text(json.dumps(stranger.jwks()))
    assert command.main([token_of(), "--jwks", str(tmp_path / "jwks.json")]) == 1
    assert "unknown_key" in capsys.readouterr().out
    assert server.requests == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["a.b.c", "--scope", 'a"b'],
        ["a.b.c", "--jwks", "/nowhere/jwks.json"],
        ["a.b.c", "--jwks", "/dev/null"],
        ["TOKEN", "--scope", "x", "--token-use", "id", "--audience", "y"],
    ],
)
def test_arguments_that_make_no_sense_are_exit_code_2(arguments, token_of, capsys):
    arguments = [token_of() if argument == "TOKEN" else argument for argument in arguments]
    assert command.main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err


def test_unknown_options_are_exit_code_2(capsys):
    with pytest.raises(SystemExit) as caught:
        command.main(["--nonsense"])
    assert caught.value.code == 2


def test_a_tokens_text_cannot_move_the_cursor(token_of, capsys):
    command.main([token_of(**{"note": "\x1b[2J\u202egnp.exe\x9b", "é\x07": "José"})])
    shown = capsys.readouterr().out
    assert shown.replace("\n", "").isprintable()
    assert "José" in shown


def test_the_verdict_has_a_colour_on_a_terminal(token_of):
    explanation = explain(token_of())
    assert "\x1b[32mSignature verified\x1b[0m" in command.as_text(explanation, colour=True)


def test_the_arguments_fit_into_another_commands_parser(token_of, capsys, monkeypatch):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser.add_subparsers().add_parser("verify"))
    monkeypatch.setattr(sys, "stdin", io.StringIO(token_of() + "\n"))
    assert command.run(parser.parse_args(["verify", "-"])) == 0


def test_it_runs_as_a_module_without_frameworks_or_server(server, token_of):
    code = (
        "import sys, runpy\n"
        "for name in ('fastapi', 'starlette', 'flask', 'requests', 'httpx', 'poolhouse'): sys.modules[name] = None\n"
        "sys.argv[0] = 'x'\n"
        "runpy.run_module('poolhouse_verify', run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, token_of()], capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Signature verified" in done.stdout


def test_importing_the_verifier_loads_nothing_that_only_fetching_needs():
    code = "import sys, poolhouse_verify; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert {"asyncio", "ssl", "http.client", "urllib.request", "argparse", "starlette"}.isdisjoint(loaded)


def test_a_local_issuer_serves_other_peoples_tests():
    issuer = LocalIssuer("https://issuer.example/p")
    token = issuer.verifier(scopes=["a"], client_ids=["me"]).verify(
        issuer.access_token(client_id="me", scopes="a b")
    )
    assert token.scopes == {"a", "b"}
    with pytest.raises(pv.ExpiredToken):
        issuer.verifier().verify(issuer.access_token(lifetime=-pv.verifier.DEFAULT_LEEWAY))
