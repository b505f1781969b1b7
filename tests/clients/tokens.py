"""Tokens as a client gets them, and some that nobody should take."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key


def fetch(machine: Any, **form: str) -> str:
    """An access token for the machine, as `curl -u id:secret` gets it."""
    answer = requests.post(
        f"{machine.domain_url}/oauth2/token",
        data={"grant_type": "client_credentials", **form},
        auth=(machine.client_id, machine.client_secret),
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def tampered(token: str) -> str:
    """With one more scope, under the old signature."""
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    claims["scope"] += " orders/write"
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{header}.{changed}.{signature}"


def forged(token: str) -> str:
    """The same claims and `kid`, signed by somebody else."""
    kid = jwt.get_unverified_header(token)["kid"]
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims, generate_private_key(65537, 2048), "RS256", {"kid": kid})


def unsigned(token: str) -> str:
    """The same claims, `alg: none`."""
    kid = jwt.get_unverified_header(token)["kid"]
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims, None, "none", {"kid": kid})
