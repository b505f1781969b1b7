"""The server's certificate, exchanged without a restart."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

log = logging.getLogger("poolhouse")


class CertificateError(OSError):
    """The certificate or its key can't be used; the text says why and what to do."""


class Certificate:
    """A certificate and its key, read again when either file changes. Connections that are open go on; a bad
    file leaves the old certificate in force and says so.

    Raises:
        CertificateError: at the start there is no old one.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        self._certificate = certificate
        self._key = key
        self._seen = self._stamp()
        self.context = _context(certificate, key)

    def reload_if_renewed(self) -> None:
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            _context(self._certificate, self._key)  # a pair that does not fit must not reach the live context
            _load(self.context, self._certificate, self._key)
        except OSError as problem:
            log.error("the renewed certificate can't be used, the old one stays in force: %s", problem)
        else:
            log.info("certificate renewed")

    def _stamp(self) -> tuple[int, ...]:
        stamps: list[int] = []
        for path in (self._certificate, self._key):
            try:
                state = path.stat()
            except OSError:
                return ()
            stamps += (state.st_mtime_ns, state.st_size, state.st_ino)
        return tuple(stamps)


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # TLS 1.2 with forward secrecy and authenticated encryption alone; 1.3 has nothing else.
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    _load(context, certificate, key)
    return context


def _load(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    for path in (certificate, key):
        try:
            path.open("rb").close()  # ssl's own error names no file
        except OSError as problem:
            raise CertificateError(f"{path} can't be read: {problem.strerror}.") from problem
    try:
        # Without a password it would ask for one on the terminal, and the server stand still.
        context.load_cert_chain(certificate, key, password=b"")
    except ssl.SSLError as problem:
        raise CertificateError(
            f"{certificate} and {key} don't make a certificate and its key ({problem.reason or 'not PEM'}):"
            " tls_cert is the chain in PEM, the server's own certificate first, tls_key its key, without a password."
        ) from problem
