"""Drives a server with the load generator, and verifies a sample of the tokens that it got."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import jwt

from bench.load import Job, Outcome, Sample
from bench.processes import Server

FORM = "grant_type=client_credentials&scope=transactions%2Fpost"
SCOPE = "transactions/post"
TOKEN = '"access_token"'
KEYS = '"keys"'


@dataclass(frozen=True, slots=True)
class Client:
    """A client that may get a token, and where."""

    id: str
    secret: str
    path: str
    """Of the token endpoint."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked: a server, and the requests to send it."""

    name: str
    server: Server
    clients: Sequence[Client]
    requests_file: Path
    jwks_path: Callable[[Mapping[str, Any]], str]
    """Where the keys for a token of these claims are."""
    keys: dict[str, Any] = field(default_factory=dict)


def token_request(port: int, client: Client) -> str:
    return (
        f"POST {client.path} HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{port}\r\n"
        f"Authorization: {_basic(client)}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        "Accept: application/json\r\n"
        "User-Agent: bench\r\n"
        f"Content-Length: {len(FORM)}\r\n\r\n{FORM}"
    )


def _basic(client: Client) -> str:
    return "Basic " + base64.b64encode(f"{client.id}:{client.secret}".encode()).decode()


def get_request(port: int, path: str) -> str:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\nUser-Agent: bench\r\n\r\n"


def target(
    name: str,
    server: Server,
    clients: Sequence[Client],
    folder: Path,
    jwks_path: Callable[[Mapping[str, Any]], str],
) -> Target:
    requests_file = folder / f"{name}-requests.json"
    requests_file.write_text(json.dumps([token_request(server.port, client) for client in clients]))
    return Target(name, server, clients, requests_file, jwks_path)


def drive_tokens(target: Target, **job: Any) -> Outcome:
    """Measure token requests.

    Raises:
        subprocess.CalledProcessError: an answer was wrong, or they took too long.
        jwt.PyJWTError: a token does not verify.
    """
    outcome = drive(target.server, target.requests_file, TOKEN, job)
    for sample in outcome.samples:
        verify(target, sample)
    return outcome


def drive_gets(server: Server, path: str, folder: Path, **job: Any) -> Outcome:
    """Measure a JWKS document."""
    requests_file = folder / f"get-{server.port}.json"
    requests_file.write_text(json.dumps([get_request(server.port, path)]))
    return drive(server, requests_file, KEYS, job)


def drive(server: Server, requests_file: Path, expect: str, options: Mapping[str, Any]) -> Outcome:
    """Send the requests of the file; `options` are a `Job`'s.

    Raises:
        subprocess.CalledProcessError: an answer was wrong, or they took too long.
    """
    server.check()
    job = Job(server.port, str(requests_file), expect, watch=server.family, **options)
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(asdict(job)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=job.limit + 30,
    )
    answer = json.loads(done.stdout)
    answer["cpu"] = {int(pid): seconds for pid, seconds in answer["cpu"].items()}
    answer["samples"] = [Sample(**sample) for sample in answer["samples"]]
    return Outcome(**answer)


def path_of_keys(target: Target) -> str:
    """The path of the JWKS that verifies this target's tokens."""
    url = f"http://127.0.0.1:{target.server.port}{target.clients[0].path}"
    request = urllib.request.Request(url, FORM.encode(), {"Authorization": _basic(target.clients[0])})
    with urllib.request.urlopen(request, timeout=10) as answer:
        token = json.load(answer)["access_token"]
    return target.jwks_path(jwt.decode(token, options={"verify_signature": False}))


def verify(target: Target, sample: Sample) -> None:
    """The token is signed by the issuer's published key, for this very client and scope."""
    token = json.loads(sample.body)["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    kid = jwt.get_unverified_header(token)["kid"]
    if kid not in target.keys:
        url = f"http://127.0.0.1:{target.server.port}{target.jwks_path(claims)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            target.keys.update({key["kid"]: jwt.PyJWK(key) for key in json.load(answer)["keys"]})
    claims = jwt.decode(token, target.keys[kid], algorithms=["RS256"], options={"verify_aud": False})
    client = target.clients[sample.request]
    if claims["client_id"] != client.id or claims["scope"] != SCOPE:
        raise ValueError(f"a token of another client or scope: {claims}")
