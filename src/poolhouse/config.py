"""One frozen settings object, from flags, environment (`POOLHOUSE_*`) and a TOML file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from poolhouse.core.secret import Secret


@dataclass(frozen=True, slots=True)
class Settings:
    host: str = "localhost"
    port: int = 9229
    data_dir: Path = Path("poolhouse-data")
    database_url: Secret | None = None
    public_url: str = "http://localhost:9229"
    workers: int = 1
    account_id: str = "000000000000"
    region: str = "us-east-1"
    root_access_key_id: str | None = None
    root_secret_access_key: Secret | None = None
    master_keys: tuple[Secret, ...] = ()
    clock_skew: timedelta = timedelta(minutes=5)
    anonymous_admin: bool = False
    trusted_proxies: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    auth_domain: str | None = None
    origins: dict[str, str] = field(default_factory=dict)
