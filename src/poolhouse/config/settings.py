"""The settings and their schema, in one place: each field says its default, its kind and what it is for.

A field's name is its key in the TOML file, its variable (`POOLHOUSE_` and the name in capitals) and its flag
(`--` and the name with hyphens), so that an option is defined by one line here and nowhere else.
"""

# ruff: noqa: RUF009 -- the calls make dataclass fields, which ruff can't know

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from poolhouse.config import kinds
from poolhouse.config.sections import section
from poolhouse.core.secret import Secret

_listening = section("Listening")
_storage = section("Storage")
_identity = section("Identity")
_access = section("Keys and access")
_admin = section("Operation")
_delivery = section("Mail and SMS")
_events = section("Audit and logs")
_threats = section("Threat protection")
_functions = section("Functions")
_limits = section("Limits")
_quotas = section("Quotas")


@dataclass(frozen=True, slots=True)
class Settings:
    host: str = _listening(
        "localhost",
        kinds.LISTEN_ADDRESS,
        "Address to listen on. `localhost` is both loopback addresses; `0.0.0.0` all of IPv4, `::` all.",
    )
    port: int = _listening(9229, kinds.PORT, "TCP port to listen on.")
    public_url: str = _listening(
        "http://localhost:9229",
        kinds.PUBLIC_URL,
        "The URL by which clients reach the server, without a path. The issuer of every token begins with it,"
        " so changing it makes old tokens unverifiable.",
        default_text="`http://localhost:{port}`, `https://` with TLS",
    )
    tls_cert: Path | None = _listening(
        None, kinds.PATH, "Certificate chain, PEM. Read again when it changes, without a restart."
    )
    tls_key: Path | None = _listening(None, kinds.PATH, "The certificate's private key, PEM.")
    insecure_http: bool = _listening(
        False,
        kinds.BOOLEAN,
        "Allow plain HTTP on an address other than loopback, though nothing says who ends TLS. Secrets and"
        " tokens then cross the network in clear text.",
    )
    trusted_proxies: tuple[str, ...] = _listening(
        (),
        kinds.NETWORKS,
        "Addresses of the proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. From anyone else"
        " these headers are ignored.",
    )
    allowed_hosts: tuple[str, ...] = _listening(
        (),
        kinds.HOST_NAMES,
        "Further host names to answer to, besides those of `public_url`, `auth_domain`, `localhost` and the"
        " custom domains.",
    )
    auth_domain: str | None = _listening(
        None,
        kinds.HOST_NAME_KIND,
        "Where the pools' prefix domains live: `{domain}.{auth_domain}`. `{domain}.localhost` always works.",
    )
    domain_form: str = _listening(
        "path",
        kinds.one_of("path", "host"),
        "The form of a domain's endpoints that discovery names: `path` is `{public_url}/domains/{domain}`, which"
        " needs no DNS; `host` is `{domain}.{auth_domain}`. Both are served.",
    )
    workers: int = _listening(
        1, kinds.integer(1, 512), "Worker processes. One a core gives the most tokens a second."
    )

    data_dir: Path = _storage(
        Path("poolhouse-data"),
        kinds.PATH,
        "Folder of the embedded database, the first access key and, unless `master_key` is set, the master key."
        " Made with mode 0700.",
        default_text="`$XDG_DATA_HOME/poolhouse`, as a rule `~/.local/share/poolhouse`; `make run` takes"
        " `poolhouse-data` in the checkout",
    )
    database_url: Secret | None = _storage(
        None,
        kinds.DATABASE_URL,
        "`postgresql://user:password@host/database`, or `sqlite:////absolute/path`.",
        default_text="SQLite in `data_dir`",
        is_secret=True,
    )
    database_pool_size: int = _storage(
        10,
        kinds.integer(1, 1000),
        "Connections of each worker process to PostgreSQL, at most; one more listens for changes.",
    )
    cache_entries: int = _storage(
        200_000,
        kinds.COUNT,
        "Clients, pools, domains and access keys that each worker keeps in memory, at most.",
    )
    stale_tokens_for: timedelta = _storage(
        timedelta(0),
        kinds.DURATION,
        "How long tokens are still issued from memory while the database does not answer. `0s` refuses at once:"
        " a client deleted meanwhile elsewhere never gets a token.",
    )

    account_id: str = _identity("000000000000", kinds.ACCOUNT_ID, "The AWS account that ARNs name.")
    region: str = _identity(
        "us-east-1",
        kinds.REGION,
        "The region `poolhouse env` exports, and that of a request which names none. A signed request's region is"
        " the signature's.",
    )

    root_access_key_id: str | None = _access(
        None,
        kinds.ACCESS_KEY_ID,
        "Access key id of the root, who may do everything.",
        default_text="made at the first start and kept in `data_dir`, if `database_url` is not set",
    )
    root_secret_access_key: Secret | None = _access(
        None, kinds.SECRET, "The root's secret access key.", is_secret=True
    )
    master_keys: tuple[Secret, ...] = _access(
        (),
        kinds.SECRETS,
        "The key under which all secrets in the database are sealed; several with commas or line breaks between"
        " them while it is rotated: the first seals, all open.",
        default_text="made at the first start of an embedded database, kept in `data_dir`",
        is_secret=True,
        key="master_key",
    )
    allowed_outgoing_networks: tuple[str, ...] = _access(
        (),
        kinds.NETWORKS,
        "Networks besides the public internet where identity providers, their keys and metadata may be fetched from,"
        " by plain HTTP too: `127.0.0.0/8, ::1/128` for a provider on this machine, `10.0.0.0/8` for one in the"
        " company. All else that is not public is refused: who configures a provider must not look around there.",
    )
    clock_skew: timedelta = _access(
        timedelta(minutes=5), kinds.DURATION, "How far a signed request's time may be from the server's."
    )
    anonymous_admin: bool = _access(
        False,
        kinds.BOOLEAN,
        "Let everybody administer, signature or not. For throw-away tests: refused unless `host` is loopback.",
    )
    signing_key_lead: timedelta = _access(
        timedelta(minutes=10),
        kinds.DURATION,
        "How long a new signing key is published before it signs, so that verifiers have it by then.",
    )

    admin_host: str = _admin(
        "localhost", kinds.LISTEN_ADDRESS, "Address of the management listener, if `admin_port` is set."
    )
    admin_port: int | None = _admin(
        None,
        kinds.PORT,
        "Port of a listener of its own for `/metrics` and the details of `/readyz`.",
        default_text="none: the main listener serves them, to callers on loopback that no proxy speaks for",
    )
    log_format: str = _admin(
        "auto",
        kinds.one_of("auto", "json", "text"),
        "`json` is one object a line; `auto` is `text` on a terminal and `json` elsewhere.",
    )
    log_level: str = _admin(
        "info",
        kinds.one_of("debug", "info", "warning", "error"),
        "The least severe messages to write. Requests are `info`.",
    )
    shutdown_grace: timedelta = _admin(
        timedelta(seconds=25), kinds.DURATION, "How long requests under way may take to finish after SIGTERM."
    )

    smtp_host: str | None = _delivery(
        None,
        kinds.HOST,
        "The SMTP server that takes e-mail to users.",
        default_text="none: e-mail goes to the local inbox",
    )
    smtp_port: int = _delivery(587, kinds.PORT, "Its port.")
    smtp_security: str = _delivery(
        "starttls",
        kinds.one_of("starttls", "tls", "none"),
        "`starttls` demands it; `tls` is TLS from the first byte, as a rule on port 465; `none` sends codes in"
        " clear text.",
    )
    smtp_username: str | None = _delivery(None, kinds.TEXT, "The name to log in with.")
    smtp_password: Secret | None = _delivery(
        None, kinds.SECRET, "The password to log in with.", is_secret=True
    )
    mail_from: str | None = _delivery(
        None,
        kinds.MAIL_ADDRESS,
        "Who e-mail is from, where the pool's EmailConfiguration does not say: `no-reply@example.com`, or"
        " `Example <no-reply@example.com>`.",
    )
    sms_webhook_url: str | None = _delivery(
        None,
        kinds.URL,
        "Where SMS are posted to, as JSON signed by Standard Webhooks.",
        default_text="none: SMS go to the local inbox",
    )
    sms_webhook_secret: Secret | None = _delivery(
        None,
        kinds.SECRET,
        "What the webhook's posts are signed with: `whsec_` and base64, or any text.",
        is_secret=True,
    )
    sns_access_key_id: str | None = _delivery(
        None,
        kinds.ACCESS_KEY_ID,
        "The access key of Amazon SNS, or of what speaks its Publish, to send SMS by.",
    )
    sns_secret_access_key: Secret | None = _delivery(None, kinds.SECRET, "Its secret.", is_secret=True)
    sns_region: str | None = _delivery(
        None,
        kinds.REGION,
        "The region of Amazon SNS, where the pool's SmsConfiguration has no SnsRegion.",
        default_text="`region`",
    )
    sns_endpoint_url: str | None = _delivery(
        None, kinds.URL, "The address of what speaks SNS's Publish.", default_text="Amazon's, in the region"
    )
    sms_sender_id: str | None = _delivery(
        None,
        kinds.matching("text", r"[A-Za-z0-9]{1,11}", "1 to 11 letters and digits"),
        "The sender that SNS is to show, where the country allows one.",
    )
    local_inbox: bool = _delivery(
        True,
        kinds.BOOLEAN,
        "Keep messages that nothing is configured to carry, for `poolhouse inbox` and the page `/inbox/`. Off,"
        " whoever asks for one hears that it could not be delivered.",
    )

    audit_retention: timedelta = _events(
        timedelta(days=365),
        kinds.DURATION,
        "How long records of the audit are kept; `0s` for ever.",
    )
    audit_tokens: str = _events(
        "changes",
        kinds.one_of("changes", "every"),
        "Which requests for tokens the audit tells of: `changes` of those that change something, as sign-ins do; `every`"
        " of machine tokens and of refreshes without rotation too, and of such requests that are refused. Each of these"
        " then waits for a commit, which those that come together share.",
    )
    events_webhook_url: str | None = _events(
        None,
        kinds.URL,
        "Where each record of the audit, and each log that a pool exports, is posted to, as JSON signed by Standard"
        " Webhooks.",
        default_text="none",
    )
    events_webhook_secret: Secret | None = _events(
        None,
        kinds.SECRET,
        "What these posts are signed with: `whsec_` and base64, or any text.",
        is_secret=True,
    )
    exported_logs_dir: Path | None = _events(
        None,
        kinds.PATH,
        "Folder in which the logs that pools export (SetLogDeliveryConfiguration) are written, a file of JSON lines for"
        " each log group, bucket or stream, where `events_webhook_url` is not set.",
        default_text="`exported-logs` in `data_dir`",
    )

    compromised_passwords_file: Path | None = _threats(
        None,
        kinds.PATH,
        "A file of leaked passwords to know compromised ones by: lines of a SHA-1 in hex, a colon and a count, in the"
        " order of the hashes, as Have I Been Pwned's downloader writes it.",
        default_text="none: the 30,000 commonest passwords, which come with the server",
    )
    compromised_passwords_url: str | None = _threats(
        None,
        kinds.URL,
        "In place of the file: an address that answers to `/` and the first five digits of a SHA-1, as"
        " `https://api.pwnedpasswords.com/range` does. An address in a private network needs"
        " `allowed_outgoing_networks`.",
        default_text="none",
    )

    functions_file: Path | None = _functions(
        None,
        kinds.PATH,
        "The TOML file that says where the functions of triggers run: see [functions.md](functions.md).",
    )
    lambda_access_key_id: str | None = _functions(
        None,
        kinds.ACCESS_KEY_ID,
        "The access key by which functions that are not in the file are invoked, at AWS Lambda or what speaks its"
        " Invoke.",
    )
    lambda_secret_access_key: Secret | None = _functions(None, kinds.SECRET, "Its secret.", is_secret=True)
    lambda_session_token: Secret | None = _functions(
        None, kinds.SECRET, "The token that goes with a temporary key.", is_secret=True
    )
    lambda_endpoint_url: str | None = _functions(
        None,
        kinds.URL,
        "The address of what speaks Lambda's Invoke. Without a key, requests to it are not signed.",
        default_text="Amazon's, in the region of the function's ARN",
    )
    kms_access_key_id: str | None = _functions(
        None,
        kinds.ACCESS_KEY_ID,
        "The access key of AWS KMS, or of what speaks its API, for pools whose KMSKeyID is not this server's own key:"
        " see [kms.md](kms.md).",
    )
    kms_secret_access_key: Secret | None = _functions(None, kinds.SECRET, "Its secret.", is_secret=True)
    kms_session_token: Secret | None = _functions(
        None, kinds.SECRET, "The token that goes with a temporary key.", is_secret=True
    )
    kms_endpoint_url: str | None = _functions(
        None,
        kinds.URL,
        "The address of what speaks the API of KMS.",
        default_text="Amazon's, in the region of the key's ARN",
    )

    keep_alive: timedelta = _limits(
        timedelta(seconds=75), kinds.DURATION, "How long an idle connection is kept open."
    )
    header_timeout: timedelta = _limits(
        timedelta(seconds=10), kinds.DURATION, "How long a request's headers may take to arrive."
    )
    body_timeout: timedelta = _limits(
        timedelta(seconds=20), kinds.DURATION, "How long a request's body may take to arrive."
    )
    request_deadline: timedelta = _limits(
        timedelta(seconds=30), kinds.DURATION, "How long an answer may take, after which it is an error."
    )
    max_connections: int = _limits(
        16_384, kinds.COUNT, "Open connections of each worker, beyond which new ones are closed at once."
    )
    token_rate_per_client: float = _limits(
        10_000.0, kinds.RATE, "Token requests a second and worker for one client; `0` for no limit."
    )
    token_rate_per_pool: float = _limits(
        0.0, kinds.RATE, "Token requests a second and worker for all clients of one pool; `0` for no limit."
    )
    rate_per_person: float = _limits(
        20.0,
        kinds.RATE,
        "Requests a second and worker that people make themselves (sign-up, sign-in, self-service), for one name or"
        " one access token; `0` for no limit.",
    )
    people_rate_per_pool: float = _limits(
        0.0, kinds.RATE, "The same for all people of one pool together; `0` for no limit."
    )
    registration_rate_per_address: float = _limits(
        0.2,
        kinds.RATE,
        "Clients a second and worker that one address may register without a token, after ten at once; `0` for no"
        " limit.",
    )
    rate_per_address: float = _limits(
        10_000.0, kinds.RATE, "Requests of any kind a second and worker from one address; `0` for no limit."
    )

    hashing_threads: int = _limits(
        2,
        kinds.integer(1, 256),
        "Threads of each worker that hash passwords. Each needs 46 MiB while it"
        " hashes; more of them than cores gain nothing.",
    )
    hashing_queue: int = _limits(
        100,
        kinds.integer(0, 100_000),
        "Passwords of each worker that wait to be hashed, and proofs of SRP, beyond which the next one is refused"
        " at once with `TooManyRequestsException`.",
    )

    max_user_pools: int = _quotas(1000, kinds.COUNT, "User pools of an account and region.")
    max_clients_per_pool: int = _quotas(1000, kinds.COUNT, "Clients of a user pool.")
    max_resource_servers: int = _quotas(25, kinds.COUNT, "Resource servers of a user pool.")
    max_identity_providers: int = _quotas(300, kinds.COUNT, "Identity providers of a user pool.")
    max_groups: int = _quotas(10_000, kinds.COUNT, "Groups of a user pool.")
    max_custom_domains: int = _quotas(4, kinds.COUNT, "Custom domains of an account and region.")

    origins: dict[str, str] = field(default_factory=dict, compare=False)
    """Where each setting came from, by field name; what is absent is a default."""
