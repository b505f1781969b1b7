"""TLS that the server ends itself: current versions only, and a certificate that is exchanged while it runs."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.processes.serving import READY_WITHIN, Node, Serve

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Files:
    """The two files that the server reads, and how they are renewed."""

    def __init__(self, folder: Path) -> None:
        self.certificate = folder / "cert.pem"
        self.key = folder / "key.pem"
        self.serial = self.renew()

    def renew(self) -> int:
        """The new certificate's serial number."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(key, SHA256())
        )
        self.put(self.key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.put(self.certificate, certificate.public_bytes(Encoding.PEM))
        return certificate.serial_number

    def put(self, path: Path, content: bytes) -> None:
        """Whole or not at all, as tools that renew certificates do it."""
        new = path.with_suffix(".new")
        new.write_bytes(content)
        new.replace(path)

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))


@contextmanager
def connected(node: Node, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    with (
        socket.create_connection((node.host, node.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        yield secured


def health(secured: ssl.SSLSocket) -> bytes:
    secured.sendall(REQUEST)
    return secured.recv(4_096)


def serial_seen(node: Node) -> int:
    with connected(node, unverified()) as secured:
        der = secured.getpeercert(binary_form=True)
        assert der is not None
        return x509.load_der_x509_certificate(der).serial_number


def unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture(params=[1, 2], ids=["alone", "workers"])
def node(serve: Serve, files: Files, request: pytest.FixtureRequest) -> Node:
    node = serve(
        wait=False,
        workers=request.param,
        tls_cert=files.certificate,
        tls_key=files.key,
        header_timeout="1s",
    )
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        assert node.process.poll() is None, node.log
        try:
            serial_seen(node)
        except OSError:
            time.sleep(0.02)
        else:
            return node
    raise AssertionError(node.log)


def until_seen(node: Node, serial: int) -> None:
    deadline = time.monotonic() + 15
    while serial_seen(node) != serial:
        assert time.monotonic() < deadline, node.log
        time.sleep(0.1)
    time.sleep(1.5)  # each worker looks at the files once a second, and only one of them was asked


def test_it_is_served_and_renewed_while_connections_go_on(node: Node, files: Files) -> None:
    with connected(node, files.context()) as old:
        assert health(old).startswith(b"HTTP/1.1 200")
        assert old.version() == "TLSv1.3"
        serial = files.renew()
        until_seen(node, serial)
        assert health(old).startswith(b"HTTP/1.1 200")
    with connected(node, files.context()) as renewed:
        assert health(renewed).startswith(b"HTTP/1.1 200")
    assert node.stop() == 0
    assert "Traceback" not in node.log


def test_what_does_not_fit_leaves_the_old_one_in_force(node: Node, files: Files) -> None:
    # A pair that does not fit; then no PEM at all; then no file.
    other = files.key.parent / "other"
    other.mkdir()
    files.put(files.key, Files(other).key.read_bytes())
    until_logged(node, 1)
    assert serial_seen(node) == files.serial
    files.put(files.certificate, b"nonsense")
    until_logged(node, 2)
    assert serial_seen(node) == files.serial
    files.certificate.unlink()
    until_logged(node, 3)
    assert serial_seen(node) == files.serial
    for pid in node.workers()[:1]:
        # A worker that is born now has the old one too.
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 15
        while pid in node.workers() or len(node.workers()) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert {serial_seen(node) for _ in range(6)} == {files.serial}
    until_seen(node, files.renew())


def until_logged(node: Node, times: int) -> None:
    deadline = time.monotonic() + 15
    while node.log.count("the old one stays in force") < times:
        assert time.monotonic() < deadline, node.log
        time.sleep(0.05)


def test_old_versions_and_suites_are_refused(node: Node) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old = unverified()
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
    cbc = unverified()
    cbc.maximum_version = ssl.TLSVersion.TLSv1_2
    cbc.set_ciphers("ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA256:AES128-SHA")
    for context in (old, cbc):
        # By the other side: with an alert, or by closing at once.
        with pytest.raises(ssl.SSLError, match="EOF|ALERT"), connected(node, context):
            pass
    current = unverified()
    current.maximum_version = ssl.TLSVersion.TLSv1_2
    with connected(node, current) as secured:
        assert health(secured).startswith(b"HTTP/1.1 200")


def test_a_handshake_that_does_not_go_on_is_cut(node: Node) -> None:
    with socket.create_connection((node.host, node.port), timeout=10) as silent:
        begun = time.monotonic()
        assert silent.recv(1) == b""
        assert time.monotonic() - begun < 5
    with socket.create_connection((node.host, node.port), timeout=10) as plain:
        plain.sendall(REQUEST)
        try:
            assert not plain.recv(4_096).startswith(b"HTTP")
        except ConnectionResetError:
            pass
    assert serial_seen(node), "others go on"
