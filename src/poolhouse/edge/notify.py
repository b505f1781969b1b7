"""sd_notify: tells systemd that the server is ready or stopping (`Type=notify`).

Source: sd_notify(3): one datagram to the socket that NOTIFY_SOCKET names; "@" marks an abstract one.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


def ready(environ: Mapping[str, str] = os.environ) -> None:
    _notify("READY=1", environ)


def stopping(environ: Mapping[str, str] = os.environ) -> None:
    _notify("STOPPING=1", environ)


def _notify(state: str, environ: Mapping[str, str]) -> None:
    """Does nothing where nobody listens."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        try:
            sender.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
        except OSError:
            return  # a service manager that went away does not stop the server
