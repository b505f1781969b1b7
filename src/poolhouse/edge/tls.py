"""The server's certificate, exchanged without a restart."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

log = logging.getLogger("poolhouse")


class Certificate:
    """A certificate and its key, read again when either file changes. Connections that are open go on; a bad
    file leaves the old certificate in force and says so."""

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
            self.context.load_cert_chain(self._certificate, self._key)
        except (OSError, ssl.SSLError) as problem:
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
    context.load_cert_chain(certificate, key)
    return context
